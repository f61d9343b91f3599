#include "datasets/formats/prepared_arrays.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "datasets/formats/pyskl_pickle.h"
#include "framework/base/error.h"
#include "framework/io/npy.h"
#include "framework/io/pickle_numpy.h"
#include "framework/io/zip_archive.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

[[noreturn]] void refuse_arrays(const std::string& where, const std::string& found,
                                const std::string& expected) {
  throw DataError(Fault{where, found, expected, "Are these the prepared arrays of a GCN code?"});
}

void check_count(const PreparedSplit& split, int64_t num_arrays) {
  const auto labels = static_cast<int64_t>(split.labels.size());
  if (split.num_clips() == num_arrays && labels == num_arrays) return;
  refuse_arrays(
      split.source,
      fmt::format("{} clips, {} names and {} labels", num_arrays, split.num_clips(), labels),
      "as many of each");
}

const std::vector<pickle::Ref>* sequence_of(const pickle::Value& value) {
  if (const auto* list = value.get<pickle::List>()) return &list->items;
  const auto* tuple = value.get<pickle::Tuple>();
  return tuple ? &tuple->items : nullptr;
}

/// (names, labels).
void read_label_file(const fs::path& path, PreparedSplit& split) {
  const PickleFile file(path);
  const auto* pair = sequence_of(file.root());
  const auto* names = pair && pair->size() == 2 ? sequence_of(*(*pair)[0]) : nullptr;
  if (!names) refuse_arrays(path.string(), pickle::describe_kind(file.root()), "(names, labels)");
  for (const pickle::Ref item : *names) {
    auto name = pickle::to_text(*item);
    if (!name) refuse_arrays(path.string(), pickle::describe_kind(*item), "names of clips");
    split.ids.push_back(std::move(*name));
  }
  const pickle::Value& labels = *(*pair)[1];
  const auto* items = sequence_of(labels);
  const auto array = pickle::is_array(labels)
                         ? pickle::to_array(labels, path.string()).to_integers()
                         : std::nullopt;
  if (array) split.labels = *array;
  if (!items && !array) refuse_arrays(path.string(), pickle::describe_kind(labels), "labels");
  for (size_t i = 0; items && i < items->size(); ++i) {
    const auto label = pickle::to_integer(*(*items)[i]);
    if (!label) refuse_arrays(path.string(), pickle::describe_kind(*(*items)[i]), "labels");
    split.labels.push_back(*label);
  }
}

/// (N,C,T,V,M) in a mapped file.
class NpySplit : public PreparedSplit {
 public:
  NpySplit(const std::string& split, const fs::path& data, const fs::path& label) : file_(data) {
    name = split;
    source = data.string();
    array_ = read_npy(file_.bytes(), source);
    if (array_.shape.size() != 5)
      refuse_arrays(source, "shape " + array_.shape_text(), "N x C x T x V x M");
    num_channels = array_.shape[1];
    num_joints = array_.shape[3];
    type = array_.type;
    read_label_file(label, *this);
    check_count(*this, array_.shape[0]);
  }

  NdArray clip(int64_t index) override { return array_.at(index).permuted({3, 1, 2, 0}); }

 private:
  MappedFile file_;
  NdArray array_;
};

/// (N,T,M*V*3) in an archive.
class NpzSplit : public PreparedSplit {
 public:
  NpzSplit(const std::string& split, const fs::path& npz, int64_t joints)
      : array_(npz, "x_" + split) {
    constexpr int64_t kCoordinates = 3;
    name = split;
    source = npz.string() + ": x_" + split;
    num_joints = joints;
    num_channels = kCoordinates;
    const NpyHeader& header = array_.header();
    type = header.type;
    const int64_t person = joints * kCoordinates;
    if (header.shape.size() != 3 || header.shape[2] == 0 || header.shape[2] % person != 0)
      refuse_arrays(source, "shape " + fmt::format("{}", fmt::join(header.shape, "x")),
                    fmt::format("N x T x (M x {} joints x 3)", joints));
    persons_ = header.shape[2] / person;
    read_npz_labels(npz, split);
    // By the labels, which are there: the header may claim any number.
    for (size_t i = 0; i < labels.size(); ++i) ids.push_back(fmt::format("{}_{:06}", split, i));
    check_count(*this, header.shape[0]);
  }

  NdArray clip(int64_t index) override {
    return array_.row(index)
        .split_last({persons_, num_joints, num_channels})
        .permuted({1, 0, 2, 3});
  }

 private:
  /// Class indices, or one-hot rows.
  void read_npz_labels(const fs::path& npz, const std::string& split) {
    constexpr size_t kMaxBytes = size_t{1} << 30;
    const std::string where = npz.string() + ": y_" + split;
    const NdArray array = NpzArray(npz, "y_" + split).all(kMaxBytes);
    if (array.shape.size() == 1) {
      if (const auto integers = array.to_integers()) labels = *integers;
      if (labels.empty()) refuse_arrays(where, "labels of " + array.type.name(), "integers");
      return;
    }
    if (array.shape.size() != 2 || array.shape[1] == 0)
      refuse_arrays(where, "shape " + array.shape_text(), "N labels, or N x classes one-hot");
    num_classes = array.shape[1];
    for (int64_t i = 0; i < array.shape[0]; ++i) {
      const auto row = array.at(i).to_doubles();
      const auto hot = std::max_element(row.begin(), row.end());
      if (std::count(row.begin(), row.end(), 0.0) != num_classes - 1 || *hot <= 0)
        refuse_arrays(where, fmt::format("row {} with more or less than one class", i), "one-hot");
      labels.push_back(hot - row.begin());
    }
  }

  NpzArray array_;
  int64_t persons_ = 0;
};

/// Split name -> its array, of all <split>_data_joint.npy and <split>_data.npy of a folder.
std::map<std::string, fs::path> find_data_files(const fs::path& folder) {
  std::map<std::string, fs::path> files;
  for (const std::string suffix : {"_data_joint.npy", "_data.npy"})
    for (const auto& entry : fs::directory_iterator(folder)) {
      const std::string file = entry.path().filename().string();
      if (file.size() > suffix.size() &&
          file.compare(file.size() - suffix.size(), suffix.size(), suffix) == 0)
        files.emplace(file.substr(0, file.size() - suffix.size()), entry.path());
    }
  return files;
}

std::vector<std::unique_ptr<PreparedSplit>> open_folder(const fs::path& folder) {
  std::vector<std::unique_ptr<PreparedSplit>> splits;
  for (const auto& [split, data] : find_data_files(folder))
    splits.push_back(std::make_unique<NpySplit>(split, data, folder / (split + "_label.pkl")));
  if (splits.empty())
    refuse_arrays(folder.string(), "no train_data.npy or the like",
                  "<split>_data[_joint].npy and <split>_label.pkl");
  return splits;
}

}  // namespace

std::vector<std::unique_ptr<PreparedSplit>> open_prepared_splits(const fs::path& source,
                                                                 int64_t npz_joints) {
  std::error_code ignored;
  if (fs::is_directory(source, ignored)) return open_folder(source);
  const ZipArchive archive(source);
  std::vector<std::unique_ptr<PreparedSplit>> splits;
  for (const std::string split : {"train", "val", "test"})
    for (const auto& entry : archive.entries())
      if (entry.name == "x_" + split + ".npy")
        splits.push_back(std::make_unique<NpzSplit>(split, source, npz_joints));
  if (splits.empty())
    refuse_arrays(source.string(), "no x_train or x_test", "x_train, y_train, x_test, y_test");
  return splits;
}

}  // namespace kinegraph
