// The annotation store on disk, as annotation_store.md documents it: what the reader and the writer
// must agree on. Only they include it.
#pragma once

#include <array>

#include "framework/io/hdf5.h"
#include "framework/io/sha256.h"
#include "framework/io/store_info.h"

namespace kinegraph::store_format {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "stores are read and hashed as they lie");

inline constexpr char kFormat[] = "kinegraph-annotation-store";
inline constexpr int64_t kVersion = 1;
inline constexpr char kHashAttribute[] = "content_sha256";

/// The optional whole numbers of a clip; -1 on disk where a clip has none.
struct IntegerField {
  const char* name;
  std::optional<int64_t> ClipInfo::*member;
};
inline constexpr IntegerField kIntegerFields[] = {{"subject", &ClipInfo::subject},
                                                  {"camera", &ClipInfo::camera},
                                                  {"setup", &ClipInfo::setup},
                                                  {"replication", &ClipInfo::replication},
                                                  {"image_width", &ClipInfo::image_width},
                                                  {"image_height", &ClipInfo::image_height}};
inline constexpr size_t kNumIntegerFields = std::size(kIntegerFields);

/// Everything about the clips that is small enough for memory. Optional columns may be empty.
struct ClipTable {
  std::vector<std::string> id;
  std::vector<int64_t> num_frames, num_persons, person_frame_offsets{0}, label_offsets{0}, labels;
  std::array<std::vector<int64_t>, kNumIntegerFields> integers;
  std::vector<double> fps;  // NaN where a clip has none
  std::map<std::string, FieldValues> extra;

  int64_t num_clips() const { return static_cast<int64_t>(id.size()); }
};

/// The large arrays, all clips one after the other; they stay on disk.
enum Part { kKeypoints, kScores, kFramePersons, kTimestamps, kTrackIds, kBoxScores, kNumParts };
inline constexpr const char* kPartNames[kNumParts] = {"keypoints",  "scores",    "frame_persons",
                                                      "timestamps", "track_ids", "box_scores"};

/// Rows of all clips together.
struct Totals {
  int64_t person_frames = 0, frames = 0, persons = 0;
};
ElementType part_type(Part part, const StoreInfo& info);
std::vector<int64_t> part_shape(Part part, const StoreInfo& info, const Totals& totals);

/// These throw DataError with `where` in front.
void check_info(const StoreInfo& info, const std::string& where);
void check_splits(const StoreInfo& info, int64_t num_clips, const std::string& where);
/// A name of a split or a field becomes a name in the HDF5 file.
void check_name(const std::string& name, const std::string& kind, const std::string& where);
void check_extra_field(const std::string& name, const FieldValues& values, int64_t num_clips,
                       const std::string& where);
/// T, M and the size of the clip as M x T x V x C are bounded, so that no later product overflows.
void check_clip_size(const StoreInfo& info, int64_t num_frames, int64_t num_persons,
                     const std::string& where);

/// Calls visit(name, value) for every attribute but the hash; a value is a text or an int64_t.
template <class Visit>
void visit_attributes(const StoreInfo& info, Visit&& visit) {
  visit("format", std::string(kFormat));
  visit("version", kVersion);
  visit("skeleton", info.skeleton);
  visit("num_joints", info.num_joints);
  visit("channels", info.channels);
  visit("coordinates", std::string(name_of(info.coordinates)));
  visit("person_layout", std::string(name_of(info.person_layout)));
  visit("precision", std::string(name_of(info.precision)));
}

/// Calls visit(path, values) for every array that is not a Part.
template <class Visit>
void visit_arrays(const StoreInfo& info, const ClipTable& table, Visit&& visit) {
  visit("skeleton_layout", std::vector<std::string>{info.skeleton_layout});
  visit("provenance", std::vector<std::string>{info.provenance});
  visit("class_names", info.class_names);
  for (const auto& [name, clips] : info.splits) visit("splits/" + name, clips);
  visit("person_frame_offsets", table.person_frame_offsets);
  visit("label_offsets", table.label_offsets);
  visit("labels", table.labels);
  visit("clips/id", table.id);
  visit("clips/num_frames", table.num_frames);
  visit("clips/num_persons", table.num_persons);
  for (size_t i = 0; i < kNumIntegerFields; ++i)
    if (!table.integers[i].empty())
      visit(std::string("clips/") + kIntegerFields[i].name, table.integers[i]);
  if (!table.fps.empty()) visit("clips/fps", table.fps);
  for (const auto& [name, values] : table.extra)
    std::visit([&, path = "clips/" + name](const auto& column) { visit(path, column); }, values);
}

/// Digests of all the contents by name; their sorted list is what the store's hash is taken of.
class Manifest {
 public:
  /// Takes in the attributes and all arrays that are not Parts.
  Manifest(const StoreInfo& info, const ClipTable& table);

  void add(const std::string& name, std::string_view type, const std::vector<int64_t>& shape,
           const std::string& sha256);
  std::string sha256() const;

 private:
  std::map<std::string, std::string> lines_;
};

}  // namespace kinegraph::store_format
