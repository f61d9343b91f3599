// What an open AnnotationStore keeps. Only its own sources include it.
#pragma once

#include "framework/io/annotation_store.h"
#include "framework/io/store_format.h"

namespace kinegraph {

/// Where an array lies in the file.
struct StoredPart {
  ElementType type;
  std::vector<int64_t> shape;
  int64_t offset;  // bytes

  int64_t row_values() const;  // values in one row, the product of shape[1..]
};

/// A run of rows of a part.
struct RowRange {
  int64_t first, count;
};

struct AnnotationStore::Content {
  std::string name;
  int descriptor = -1;
  StoreInfo info;
  store_format::ClipTable table;
  std::vector<int64_t> frame_offsets{0}, person_offsets{0};  // sums of num_frames, num_persons
  std::vector<int64_t> by_id;                                // clips sorted by id
  std::array<std::optional<StoredPart>, store_format::kNumParts> parts;
  std::string sha256;

  Content() = default;
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;
  ~Content();

  size_t index(int64_t clip) const;
  std::string where(int64_t clip) const;
  store_format::Totals totals() const;
  RowRange rows(store_format::Part part, int64_t clip) const;

  /// Reads with pread: a file that shrinks under us is an error, where a mapping would be a SIGBUS.
  void read_bytes(int64_t offset, int64_t size, void* out) const;
  /// `count` values of a part from value `first` on, widened. The part must be there.
  void read_values(const StoredPart& part, int64_t first, int64_t count, double* out) const;

  /// A clip's share of a part, or nothing when the store has no such part.
  std::vector<double> read_doubles(store_format::Part part, int64_t clip) const;
  std::vector<int64_t> read_integers(store_format::Part part, int64_t clip) const;
  /// Persons in each frame, checked against the table.
  std::vector<int64_t> read_frame_persons(int64_t clip) const;

  void read_persons(store_format::Part part, int64_t clip, int64_t max_persons, double* out) const;
};

}  // namespace kinegraph
