// Annotation pickles of PYSKL and MMAction2: {'split': {name: [id, ...]}, 'annotations': [...]}, or
// the list of annotations alone.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "framework/io/mapped_file.h"
#include "framework/io/pickle.h"

namespace kinegraph {

/// One clip's fields; those of its keypoint file, where it has one, come first.
class PysklAnnotation {
 public:
  explicit PysklAnnotation(const pickle::Dict* fields, const pickle::Dict* keypoint_file = nullptr)
      : fields_(fields), keypoint_file_(keypoint_file) {}

  /// Null when there is no such field or it is None.
  pickle::Ref find(std::string_view name) const;
  /// All of them, the annotation's own first.
  std::vector<std::pair<std::string, pickle::Ref>> all() const;
  const pickle::Dict& fields() const { return *fields_; }

 private:
  const pickle::Dict* fields_;
  const pickle::Dict* keypoint_file_;
};

/// A pickle in a mapped file, as inert data. Large arrays stay in the file.
class PickleFile {
 public:
  /// Throws DataError for what is no plain pickle of containers, numbers, texts and numpy arrays.
  explicit PickleFile(const std::filesystem::path& path);

  const pickle::Value& root() const { return *document_.root; }

 private:
  MappedFile file_;
  pickle::Document document_;
};

/// An annotation pickle.
class PysklPickle {
 public:
  /// Throws DataError for anything that is not of that form. Damage within one clip is found later.
  explicit PysklPickle(const std::filesystem::path& path);

  int64_t num_clips() const { return static_cast<int64_t>(ids_.size()); }
  const std::string& id(int64_t clip) const { return ids_[static_cast<size_t>(clip)]; }
  const PysklAnnotation& annotation(int64_t clip) const {
    return annotations_[static_cast<size_t>(clip)];
  }
  /// "file.pkl: annotation 3 (S001C001P001R001A001)".
  std::string where(int64_t clip) const;

  /// Text that a store's export leaves beside the annotations; "" without.
  std::string text(std::string_view key) const;
  std::vector<std::string> class_names() const;

  /// Whether the file names splits; a bare list does not.
  bool has_splits() const { return has_splits_; }
  /// Clip ids of each split in the order of the file, as PYSKL trains on them.
  const std::map<std::string, std::vector<std::string>>& splits() const { return splits_; }
  /// Ids that a split names but that have no annotation: split -> (how many, one of them).
  const std::map<std::string, std::pair<int64_t, std::string>>& absent() const { return absent_; }

 private:
  void read_annotations(const pickle::Value& list);
  void read_splits(const pickle::Value& splits);

  std::string name_;
  PickleFile file_;
  std::vector<PysklAnnotation> annotations_;
  std::vector<std::string> ids_;
  bool has_splits_ = false;
  std::map<std::string, std::vector<std::string>> splits_;
  std::map<std::string, std::pair<int64_t, std::string>> absent_;
};

}  // namespace kinegraph
