#include <algorithm>
#include <numeric>

#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// Persons listed frame by frame, as found (Kinetics-400), become M rows: (M, T, V, C) ->
/// (M', T', V, C), as PYSKL's DecompressPose does.
///
/// Persons below the box score are left out; those of a frame keep their order. Where the fullest
/// frame has more than max_persons, the persons of every frame are ordered by the sum of their
/// joint scores and the best are kept. M' is what the fullest frame keeps, T' the frames with
/// anybody in them (or T without `squeeze`).
class DecompressPose : public Transform {
 public:
  struct Options {
    int64_t max_persons = 10;
    double box_threshold = 0;
    bool squeeze = true;

    template <class Fields>
    void describe(Fields& field) {
      field("max_persons", max_persons, "most persons in one frame", Range{1, 1000});
      field("box_threshold", box_threshold, "least confidence of a person; 0 keeps all",
            Range{0, 1});
      field("squeeze", squeeze, "drop frames without anybody");
    }
  };

  DecompressPose(const Options& options, const Context&) : options_(options) {}

  void apply(Sample& sample, RandomSource&) const override {
    if (sample.frame_persons.empty())
      throw clip_error(sample, "decompress_pose", "persons listed frame by frame",
                       "The step is for stores of the person layout frame_persons.");
    if (options_.box_threshold > 0 && sample.box_scores.empty())
      throw clip_error(sample, "decompress_pose", "box scores, or box_threshold: 0",
                       "Import the data with box scores.", "no box scores");
    auto kept = persons_kept(sample);
    if (std::all_of(kept.begin(), kept.end(), [](const auto& list) { return list.empty(); }))
      throw clip_error(sample, "decompress_pose", "a person in at least one frame",
                       "Leave the clip out of the split, or lower 'box_threshold'.",
                       fmt::format("nobody in {} frames", sample.keypoints.frames));
    if (options_.squeeze) drop_empty_frames(sample, kept);
    rebuild(sample, kept);
  }

 private:
  using PersonLists = std::vector<std::vector<int64_t>>;  // of each frame

  PersonLists persons_kept(const Sample& sample) const {
    const int64_t num_frames = sample.keypoints.frames;
    PersonLists kept(static_cast<size_t>(num_frames));
    size_t fullest = 0;
    for (int64_t t = 0; t < num_frames; ++t) {
      auto& list = kept[static_cast<size_t>(t)];
      for (int64_t m = 0; m < sample.frame_persons[static_cast<size_t>(t)]; ++m)
        if (options_.box_threshold == 0 ||
            sample.box_scores[static_cast<size_t>(m * num_frames + t)] >= options_.box_threshold)
          list.push_back(m);
      fullest = std::max(fullest, list.size());
    }
    const auto most = static_cast<size_t>(options_.max_persons);
    if (fullest <= most) return kept;
    for (int64_t t = 0; t < num_frames; ++t) {
      auto& list = kept[static_cast<size_t>(t)];
      sort_by_score(sample, t, list);
      if (list.size() > most) list.resize(most);
    }
    return kept;
  }

  static void sort_by_score(const Sample& sample, int64_t t, std::vector<int64_t>& list) {
    const KeypointArray& x = sample.keypoints;
    if (sample.scores.empty()) return;
    std::vector<double> sums(static_cast<size_t>(x.persons));
    for (const int64_t m : list) {
      const auto row = sample.scores.begin() + (m * x.frames + t) * x.joints;
      sums[static_cast<size_t>(m)] = std::accumulate(row, row + x.joints, 0.0);
    }
    std::stable_sort(list.begin(), list.end(), [&](int64_t a, int64_t b) {
      return sums[static_cast<size_t>(a)] > sums[static_cast<size_t>(b)];
    });
  }

  static void drop_empty_frames(Sample& sample, PersonLists& kept) {
    std::vector<int64_t> frames;
    for (size_t t = 0; t < kept.size(); ++t)
      if (!kept[t].empty()) frames.push_back(static_cast<int64_t>(t));
    sample.select_frames(frames);
    kept.erase(std::remove_if(kept.begin(), kept.end(), [](auto& list) { return list.empty(); }),
               kept.end());
  }

  static void rebuild(Sample& sample, const PersonLists& kept) {
    KeypointArray& x = sample.keypoints;
    int64_t persons = 0;
    for (const auto& list : kept) persons = std::max(persons, static_cast<int64_t>(list.size()));
    const auto regroup = [&](std::vector<double>& values, int64_t row) {
      if (values.empty()) return;
      std::vector<double> grouped(static_cast<size_t>(persons * x.frames * row));
      for (int64_t t = 0; t < x.frames; ++t) {
        const auto& list = kept[static_cast<size_t>(t)];
        for (size_t m = 0; m < list.size(); ++m)
          std::copy_n(values.begin() + (list[m] * x.frames + t) * row, row,
                      grouped.begin() + (static_cast<int64_t>(m) * x.frames + t) * row);
      }
      values = std::move(grouped);
    };
    regroup(sample.scores, x.joints);
    regroup(sample.box_scores, 1);
    regroup(x.values, x.joints * x.channels);
    x.persons = persons;
    sample.frame_persons.clear();
  }

  Options options_;
};

KINEGRAPH_REGISTER(Transform, "decompress_pose", DecompressPose,
                   "Kinetics-400: persons listed frame by frame become rows, the best are kept")

}  // namespace
}  // namespace kinegraph
