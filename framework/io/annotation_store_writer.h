// Writes an annotation store, clip by clip. annotation_store.md documents the file.
#pragma once

#include <filesystem>
#include <memory>

#include "framework/io/clip_check.h"
#include "framework/io/store_info.h"

namespace kinegraph {

/// The file appears under its name, whole, at finish(); without finish() nothing is left.
///
///   AnnotationStoreWriter writer("ntu60.h5", info);
///   for (...) writer.add(clip);
///   writer.set_split("xsub_train", indices);
///   writer.finish();
///
/// The arrays of a clip go to disk at once; some 200 bytes a clip stay in memory. While writing,
/// the folder needs room for the store twice.
class AnnotationStoreWriter {
 public:
  /// `source` leads the messages about what is put in; empty: the path does.
  AnnotationStoreWriter(std::filesystem::path path, StoreInfo info, std::string source = "");
  ~AnnotationStoreWriter();

  /// Appends a clip. Throws, and leaves the store as it was: InvalidClip when its sizes disagree, a
  /// label is no class or a finite value is too large for the precision; another DataError when the
  /// id is taken or an optional array is there but was not in earlier clips, or the reverse. NaN
  /// and infinity are kept.
  void add(const Clip& clip);

  /// Sets or replaces a split; its indices may point at clips that are yet to come.
  void set_split(const std::string& name, std::vector<int64_t> clips);

  /// Sets or replaces a field of our own making, with one value for each clip there is at finish().
  void set_extra_field(const std::string& name, FieldValues values);

  int64_t num_clips() const;

  /// Checks splits and extra fields, writes the file and moves it into place. Once only.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kinegraph
