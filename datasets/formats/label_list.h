// Label lists in the form of Kinetics-skeleton, and the folders that they are about.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace kinegraph {

constexpr int64_t kMostClasses = 100'000;

struct LabelEntry {
  std::string id, label;
  int64_t label_index = 0;
  bool has_skeleton = true;
};

/// Reads {"<id>": {"label": "...", "label_index": 0, "has_skeleton": true}, ...}, in the order of
/// the file. Throws DataError with file and byte.
std::vector<LabelEntry> read_label_list(const std::filesystem::path& path);

/// A folder of clips and the list of their labels: kinetics_train/ and kinetics_train_label.json.
struct LabelledFolder {
  std::filesystem::path folder;  // need not exist
  std::filesystem::path list;
  std::string split;  // the folder's name without "kinetics_": train
};

/// All pairs in the folder `source`, or `source` itself where its list lies beside it.
std::vector<LabelledFolder> find_labelled_folders(const std::filesystem::path& source);

/// Class names by index.
class IndexedClasses {
 public:
  /// Throws DataError, with `where`, for an index out of bounds or one with two names.
  void add(int64_t index, const std::string& name, const std::string& where);
  /// All up to the largest index; those without a name are called "class <index>".
  std::vector<std::string> names() const;

 private:
  std::map<int64_t, std::string> names_;
};

}  // namespace kinegraph
