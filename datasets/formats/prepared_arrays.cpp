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

struct ClipLabels {
  std::vector<std::string> ids;
  std::vector<int64_t> labels;
};

/// (names, labels), as a pickle.
class LabelFile {
 public:
  explicit LabelFile(const fs::path& path) : path_(path.string()), file_(path) {}

  ClipLabels read() const {
    const auto* pair = sequence_of(file_.root());
    if (!pair || pair->size() != 2) refuse(file_.root(), "(names, labels)");
    return {texts(*(*pair)[0]), integers(*(*pair)[1])};
  }

  /// BABEL's (segments, (labels, sequences, chunks, annotators)).
  ClipLabels read_babel(int64_t num_classes) const {
    constexpr char kForm[] = "(segments, (labels, sequences, chunks, annotators))";
    const auto* pair = sequence_of(file_.root());
    const auto* lists = pair && pair->size() == 2 ? sequence_of(*(*pair)[1]) : nullptr;
    if (!lists || lists->size() != 4) refuse(file_.root(), kForm);
    ClipLabels result{texts(*(*pair)[0]), integers(*(*lists)[0])};
    for (size_t list = 1; list < lists->size(); ++list) {
      const auto parts = texts(*(*lists)[list]);
      if (parts.size() != result.ids.size()) refuse(*(*lists)[list], "lists of one length");
      for (size_t i = 0; i < parts.size(); ++i) result.ids[i] += "_" + parts[i];
    }
    number_repeated(result.ids);
    check_labels(result, num_classes);
    return result;
  }

 private:
  [[noreturn]] void refuse(const pickle::Value& found, const std::string& expected) const {
    refuse_arrays(path_, pickle::describe_kind(found), expected);
  }
  [[noreturn]] void refuse_item(size_t index, const pickle::Value& found,
                                const std::string& expected) const {
    refuse_arrays(fmt::format("{}: entry {}", path_, index), pickle::describe_kind(found),
                  expected);
  }

  void check_labels(const ClipLabels& clips, int64_t num_classes) const {
    for (size_t i = 0; i < std::min(clips.ids.size(), clips.labels.size()); ++i)
      if (clips.labels[i] >= num_classes)
        refuse_arrays(path_, fmt::format("label {} of clip {}", clips.labels[i], clips.ids[i]),
                      fmt::format("labels below {}", num_classes));
  }

  std::vector<std::string> texts(const pickle::Value& value) const {
    std::vector<std::string> result;
    if (pickle::is_array(value)) {
      for (const int64_t number : integers(value)) result.push_back(fmt::format("{}", number));
      return result;
    }
    const auto* items = sequence_of(value);
    if (!items) refuse(value, "names of clips");
    for (const pickle::Ref item : *items) {
      const auto text = pickle::to_text(*item);
      const auto number = text ? std::nullopt : pickle::to_integer(*item);
      if (!text && !number) refuse_item(result.size(), *item, "the name of a clip");
      result.push_back(text ? *text : fmt::format("{}", *number));
    }
    return result;
  }

  std::vector<int64_t> integers(const pickle::Value& value) const {
    if (pickle::is_array(value)) {
      const auto result = pickle::to_array(value, path_).to_integers();
      if (!result) refuse(value, "integers");
      return *result;
    }
    const auto* items = sequence_of(value);
    if (!items) refuse(value, "labels");
    std::vector<int64_t> result;
    for (const pickle::Ref item : *items) {
      const auto number = pickle::to_integer(*item);
      if (!number) refuse_item(result.size(), *item, "a label");
      result.push_back(*number);
    }
    return result;
  }

  static void number_repeated(std::vector<std::string>& ids) {
    std::map<std::string, int64_t> seen;
    for (auto& id : ids)
      if (const int64_t count = ++seen[id]; count > 1) id += fmt::format("_{}", count);
  }

  std::string path_;
  PickleFile file_;
};

/// (N,C,T,V,M) in a mapped file.
class NpySplit : public PreparedSplit {
 public:
  NpySplit(const std::string& split, const fs::path& data, ClipLabels clips) : file_(data) {
    name = split;
    ids = std::move(clips.ids);
    labels = std::move(clips.labels);
    source = data.string();
    array_ = read_npy(file_.bytes(), source);
    if (array_.shape.size() != 5)
      refuse_arrays(source, "shape " + array_.shape_text(), "N x C x T x V x M");
    num_channels = array_.shape[1];
    num_joints = array_.shape[3];
    type = array_.type;
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

/// Split name -> its array, of all <split><suffix> of a folder.
std::map<std::string, fs::path> find_data_files(const fs::path& folder,
                                                const std::vector<std::string>& suffixes) {
  std::map<std::string, fs::path> files;
  std::error_code error;
  for (const auto& suffix : suffixes)
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      const std::string file = entry.path().filename().string();
      if (file.size() > suffix.size() &&
          file.compare(file.size() - suffix.size(), suffix.size(), suffix) == 0)
        files.emplace(file.substr(0, file.size() - suffix.size()), entry.path());
    }
  return files;
}

std::vector<std::unique_ptr<PreparedSplit>> open_folder(const fs::path& folder) {
  std::vector<std::unique_ptr<PreparedSplit>> splits;
  for (const auto& [split, data] : find_data_files(folder, {"_data_joint.npy", "_data.npy"}))
    splits.push_back(
        std::make_unique<NpySplit>(split, data, LabelFile(folder / (split + "_label.pkl")).read()));
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

std::vector<std::unique_ptr<PreparedSplit>> open_babel_splits(const fs::path& folder,
                                                              int64_t num_classes) {
  const std::string suffix = fmt::format("_ntu_sk_{}.npy", num_classes);
  std::vector<std::unique_ptr<PreparedSplit>> splits;
  for (const auto& [split, data] : find_data_files(folder, {suffix})) {
    const fs::path labels = folder / fmt::format("{}_label_{}.pkl", split, num_classes);
    splits.push_back(
        std::make_unique<NpySplit>(split, data, LabelFile(labels).read_babel(num_classes)));
    splits.back()->num_classes = num_classes;
  }
  if (splits.empty())
    refuse_arrays(folder.string(), "no train" + suffix + " or the like",
                  fmt::format("<split>{} and <split>_label_{}.pkl", suffix, num_classes));
  return splits;
}

}  // namespace kinegraph
