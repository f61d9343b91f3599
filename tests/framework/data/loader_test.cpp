#include "framework/data/loader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"
#include "tests/support/toy_clips.h"

namespace kinegraph {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

constexpr char kRandomSteps[] =
    "[random_view, {type: select_frames, rule: random, num_frames: 5},"
    " {type: stream, kind: joint_motion, output: motion}]";

/// Clips "clip0", "clip1", ... with label i % 4, 4 + i % 3 frames and values from i * 1000 on.
class ToyDataset : public Dataset {
 public:
  explicit ToyDataset(int64_t size, int64_t channels = 3) : size_(size), channels_(channels) {
    info_.source = "toy.h5";
    info_.skeleton = leg_skeleton();
  }
  const DataInfo& info() const override { return info_; }
  int64_t size() const override { return size_; }
  void read(int64_t index, Sample& sample) const override {
    sample.id = fmt::format("clip{}", index);
    if (index % 4 != 3) sample.labels = {index % 4};
    sample.keypoints.resize(1, has_equal_lengths ? 4 : 4 + index % 3, 3, channels_);
    auto& values = sample.keypoints.values;
    std::iota(values.begin(), values.end(), static_cast<double>(index) * 1000);
    if (index == poisoned_clip) values[poisoned_value] = poison;
  }

  bool has_equal_lengths = true;
  int64_t poisoned_clip = -1;
  size_t poisoned_value = 0;
  double poison = kNaN;

 private:
  int64_t size_, channels_;
  DataInfo info_;
};

/// Folds a clip into `clips` test clips: the frames one after another.
class Fold : public Transform {
 public:
  struct Options {
    int64_t clips = 2;
    template <class Fields>
    void describe(Fields& field) {
      field("clips", clips, "test clips");
    }
  };
  Fold(const Options& options, const Context&) : options_(options) {}
  void apply(Sample& sample, RandomSource&) const override { sample.num_clips = options_.clips; }

 private:
  Options options_;
};
KINEGRAPH_REGISTER(Transform, "fold", Fold, "for tests: several test clips")

/// Fails for one clip.
class FailFor : public Transform {
 public:
  struct Options {
    std::string id;
    template <class Fields>
    void describe(Fields& field) {
      field("id", id, "the clip");
    }
  };
  FailFor(const Options& options, const Context&) : options_(options) {}
  void apply(Sample& sample, RandomSource&) const override {
    if (sample.id == options_.id)
      throw DataError(Fault{"clip " + sample.id, "it is cursed", "", ""});
  }

 private:
  Options options_;
};
KINEGRAPH_REGISTER(Transform, "fail_for", FailFor, "for tests: an error in one clip")

LoaderOptions options_of(int64_t batch_size, int64_t workers = 0) {
  LoaderOptions options;
  options.batch_size = batch_size;
  options.workers = workers;
  options.seed = 5;
  return options;
}

LoaderOptions shuffled(LoaderOptions options) {
  options.shuffle = true;
  return options;
}

std::unique_ptr<Loader> make_loader(std::shared_ptr<const Dataset> dataset,
                                    const LoaderOptions& options, const std::string& steps = "[]") {
  return std::make_unique<Loader>(std::move(dataset), make_pipeline(steps), options);
}

std::unique_ptr<Loader> make_loader(int64_t size, const LoaderOptions& options,
                                    const std::string& steps = "[]") {
  return make_loader(std::make_shared<ToyDataset>(size), options, steps);
}

/// A batch with values of its own.
struct Copy {
  std::map<std::string, std::vector<float>> inputs;
  Integers labels, clip_to_sample, indices;
  std::vector<std::string> ids;

  explicit Copy(const Batch& batch)
      : clip_to_sample(batch.clip_to_sample), indices(batch.indices), ids(batch.ids) {
    for (const auto& [name, tensor] : batch.inputs) {
      EXPECT_TRUE(tensor.is_contiguous());
      inputs[name].assign(tensor.data_ptr<float>(), tensor.data_ptr<float>() + tensor.numel());
    }
    const int64_t* data = batch.labels.data_ptr<int64_t>();
    labels.assign(data, data + batch.labels.numel());
  }
  bool operator==(const Copy& other) const {
    return inputs == other.inputs && labels == other.labels && indices == other.indices &&
           clip_to_sample == other.clip_to_sample && ids == other.ids;
  }
};

std::vector<Copy> rest_of_epoch(Loader& loader) {
  std::vector<Copy> copies;
  while (const Batch* batch = loader.next()) copies.emplace_back(*batch);
  return copies;
}

std::vector<Copy> epoch_of(Loader& loader, uint64_t epoch, int64_t first_batch = 0) {
  loader.start(epoch, first_batch);
  return rest_of_epoch(loader);
}

Integers order_of(const std::vector<Copy>& batches) {
  Integers order;
  for (const auto& batch : batches)
    order.insert(order.end(), batch.indices.begin(), batch.indices.end());
  return order;
}

TEST(Loader, GivesTheSameForAnyNumberOfWorkersInEveryEpoch) {
  const auto alone = make_loader(23, shuffled(options_of(4, 0)), kRandomSteps);
  for (const int64_t workers : {1, 2, 4, 9}) {
    const auto loader = make_loader(23, shuffled(options_of(4, workers)), kRandomSteps);
    for (uint64_t epoch = 0; epoch < 4; ++epoch)
      EXPECT_TRUE(epoch_of(*alone, epoch) == epoch_of(*loader, epoch))
          << workers << " workers, epoch " << epoch;
  }
}

TEST(Loader, GivesTheSameForAnyPrefetchAndBatchSize) {
  const auto values_of = [](LoaderOptions options, int64_t prefetch) {
    options.prefetch = prefetch;
    const auto loader = make_loader(23, shuffled(options), kRandomSteps);
    std::vector<float> values;
    for (const auto& batch : epoch_of(*loader, 1))
      values.insert(values.end(), batch.inputs.at("keypoints").begin(),
                    batch.inputs.at("keypoints").end());
    return values;
  };
  const auto expected = values_of(options_of(4, 0), 2);
  EXPECT_EQ(values_of(options_of(4, 3), 0), expected);
  EXPECT_EQ(values_of(options_of(1, 3), 7), expected);
  EXPECT_EQ(values_of(options_of(100, 2), 1), expected);
}

// A worker that is slow to wake must not be overtaken by one that fills the same place of the ring.
TEST(Loader, ManyBatchesThroughFewPlacesKeepTheirOrder) {
  for (int trial = 0; trial < 100; ++trial) {
    LoaderOptions options = options_of(1, 3);
    options.prefetch = trial % 3;
    const Integers order = order_of(epoch_of(*make_loader(60, options), 0));
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
    EXPECT_EQ(order.size(), 60U);
  }
}

TEST(Loader, StartedInTheMiddleOfAnEpochGivesItsRest) {
  for (const int64_t workers : {0, 3}) {
    const auto loader = make_loader(23, shuffled(options_of(4, workers)), kRandomSteps);
    auto whole = epoch_of(*loader, 2);
    for (int64_t first = 0; first <= 6; ++first) {
      const std::vector<Copy> rest(whole.begin() + first, whole.end());
      EXPECT_TRUE(epoch_of(*loader, 2, first) == rest) << "from batch " << first;
    }
  }
}

TEST(Loader, StartedAgainInTheMiddleGivesTheWholeEpoch) {
  const auto loader = make_loader(23, shuffled(options_of(4, 2)), kRandomSteps);
  const auto whole = epoch_of(*loader, 0);
  loader->start(0);
  loader->next();
  loader->next();
  EXPECT_TRUE(epoch_of(*loader, 0) == whole);
}

TEST(Loader, AnEpochVisitsEverySampleOnce) {
  for (const int64_t workers : {0, 3}) {
    const auto loader = make_loader(23, shuffled(options_of(4, workers)));
    for (uint64_t epoch = 0; epoch < 5; ++epoch) {
      Integers order = order_of(epoch_of(*loader, epoch));
      std::sort(order.begin(), order.end());
      Integers all(23);
      std::iota(all.begin(), all.end(), 0);
      EXPECT_EQ(order, all);
    }
  }
}

TEST(Loader, ShufflesEveryEpochAnew) {
  const auto loader = make_loader(23, shuffled(options_of(4)));
  EXPECT_NE(order_of(epoch_of(*loader, 0)), order_of(epoch_of(*loader, 1)));
  LoaderOptions other_seed = shuffled(options_of(4));
  other_seed.seed = 6;
  EXPECT_NE(order_of(epoch_of(*loader, 0)), order_of(epoch_of(*make_loader(23, other_seed), 0)));
}

TEST(Loader, ShufflesEveryPlaceToEveryPlace) {
  const auto loader = make_loader(5, shuffled(options_of(5)));
  std::map<std::pair<int64_t, int64_t>, int> counts;
  for (uint64_t epoch = 0; epoch < 2000; ++epoch) {
    const Integers order = order_of(epoch_of(*loader, epoch));
    for (int64_t place = 0; place < 5; ++place)
      ++counts[{order[static_cast<size_t>(place)], place}];
  }
  EXPECT_EQ(counts.size(), 25U);
  for (const auto& [where, count] : counts) EXPECT_NEAR(count, 400, 80);
}

TEST(Loader, WithoutShufflingKeepsTheOrderOfTheData) {
  const auto loader = make_loader(7, options_of(3, 2));
  EXPECT_EQ(order_of(epoch_of(*loader, 9)), (Integers{0, 1, 2, 3, 4, 5, 6}));
}

TEST(Loader, RandomStepsDrawAnewInEveryEpoch) {
  const auto loader = make_loader(4, options_of(4), kRandomSteps);
  EXPECT_NE(epoch_of(*loader, 0)[0].inputs.at("keypoints"),
            epoch_of(*loader, 1)[0].inputs.at("keypoints"));
}

TEST(Loader, TheLastBatchHoldsWhatIsLeft) {
  const auto loader = make_loader(7, options_of(3, 2));
  EXPECT_EQ(loader->batches_per_epoch(), 3);
  const auto batches = epoch_of(*loader, 0);
  ASSERT_EQ(batches.size(), 3U);
  EXPECT_EQ(batches[2].ids, (std::vector<std::string>{"clip6"}));
  EXPECT_EQ(batches[2].inputs.at("keypoints").size(), 4U * 3 * 3);
  EXPECT_EQ(batches[2].labels, (Integers{2}));
  EXPECT_EQ(batches[2].clip_to_sample, (Integers{0}));
}

TEST(Loader, DropLastLeavesOutAnIncompleteBatchOnly) {
  LoaderOptions options = options_of(3, 2);
  options.drop_last = true;
  EXPECT_EQ(order_of(epoch_of(*make_loader(7, options), 0)), (Integers{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(make_loader(6, options)->batches_per_epoch(), 2);
  EXPECT_EQ(make_loader(2, options)->batches_per_epoch(), 0);
  EXPECT_TRUE(epoch_of(*make_loader(2, options), 0).empty());
}

TEST(Loader, ABatchHoldsEverySampleInItsPlace) {
  const auto loader = make_loader(5, options_of(5));
  loader->start(0);
  const Batch* batch = loader->next();
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->size(), 5);
  EXPECT_EQ(batch->ids, (std::vector<std::string>{"clip0", "clip1", "clip2", "clip3", "clip4"}));
  const at::Tensor& keypoints = batch->inputs.at("keypoints");
  EXPECT_EQ(keypoints.sizes(), (at::IntArrayRef{5, 1, 4, 3, 3}));
  EXPECT_EQ(keypoints.scalar_type(), at::kFloat);
  for (int64_t row = 0; row < 5; ++row)
    for (int64_t i = 0; i < 36; ++i)
      EXPECT_EQ(keypoints.data_ptr<float>()[row * 36 + i], static_cast<float>(row * 1000 + i));
}

TEST(Loader, ASampleWithoutLabelHasMinusOne) {
  EXPECT_EQ(epoch_of(*make_loader(5, options_of(5)), 0)[0].labels, (Integers{0, 1, 2, -1, 0}));
}

TEST(Loader, KnowsTheShapeOfEveryInput) {
  const auto loader = make_loader(5, options_of(2), kRandomSteps);
  const std::map<std::string, Integers> expected{{"keypoints", {1, 5, 3, 3}},
                                                 {"motion", {1, 5, 3, 3}}};
  EXPECT_EQ(loader->input_shapes(), expected);
}

TEST(Loader, FurtherInputsStandBesideTheKeypoints) {
  const auto loader =
      make_loader(5, options_of(3, 2), "[{type: stream, kind: joint_motion, output: motion}]");
  const auto batches = epoch_of(*loader, 0);
  ASSERT_EQ(batches.size(), 2U);
  for (const auto& batch : batches) {
    const auto &keypoints = batch.inputs.at("keypoints"), &motion = batch.inputs.at("motion");
    ASSERT_EQ(motion.size(), keypoints.size());
    for (size_t i = 0; i < motion.size(); ++i) EXPECT_EQ(motion[i], i % 36 < 27 ? 9 : 0);
  }
}

TEST(Loader, FoldsTestClipsIntoRows) {
  const auto loader = make_loader(3, options_of(2, 2), "[{type: fold, clips: 2}]");
  EXPECT_EQ(loader->input_shapes().at("keypoints"), (Integers{1, 2, 3, 3}));
  const auto batches = epoch_of(*loader, 0);
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches[0].clip_to_sample, (Integers{0, 0, 1, 1}));
  EXPECT_EQ(batches[1].clip_to_sample, (Integers{0, 0}));
  EXPECT_EQ(batches[0].labels, (Integers{0, 1}));
  for (int64_t i = 0; i < 72; ++i)
    EXPECT_EQ(batches[0].inputs.at("keypoints")[static_cast<size_t>(i)],
              static_cast<float>(i / 36 * 1000 + i % 36));
}

/// Two persons, four frames, two test clips: row 1 is the second half of both persons.
TEST(Loader, ARowOfSeveralPersonsHoldsTheSameFramesOfEach) {
  class TwoPersons : public ToyDataset {
   public:
    using ToyDataset::ToyDataset;
    void read(int64_t, Sample& sample) const override {
      sample.id = "two";
      sample.keypoints.resize(2, 4, 1, 1);
      sample.keypoints.values = {0, 1, 2, 3, 10, 11, 12, 13};
    }
  };
  const auto loader = make_loader(std::make_shared<TwoPersons>(1), options_of(1), "[fold]");
  EXPECT_EQ(epoch_of(*loader, 0)[0].inputs.at("keypoints"),
            (std::vector<float>{0, 1, 10, 11, 2, 3, 12, 13}));
}

TEST(Loader, AnErrorInAWorkerComesOutOfNextAndNamesTheClip) {
  for (const int64_t workers : {0, 1, 3}) {
    const auto loader = make_loader(20, options_of(2, workers), "[{type: fail_for, id: clip7}]");
    loader->start(0);
    for (int batch = 0; batch < 3; ++batch) EXPECT_TRUE(loader->next());
    EXPECT_EQ(thrown_message<DataError>([&] { loader->next(); }), "clip clip7: it is cursed");
  }
}

TEST(Loader, AnErrorComesAgainAtEveryFurtherCall) {
  for (const int64_t workers : {0, 1, 3}) {
    const auto loader = make_loader(6, options_of(2, workers), "[{type: fail_for, id: clip3}]");
    loader->start(0);
    EXPECT_TRUE(loader->next());
    for (int call = 0; call < 3; ++call)
      EXPECT_EQ(thrown_message<DataError>([&] { loader->next(); }), "clip clip3: it is cursed");
  }
}

TEST(Loader, StartsAfreshAfterAnError) {
  for (const int64_t workers : {0, 3}) {
    const auto loader = make_loader(8, options_of(2, workers), "[{type: fail_for, id: clip3}]");
    for (uint64_t epoch = 0; epoch < 3; ++epoch) {
      loader->start(epoch);
      EXPECT_TRUE(loader->next());
      EXPECT_EQ(thrown_message<DataError>([&] { loader->next(); }), "clip clip3: it is cursed");
    }
    EXPECT_EQ(order_of(epoch_of(*loader, 0, 2)), (Integers{4, 5, 6, 7}));
  }
}

TEST(Loader, AnErrorThatIsNeverFetchedDoesNoHarm) {
  for (int trial = 0; trial < 50; ++trial) {
    const auto loader = make_loader(8, options_of(1, 3), "[{type: fail_for, id: clip1}]");
    loader->start(0);
    loader->next();
  }
}

TEST(Loader, StopsInTheMiddleOfAnEpochWithoutHanging) {
  for (int trial = 0; trial < 300; ++trial) {
    const auto loader = make_loader(16, shuffled(options_of(2, 1 + trial % 4)), kRandomSteps);
    loader->start(0);
    for (int batch = 0; batch < trial % 9; ++batch) loader->next();
    if (trial % 2 == 0) loader->start(1, trial % 7);
    if (trial % 3 == 0) loader->next();
  }
}

TEST(Loader, AfterTheEpochNextGivesNothing) {
  for (const int64_t workers : {0, 2}) {
    const auto loader = make_loader(4, options_of(2, workers));
    epoch_of(*loader, 0);
    EXPECT_EQ(loader->next(), nullptr);
    EXPECT_TRUE(epoch_of(*loader, 0, 2).empty());
  }
}

TEST(Loader, NextNeedsStart) {
  EXPECT_EQ(thrown_message<std::logic_error>([] { make_loader(4, options_of(2, 1))->next(); }),
            "Loader::next() without start()");
}

TEST(Loader, RefusesAnEmptySplit) {
  EXPECT_EQ(thrown_message<DataError>([] { make_loader(0, options_of(2)); }),
            "toy.h5: the split has no clips; expected at least one clip\n"
            "  Choose another split; the config's 'split' names it.");
}

TEST(Loader, RefusesClipsOfDifferentShape) {
  auto dataset = std::make_shared<ToyDataset>(4);
  dataset->has_equal_lengths = false;
  const auto loader = make_loader(dataset, options_of(4, 1));
  loader->start(0);
  EXPECT_EQ(thrown_message<DataError>([&] { loader->next(); }),
            "toy.h5: clip clip1: the pipeline gives 1 clips of 1x5x3x3 (M,T,V,C) for 'keypoints'; "
            "expected the same shape for every clip\n"
            "  End the pipeline with steps that fix the number of frames and persons.");
}

TEST(Loader, RefusesANaNAndSaysWhere) {
  auto dataset = std::make_shared<ToyDataset>(4);
  dataset->poisoned_clip = 2;
  dataset->poisoned_value = (3 * 3 + 1) * 3 + 2;
  const auto loader = make_loader(dataset, options_of(4, 2));
  loader->start(0);
  EXPECT_EQ(thrown_message<DataError>([&] { loader->next(); }),
            "toy.h5: clip clip2, person 0, frame 3, joint 1: the pipeline gives a value that is "
            "not finite for 'keypoints'; expected finite coordinates\n"
            "  Look for a division by an empty range in the transforms of this split.");
}

TEST(Loader, CountsFramesOverAllTestClips) {
  auto dataset = std::make_shared<ToyDataset>(1);
  dataset->poisoned_clip = 0;
  dataset->poisoned_value = 3 * 9;
  dataset->poison = -std::numeric_limits<double>::infinity();
  const auto loader = make_loader(dataset, options_of(1), "[fold]");
  loader->start(0);
  const std::string error = thrown_message<DataError>([&] { loader->next(); });
  EXPECT_EQ(error.find("toy.h5: clip clip0, person 0, frame 3, joint 0: "), 0U) << error;
}

TEST(Loader, RefusesWhatIsTooLargeForAFloat) {
  auto dataset = std::make_shared<ToyDataset>(1);
  dataset->poisoned_clip = 0;
  dataset->poison = 1e39;
  const auto loader = make_loader(dataset, options_of(1));
  loader->start(0);
  const std::string error = thrown_message<DataError>([&] { loader->next(); });
  EXPECT_EQ(error.find("toy.h5: clip clip0, person 0, frame 0, joint 0: "), 0U) << error;
}

TEST(Loader, RefusesAClipThatLacksAnInput) {
  class MotionForTheFirst : public ToyDataset {
   public:
    using ToyDataset::ToyDataset;
    void read(int64_t index, Sample& sample) const override {
      ToyDataset::read(index, sample);
      if (index == 0) sample.extra_input("motion") = sample.keypoints;
    }
  };
  const auto loader = make_loader(std::make_shared<MotionForTheFirst>(2), options_of(2));
  loader->start(0);
  EXPECT_EQ(thrown_message<DataError>([&] { loader->next(); }),
            "toy.h5: clip clip1: the pipeline gives 1 inputs; expected 2, as for the first clip");
}

}  // namespace
}  // namespace kinegraph
