// Reads annotation stores: many clips of keypoints with labels and splits in one HDF5 file.
// annotation_store.md documents the file; store_info.h explains the letters of shapes.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "framework/io/store_info.h"

namespace kinegraph {

/// A store that is open for reading. Copies share it. All functions may be called from any number
/// of threads at once; they take no locks.
class AnnotationStore {
 public:
  /// Whether open() refuses labels outside the class list. Only who looks for them takes any.
  enum class Labels { of_a_class, any };

  /// Checks the structure (format, version, shapes, types, offsets, labels, splits) but not the
  /// content: see verify(). Throws DataError.
  static AnnotationStore open(const std::filesystem::path& path,
                              Labels labels = Labels::of_a_class);

  const StoreInfo& info() const;
  int64_t num_clips() const;

  /// Everything about a clip but its arrays. `clip` is in 0..num_clips()-1 here and below, or
  /// std::out_of_range is thrown.
  ClipInfo clip(int64_t clip) const;

  /// The parts of clip() that are cheap.
  const std::string& id(int64_t clip) const;
  int64_t num_frames(int64_t clip) const;
  int64_t num_persons(int64_t clip) const;

  /// The clip with this id, if any.
  std::optional<int64_t> find(std::string_view id) const;

  /// The clip indices of a split, in order. Throws DataError that lists the splits.
  const std::vector<int64_t>& split(const std::string& name) const;

  /// Whether the clips have scores, timestamps, track ids, box scores.
  bool has_scores() const;
  bool has_timestamps() const;
  bool has_track_ids() const;
  bool has_box_scores() const;

  /// Fills out, M x T x V x C. M is `max_persons`, or the clip's num_persons() without it. Persons
  /// beyond M are left out, absent ones are zero. In a frame_persons store, person m of frame t is
  /// the m-th listed there. Throws DataError when the file fails.
  void read_keypoints(int64_t clip, double* out, std::optional<int64_t> max_persons = {}) const;

  /// The same for scores, M x T x V. Throws DataError when the store has none.
  void read_scores(int64_t clip, double* out, std::optional<int64_t> max_persons = {}) const;

  /// How many persons each frame has (T); empty in a dense store. Throws DataError when the file
  /// fails.
  std::vector<int64_t> read_frame_persons(int64_t clip) const;

  /// The same as read_keypoints() for the confidence of each person, M x T; in a dense store it
  /// does not depend on the frame. Throws DataError when the store has none.
  void read_box_scores(int64_t clip, double* out, std::optional<int64_t> max_persons = {}) const;

  /// The clip with all its arrays as AnnotationStoreWriter::add() takes them.
  Clip read(int64_t clip) const;

  /// Per-clip fields that are not ours but were found in the file.
  std::vector<std::string> extra_fields() const;
  /// Throws DataError that lists the fields.
  const FieldValues& extra_field(const std::string& name) const;

  /// SHA-256 of the content, as stored.
  const std::string& content_sha256() const;

  /// SHA-256 of the content as it is; reads everything. Throws DataError when the file fails.
  std::string computed_sha256() const;

  /// Throws DataError unless the content has the stored SHA-256.
  void verify() const;

 private:
  struct Content;
  explicit AnnotationStore(std::shared_ptr<const Content> content);
  std::shared_ptr<const Content> content_;

  friend class AnnotationStoreOpener;
  friend std::string describe(const AnnotationStore& store);
};

/// A table for people: clips, frames, persons, classes, splits, precision, hash.
std::string describe(const AnnotationStore& store);

}  // namespace kinegraph
