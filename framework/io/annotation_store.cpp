#include "framework/io/annotation_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "framework/base/error.h"
#include "framework/base/text.h"
#include "framework/io/annotation_store_content.h"

namespace kinegraph {

using namespace store_format;

namespace {

template <class Map>
std::vector<std::string> keys(const Map& map) {
  std::vector<std::string> names;
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

/// The value at `name`, or a DataError that lists the names there are.
template <class Map>
const auto& value_at(const Map& map, const std::string& name, const std::string& kind,
                     const std::string& where) {
  const auto found = map.find(name);
  if (found != map.end()) return found->second;
  const auto names = keys(map);
  throw DataError(Fault{where, fmt::format("no {} '{}'{}", kind, name, near_name_hint(name, names)),
                        names.empty() ? "" : "one of " + join(names),
                        fmt::format("Choose a {} that the store has.", kind)});
}

std::string span_of(const std::vector<int64_t>& values) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return *least == *most ? fmt::format("{}", *least) : fmt::format("{}..{}", *least, *most);
}

}  // namespace

AnnotationStore::AnnotationStore(std::shared_ptr<const Content> content)
    : content_(std::move(content)) {}

const StoreInfo& AnnotationStore::info() const { return content_->info; }

int64_t AnnotationStore::num_clips() const { return content_->table.num_clips(); }

const std::string& AnnotationStore::id(int64_t clip) const {
  return content_->table.id[content_->index(clip)];
}

int64_t AnnotationStore::num_frames(int64_t clip) const {
  return content_->table.num_frames[content_->index(clip)];
}

int64_t AnnotationStore::num_persons(int64_t clip) const {
  return content_->table.num_persons[content_->index(clip)];
}

ClipInfo AnnotationStore::clip(int64_t clip) const {
  const size_t i = content_->index(clip);
  const ClipTable& table = content_->table;
  ClipInfo info;
  info.id = table.id[i];
  info.labels.assign(table.labels.begin() + table.label_offsets[i],
                     table.labels.begin() + table.label_offsets[i + 1]);
  info.num_frames = table.num_frames[i];
  info.num_persons = table.num_persons[i];
  for (size_t k = 0; k < kNumIntegerFields; ++k) {
    const auto& column = table.integers[k];
    if (!column.empty() && column[i] >= 0) info.*kIntegerFields[k].member = column[i];
  }
  if (!table.fps.empty() && table.fps[i] == table.fps[i]) info.fps = table.fps[i];
  return info;
}

std::optional<int64_t> AnnotationStore::find(std::string_view id) const {
  const auto& ids = content_->table.id;
  const auto found = std::lower_bound(content_->by_id.begin(), content_->by_id.end(), id,
                                      [&](int64_t clip, std::string_view wanted) {
                                        return ids[static_cast<size_t>(clip)] < wanted;
                                      });
  if (found == content_->by_id.end() || ids[static_cast<size_t>(*found)] != id) return {};
  return *found;
}

const std::vector<int64_t>& AnnotationStore::split(const std::string& name) const {
  return value_at(content_->info.splits, name, "split", content_->name);
}

bool AnnotationStore::has_scores() const { return content_->parts[kScores].has_value(); }
bool AnnotationStore::has_timestamps() const { return content_->parts[kTimestamps].has_value(); }
bool AnnotationStore::has_track_ids() const { return content_->parts[kTrackIds].has_value(); }
bool AnnotationStore::has_box_scores() const { return content_->parts[kBoxScores].has_value(); }

void AnnotationStore::read_keypoints(int64_t clip, double* out,
                                     std::optional<int64_t> max_persons) const {
  content_->read_persons(kKeypoints, clip, max_persons.value_or(num_persons(clip)), out);
}

void AnnotationStore::read_scores(int64_t clip, double* out,
                                  std::optional<int64_t> max_persons) const {
  if (!has_scores())
    throw DataError(Fault{content_->name, "no scores", "a score for every joint",
                          "Import the data with scores, or leave them out of the pipeline."});
  content_->read_persons(kScores, clip, max_persons.value_or(num_persons(clip)), out);
}

std::vector<int64_t> AnnotationStore::read_frame_persons(int64_t clip) const {
  return content_->read_frame_persons(clip);
}

void AnnotationStore::read_box_scores(int64_t clip, double* out,
                                      std::optional<int64_t> max_persons) const {
  if (!has_box_scores())
    throw DataError(Fault{content_->name, "no box scores", "a confidence for every person",
                          "Import the data with box scores, or do without them."});
  const int64_t persons = max_persons.value_or(num_persons(clip));
  if (info().person_layout == PersonLayout::frame_persons)
    return content_->read_persons(kBoxScores, clip, persons, out);
  auto scores = content_->read_doubles(kBoxScores, clip);
  scores.resize(static_cast<size_t>(persons));
  for (const double score : scores) out = std::fill_n(out, num_frames(clip), score);
}

Clip AnnotationStore::read(int64_t index) const {
  Clip result;
  static_cast<ClipInfo&>(result) = clip(index);
  result.keypoints = content_->read_doubles(kKeypoints, index);
  result.scores = content_->read_doubles(kScores, index);
  result.frame_persons = content_->read_frame_persons(index);
  result.timestamps = content_->read_doubles(kTimestamps, index);
  result.track_ids = content_->read_integers(kTrackIds, index);
  result.box_scores = content_->read_doubles(kBoxScores, index);
  return result;
}

std::vector<std::string> AnnotationStore::extra_fields() const {
  return keys(content_->table.extra);
}

const FieldValues& AnnotationStore::extra_field(const std::string& name) const {
  return value_at(content_->table.extra, name, "field", content_->name);
}

const std::string& AnnotationStore::content_sha256() const { return content_->sha256; }

std::string AnnotationStore::computed_sha256() const {
  Manifest manifest(content_->info, content_->table);
  std::vector<char> block(size_t{1} << 20);
  for (size_t i = 0; i < kNumParts; ++i) {
    const auto& part = content_->parts[i];
    if (!part) continue;
    Sha256 hash;
    const int64_t bytes = part->shape[0] * part->row_values() * bytes_of(part->type);
    for (int64_t done = 0; done < bytes;) {
      const int64_t size = std::min<int64_t>(bytes - done, static_cast<int64_t>(block.size()));
      content_->read_bytes(part->offset + done, size, block.data());
      hash.update(block.data(), static_cast<size_t>(size));
      done += size;
    }
    manifest.add(kPartNames[i], kinegraph::name_of(part->type), part->shape, hash.hex());
  }
  return manifest.sha256();
}

void AnnotationStore::verify() const {
  const std::string found = computed_sha256();
  if (found != content_->sha256)
    throw DataError(Fault{content_->name, "content with SHA-256 " + found, content_->sha256,
                          "The file was damaged or edited; import the data again."});
}

std::string describe(const AnnotationStore& store) {
  const auto& content = *store.content_;
  const StoreInfo& info = content.info;
  std::string text;
  const auto line = [&](std::string_view name, const std::string& value) {
    text += fmt::format("{:<10} {}\n", name, value);
  };
  std::vector<std::string> splits, fields;
  for (const auto& [name, clips] : info.splits)
    splits.push_back(fmt::format("{} {}", name, clips.size()));
  for (size_t part = kScores; part < kNumParts; ++part)
    if (content.parts[part] && part != kFramePersons) fields.emplace_back(kPartNames[part]);
  for (size_t i = 0; i < kNumIntegerFields; ++i)
    if (!content.table.integers[i].empty()) fields.emplace_back(kIntegerFields[i].name);
  if (!content.table.fps.empty()) fields.emplace_back("fps");
  for (const auto& name : store.extra_fields()) fields.push_back(name);
  line("store", content.name);
  const bool is_unit = info.coordinates != Coordinates::normalised;
  line("skeleton", fmt::format("{}, {} joints, {} {}{}", info.skeleton, info.num_joints,
                               info.channels, is_unit ? "in " : "", name_of(info.coordinates)));
  line("clips", fmt::format("{}", store.num_clips()));
  line("frames",
       fmt::format("{}, {} a clip", content.totals().frames, span_of(content.table.num_frames)));
  line("persons", fmt::format("{} a clip, layout {}", span_of(content.table.num_persons),
                              name_of(info.person_layout)));
  line("classes", fmt::format("{}", info.num_classes()));
  line("splits", splits.empty() ? "none" : join(splits));
  line("precision", std::string(name_of(info.precision)));
  line("fields", fields.empty() ? "none" : join(fields));
  line("sha256", content.sha256);
  return text;
}

}  // namespace kinegraph
