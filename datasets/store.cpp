#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "framework/base/error.h"
#include "framework/data/dataset.h"
#include "framework/io/annotation_store.h"
#include "framework/registry/registry.h"

namespace kinegraph {
namespace {

/// One split of an annotation store, or all of it. Clips are read from the file one by one, when
/// they are asked for; the operating system keeps them in memory.
class Store : public Dataset {
 public:
  struct Options {
    std::string path, missing = "error";
    std::optional<std::string> split;
    int64_t repeat = 1;
    std::optional<int64_t> max_persons;

    template <class Fields>
    void describe(Fields& field) {
      field("path", path, "annotation store, relative to the current folder", Required{});
      field("split", split, "name of a split in the store; null: every clip", Required{});
      field("repeat", repeat, "times that an epoch visits each clip, with draws of its own",
            Range{1, 1000});
      field("max_persons", max_persons,
            "persons kept of each clip; null: as many as the largest clip of the store has",
            Range{1, 100});
      field("missing", missing, "a joint that is NaN or infinite: refuse the clip, or set it to 0",
            OneOf{{"error", "zero"}});
    }
  };

  Store(const Options& options, const Context&)
      : options_(options), store_(AnnotationStore::open(options.path)) {
    const StoreInfo& info = store_.info();
    clips_ = options.split ? store_.split(*options.split) : all_clips(store_);
    persons_ = options.max_persons.value_or(1);
    // Of all splits, so that a model fits the shape of each.
    if (!options.max_persons)
      for (int64_t clip = 0; clip < store_.num_clips(); ++clip)
        persons_ = std::max(persons_, store_.num_persons(clip));
    info_ = {options.path, Skeleton::parse(info.skeleton_layout, options.path + ":skeleton"),
             info.class_names, store_.content_sha256()};
    if (info_.skeleton.joint_count() != info.num_joints)
      throw DataError(Fault{options.path,
                            fmt::format("{} joints, but its skeleton '{}' has {}", info.num_joints,
                                        info_.skeleton.name, info_.skeleton.joint_count()),
                            "the same number", "Import the data again with the right skeleton."});
  }

  const DataInfo& info() const override { return info_; }
  int64_t size() const override { return static_cast<int64_t>(clips_.size()) * options_.repeat; }

  void read(int64_t index, Sample& sample) const override {
    const int64_t clip = clips_[static_cast<size_t>(index) % clips_.size()];
    const ClipInfo about = store_.clip(clip);
    sample.id = about.id;
    sample.labels = about.labels;
    sample.image_width = about.image_width.value_or(0);
    sample.image_height = about.image_height.value_or(0);
    KeypointArray& x = sample.keypoints;
    x.resize(persons_, about.num_frames, store_.info().num_joints, store_.info().num_channels());
    store_.read_keypoints(clip, x.values.data(), persons_);
    if (store_.has_scores()) {
      sample.scores.resize(static_cast<size_t>(persons_ * x.frames * x.joints));
      store_.read_scores(clip, sample.scores.data(), persons_);
    }
    treat_missing(sample);
  }

 private:
  static std::vector<int64_t> all_clips(const AnnotationStore& store) {
    std::vector<int64_t> clips(static_cast<size_t>(store.num_clips()));
    std::iota(clips.begin(), clips.end(), 0);
    return clips;
  }

  void treat_missing(Sample& sample) const {
    KeypointArray& x = sample.keypoints;
    for (size_t i = 0; i < x.values.size(); ++i) {
      if (std::isfinite(x.values[i])) continue;
      if (options_.missing == "zero") {
        x.values[i] = 0;
        continue;
      }
      const auto at = static_cast<int64_t>(i) / x.channels;
      throw DataError(Fault{
          fmt::format("{}: clip {}, person {}, frame {}, joint {} ({})", info_.source, sample.id,
                      at / (x.joints * x.frames), at / x.joints % x.frames, at % x.joints,
                      info_.skeleton.joints[static_cast<size_t>(at % x.joints)]),
          fmt::format("the coordinate is {}", x.values[i]), "a finite number",
          "Mend the source and import again, or set the data set's 'missing: zero'."});
    }
  }

  Options options_;
  AnnotationStore store_;
  std::vector<int64_t> clips_;
  int64_t persons_ = 1;
  DataInfo info_;
};

KINEGRAPH_REGISTER(Dataset, "store", Store, "a split of an annotation store")

}  // namespace
}  // namespace kinegraph
