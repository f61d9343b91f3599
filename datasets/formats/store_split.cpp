#include "datasets/formats/store_split.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "datasets/formats/frame_persons.h"
#include "framework/base/error.h"
#include "framework/base/simd.h"

namespace kinegraph {
namespace {

std::vector<int64_t> all_clips(const AnnotationStore& store) {
  std::vector<int64_t> clips(static_cast<size_t>(store.num_clips()));
  std::iota(clips.begin(), clips.end(), 0);
  return clips;
}

KINEGRAPH_SIMD bool are_finite(const double* values, size_t count) {
  double poison[8] = {};  // stays 0 for finite values, becomes NaN otherwise
  size_t i = 0;
  for (; i + 8 <= count; i += 8)
    for (size_t k = 0; k < 8; ++k) poison[k] += values[i + k] * 0.0;
  for (; i < count; ++i) poison[0] += values[i] * 0.0;
  return std::accumulate(poison, poison + 8, 0.0) == 0;
}

}  // namespace

StoreSplit::StoreSplit(const std::filesystem::path& store, const StoreSplitOptions& options)
    : options_(options), store_(AnnotationStore::open(store)) {
  const StoreInfo& info = store_.info();
  clips_ = options.split ? store_.split(*options.split) : all_clips(store_);
  persons_ = options.max_persons.value_or(1);
  // Of all splits, so that a model fits the shape of each.
  if (!options.max_persons)
    for (int64_t clip = 0; clip < store_.num_clips(); ++clip)
      persons_ = std::max(persons_, store_.num_persons(clip));
  info_ = {store.string(), Skeleton::parse(info.skeleton_layout, store.string() + ":skeleton"),
           info.class_names, store_.content_sha256()};
  check_joints();
  if (options.valid_ratio > 0) keep_valid_clips();
}

void StoreSplit::check_joints() const {
  const StoreInfo& info = store_.info();
  if (info_.skeleton.joint_count() == info.num_joints) return;
  throw DataError(Fault{info_.source,
                        fmt::format("{} joints, but its skeleton '{}' has {}", info.num_joints,
                                    info_.skeleton.name, info_.skeleton.joint_count()),
                        "the same number", "Import the data again with the right skeleton."});
}

/// As PYSKL's PoseDataset: frames with a person above the threshold, counted when the boxes were
/// found, over all frames.
void StoreSplit::keep_valid_clips() {
  const std::string name = fmt::format("valid_{}", options_.box_thr);
  const auto* valid = std::get_if<std::vector<int64_t>>(&store_.extra_field(name));
  const bool is_by_frame = store_.info().person_layout == PersonLayout::frame_persons;
  if (!valid || !is_by_frame || !store_.has_box_scores())
    throw DataError(Fault{info_.source,
                          is_by_frame ? "no box scores or counts of valid frames"
                                      : "persons that are not listed by frame",
                          "both, as a positive valid_ratio needs",
                          "Set valid_ratio: 0, or import data that have them."});
  clips_.erase(std::remove_if(clips_.begin(), clips_.end(),
                              [&](int64_t clip) {
                                const auto count = (*valid)[static_cast<size_t>(clip)];
                                return static_cast<double>(count) <
                                       options_.valid_ratio *
                                           static_cast<double>(store_.num_frames(clip));
                              }),
               clips_.end());
}

void StoreSplit::read(int64_t index, Sample& sample) const {
  const int64_t clip = clips_[static_cast<size_t>(index) % clips_.size()];
  const ClipInfo about = store_.clip(clip);
  sample.clear();
  sample.id = about.id;
  sample.labels = about.labels;
  sample.image_width = about.image_width.value_or(0);
  sample.image_height = about.image_height.value_or(0);
  sample.precision = store_.info().precision;
  if (store_.info().person_layout == PersonLayout::frame_persons && !options_.lists_persons)
    read_by_frame(clip, sample);
  else
    read_dense(clip, about, sample);
  treat_missing(sample);
}

void StoreSplit::read_dense(int64_t clip, const ClipInfo& about, Sample& sample) const {
  const bool pads = options_.pads_persons && !options_.lists_persons;
  const int64_t persons =
      pads ? persons_
           : std::min(about.num_persons, options_.max_persons.value_or(about.num_persons));
  KeypointArray& x = sample.keypoints;
  x.resize(persons, about.num_frames, store_.info().num_joints, store_.info().num_channels());
  store_.read_keypoints(clip, x.values.data(), persons);
  if (store_.has_scores()) {
    sample.scores.resize(static_cast<size_t>(persons * x.frames * x.joints));
    store_.read_scores(clip, sample.scores.data(), persons);
  }
  if (!options_.lists_persons) return;
  if (store_.has_box_scores()) {
    sample.box_scores.resize(static_cast<size_t>(persons * x.frames));
    store_.read_box_scores(clip, sample.box_scores.data(), persons);
  }
  sample.frame_persons = store_.read_frame_persons(clip);
  for (auto& count : sample.frame_persons) count = std::min(count, persons);
}

void StoreSplit::read_by_frame(int64_t clip, Sample& sample) const {
  const Clip content = store_.read(clip);
  FramePersons persons(content, store_.info());
  if (options_.valid_ratio > 0) persons.keep_boxes(options_.box_thr);
  if (options_.squeeze) persons.drop_empty_frames();
  persons.keep_highest(persons_);
  persons.fill(persons_, sample);
}

void StoreSplit::treat_missing(Sample& sample) const {
  KeypointArray& x = sample.keypoints;
  if (are_finite(x.values.data(), x.values.size())) return;
  for (size_t i = 0; i < x.values.size(); ++i) {
    if (std::isfinite(x.values[i])) continue;
    if (options_.missing == "zero") {
      x.values[i] = 0;
      continue;
    }
    const auto at = static_cast<int64_t>(i) / x.channels;
    throw DataError(
        Fault{fmt::format("{}: clip {}, person {}, frame {}, joint {} ({})", info_.source,
                          sample.id, at / (x.joints * x.frames), at / x.joints % x.frames,
                          at % x.joints, info_.skeleton.joints[static_cast<size_t>(at % x.joints)]),
              fmt::format("the coordinate is {}", x.values[i]), "a finite number",
              "Mend the source and import again, or set the data set's 'missing: zero'."});
  }
}

}  // namespace kinegraph
