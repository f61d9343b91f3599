#include "framework/io/annotation_store_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <unordered_set>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/io/clip_check.h"
#include "framework/io/half.h"
#include "framework/io/pickle.h"
#include "framework/io/spool.h"
#include "framework/io/store_format.h"

namespace fs = std::filesystem;

namespace kinegraph {

using namespace store_format;

namespace {

/// The bytes of one clip's share of each part.
using ClipBytes = std::array<std::vector<char>, kNumParts>;

template <class Stored, class Value, class Convert>
std::vector<char> encode(const std::vector<Value>& values, Convert convert) {
  std::vector<char> bytes(values.size() * sizeof(Stored));
  for (size_t i = 0; i < values.size(); ++i) {
    const Stored stored = convert(values[i]);
    std::memcpy(bytes.data() + i * sizeof(Stored), &stored, sizeof(Stored));
  }
  return bytes;
}

template <class T>
std::vector<char> encode(const std::vector<T>& values) {
  return encode<T>(values, [](T value) { return value; });
}

std::vector<char> encode(const std::vector<double>& values, Precision precision) {
  if (precision == Precision::float64) return encode(values);
  if (precision == Precision::float16) return encode<uint16_t>(values, half_from_double);
  return encode<float>(values, [](double value) { return static_cast<float>(value); });
}

/// Columns in which no clip has a value are not written.
void drop_empty_columns(ClipTable* table) {
  for (auto& column : table->integers)
    if (std::all_of(column.begin(), column.end(), [](int64_t value) { return value < 0; }))
      column.clear();
  if (std::all_of(table->fps.begin(), table->fps.end(),
                  [](double value) { return value != value; }))
    table->fps.clear();
}

}  // namespace

struct AnnotationStoreWriter::State {
  /// One large array on its way to the file.
  struct PartStream {
    std::optional<Spool> spool;  // none until a clip has such an array
    Sha256 hash;
  };

  State(fs::path target, StoreInfo store_info, std::string clips_from)
      : path(std::move(target)),
        source(std::move(clips_from)),
        info(std::move(store_info)),
        file(path) {}

  fs::path path;
  std::string source;
  StoreInfo info;
  PendingFile file;
  ClipTable table;
  std::unordered_set<std::string> ids;
  Totals totals;
  std::array<PartStream, kNumParts> parts;
  bool is_open = true;

  void require_open() const {
    if (!is_open) throw std::logic_error(path.string() + ": the store is finished or has failed");
  }
  void check_unique(const Clip& clip, const std::string& where) const;
  void check_same_parts(const Clip& clip, const ClipSizes& sizes, const std::string& where) const;
  void append_rows(const Clip& clip, const ClipSizes& sizes);
  void append_arrays(const ClipBytes& bytes);
  void write_file();
  void copy_parts();
};

void AnnotationStoreWriter::State::check_unique(const Clip& clip, const std::string& where) const {
  if (ids.count(clip.id))
    throw DataError(Fault{where, "an id that an earlier clip has", "ids that differ",
                          "Is a clip listed twice?"});
}

void AnnotationStoreWriter::State::check_same_parts(const Clip& clip, const ClipSizes& sizes,
                                                    const std::string& where) const {
  const auto check = [&](Part part, bool is_there) {
    const bool was_there = parts[part].spool.has_value();
    if (is_there == was_there || table.id.empty()) return;
    const char* name = kPartNames[part];
    throw DataError(Fault{where, is_there ? fmt::format("{}", name) : fmt::format("no {}", name),
                          was_there ? "them, as in earlier clips" : "none, as in earlier clips",
                          fmt::format("Give {} with every clip, or with none.", name)});
  };
  check(kTimestamps, !clip.timestamps.empty());
  // A clip without persons has nothing to show and goes with either.
  if (sizes.person_frames == 0 || totals.person_frames == 0) return;
  check(kScores, !clip.scores.empty());
  check(kTrackIds, !clip.track_ids.empty());
  check(kBoxScores, !clip.box_scores.empty());
}

void AnnotationStoreWriter::State::append_rows(const Clip& clip, const ClipSizes& sizes) {
  totals.person_frames += sizes.person_frames;
  totals.frames += clip.num_frames;
  totals.persons += sizes.num_persons;
  ids.insert(clip.id);
  table.id.push_back(clip.id);
  table.num_frames.push_back(clip.num_frames);
  table.num_persons.push_back(sizes.num_persons);
  table.person_frame_offsets.push_back(totals.person_frames);
  table.labels.insert(table.labels.end(), clip.labels.begin(), clip.labels.end());
  table.label_offsets.push_back(static_cast<int64_t>(table.labels.size()));
  for (size_t i = 0; i < kNumIntegerFields; ++i)
    table.integers[i].push_back((clip.*kIntegerFields[i].member).value_or(-1));
  table.fps.push_back(clip.fps.value_or(std::numeric_limits<double>::quiet_NaN()));
}

void AnnotationStoreWriter::State::append_arrays(const ClipBytes& bytes) {
  for (int part = 0; part < kNumParts; ++part) {
    auto& stream = parts[static_cast<size_t>(part)];
    const auto& share = bytes[static_cast<size_t>(part)];
    if (share.empty()) continue;
    if (!stream.spool) stream.spool.emplace(path.parent_path());
    stream.spool->append(share.data(), share.size());
    stream.hash.update(share.data(), share.size());
  }
}

void AnnotationStoreWriter::State::write_file() {
  Manifest manifest(info, table);
  auto hdf5 = Hdf5File::create(file.part_path());
  visit_attributes(info, [&](const std::string& name, const auto& value) {
    hdf5.write_attribute("/", name, value);
  });
  visit_arrays(info, table, [&](const std::string& name, const auto& v) { hdf5.write(name, v); });
  for (int i = 0; i < kNumParts; ++i) {
    const auto part = static_cast<Part>(i);
    const bool is_required =
        part == kKeypoints ||
        (part == kFramePersons && info.person_layout == PersonLayout::frame_persons);
    if (!parts[part].spool && !is_required) continue;
    const auto shape = part_shape(part, info, totals);
    const ElementType type = part_type(part, info);
    hdf5.allocate(kPartNames[part], type, shape);
    manifest.add(kPartNames[part], kinegraph::name_of(type), shape, parts[part].hash.hex());
  }
  hdf5.write_attribute("/", kHashAttribute, manifest.sha256());
  hdf5.close();
}

void AnnotationStoreWriter::State::copy_parts() {
  std::array<int64_t, kNumParts> offsets{};
  {
    const auto hdf5 = Hdf5File::open(file.part_path());
    for (size_t part = 0; part < kNumParts; ++part)
      if (parts[part].spool) offsets[part] = hdf5.inspect(kPartNames[part]).file_offset.value();
  }
  for (size_t part = 0; part < kNumParts; ++part)
    if (parts[part].spool) parts[part].spool->copy_to(file.part_path(), offsets[part]);
}

AnnotationStoreWriter::AnnotationStoreWriter(fs::path path, StoreInfo info, std::string source) {
  if (source.empty()) source = path.string();
  check_info(info, source);
  state_ = std::make_unique<State>(std::move(path), std::move(info), std::move(source));
}

AnnotationStoreWriter::~AnnotationStoreWriter() = default;

int64_t AnnotationStoreWriter::num_clips() const { return state_->table.num_clips(); }

void AnnotationStoreWriter::add(const Clip& clip) {
  state_->require_open();
  const std::string where = fmt::format("{}: clip {}", state_->source, pickle::printable(clip.id));
  const ClipSizes sizes = check_clip(clip, state_->info, where);
  state_->check_unique(clip, where);
  state_->check_same_parts(clip, sizes, where);
  ClipBytes bytes;
  bytes[kKeypoints] = encode(clip.keypoints, state_->info.precision);
  bytes[kScores] = encode(clip.scores, state_->info.precision);
  bytes[kFramePersons] = encode(clip.frame_persons);
  bytes[kTimestamps] = encode(clip.timestamps);
  bytes[kTrackIds] = encode(clip.track_ids);
  bytes[kBoxScores] = encode(clip.box_scores);
  // A disk that fills up here leaves half a clip behind: such a store must not be finished.
  state_->is_open = false;
  state_->append_arrays(bytes);
  state_->append_rows(clip, sizes);
  state_->is_open = true;
}

void AnnotationStoreWriter::set_split(const std::string& name, std::vector<int64_t> clips) {
  state_->require_open();
  check_name(name, "split", state_->source);
  state_->info.splits[name] = std::move(clips);
}

void AnnotationStoreWriter::set_extra_field(const std::string& name, FieldValues values) {
  state_->require_open();
  check_name(name, "field", state_->source);
  state_->table.extra[name] = std::move(values);
}

void AnnotationStoreWriter::finish() {
  state_->require_open();
  const std::string& where = state_->source;
  const int64_t num_clips = state_->table.num_clips();
  if (num_clips == 0)
    throw DataError(Fault{where, "no clips", "at least one", "Is the source the right one?"});
  check_splits(state_->info, num_clips, where);
  for (const auto& [name, values] : state_->table.extra)
    check_extra_field(name, values, num_clips, where);
  state_->is_open = false;
  drop_empty_columns(&state_->table);
  state_->write_file();
  state_->copy_parts();
  state_->file.commit();
}

}  // namespace kinegraph
