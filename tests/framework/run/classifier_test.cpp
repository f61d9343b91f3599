#include "framework/run/classifier.h"

#include <cmath>

#include "framework/run/scoring.h"
#include "tests/support/thrown_message.h"
#include "tests/support/tiny_training.h"

namespace kinegraph {
namespace {

/// A clip of the tiny store, as somebody else holds it in memory.
Sample sample_of(const TinyStore& store, int64_t index) {
  const Clip clip = store.clip(index);
  Sample sample;
  sample.id = clip.id;
  sample.keypoints.resize(clip.num_persons, clip.num_frames, store.skeleton.joint_count(),
                          static_cast<int64_t>(store.channels.size()));
  sample.keypoints.values = clip.keypoints;
  return sample;
}

/// A checkpoint of which all scores differ.
class ClassifierTest : public testing::Test {
 protected:
  explicit ClassifierTest(const TinyStore& store = {}) : store_(store), experiment_(store) {
    trainer_ = trained(experiment_, "run", {"model.heads.logits={type: gcn, init_std: 1}"});
  }

  std::string file() const { return (experiment_ / "run/last.pth").string(); }
  Classifier classifier() const { return Classifier(file(), "cpu"); }

  std::string fault_of(const Sample& clip) const {
    Classifier classifier = this->classifier();
    return thrown_message<DataError>([&] { classifier.probabilities(clip); });
  }

  /// On the clips 24..31, as `kinegraph test` has them.
  Scores tested() const {
    return softmax(score_clips(*trainer_->parts().model, *trainer_->parts().val_loader, {}));
  }

  void expect_same_as_tested() const {
    Classifier classifier = this->classifier();
    const Scores scores = tested();
    for (int64_t clip = 0; clip < scores.num_clips(); ++clip) {
      const auto p = classifier.probabilities(sample_of(store_, 24 + clip));
      ASSERT_EQ(p.size(), 4u);
      for (size_t k = 0; k < p.size(); ++k) EXPECT_NEAR(p[k], scores.row(clip)[k], 1e-6);
    }
  }

  TinyStore store_;
  TinyExperiment experiment_;
  std::unique_ptr<Trainer> trainer_;
};

TEST_F(ClassifierTest, GivesTheProbabilitiesOfTest) { expect_same_as_tested(); }

TEST_F(ClassifierTest, KnowsSkeletonAndClassesWithoutTheData) {
  std::filesystem::remove(experiment_.store());
  const Classifier classifier = this->classifier();
  EXPECT_EQ(classifier.skeleton(), tiny_skeleton());
  EXPECT_EQ(classifier.class_names(), TinyStore().classes);
}

TEST_F(ClassifierTest, OrdersTheBestClasses) {
  Classifier classifier = this->classifier();
  const Sample clip = sample_of(store_, 25);
  const auto p = classifier.probabilities(clip);
  const auto best = classifier.top_k(clip, 3), all = classifier.top_k(clip, 100);
  ASSERT_EQ(best.size(), 3u);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(best[0].second, *std::max_element(p.begin(), p.end()));
  double sum = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    sum += all[i].second;
    const auto label = std::find(store_.classes.begin(), store_.classes.end(), all[i].first);
    EXPECT_EQ(p[static_cast<size_t>(label - store_.classes.begin())], all[i].second);
    EXPECT_LE(all[i].second, all[i == 0 ? 0 : i - 1].second);
  }
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_TRUE(classifier.top_k(clip, 0).empty());
}

TEST_F(ClassifierTest, GivesTheSameAgain) {
  Classifier classifier = this->classifier();
  const Sample clip = sample_of(store_, 25);
  const auto first = classifier.probabilities(clip);
  classifier.probabilities(sample_of(store_, 26));
  EXPECT_EQ(classifier.probabilities(clip), first);
}

TEST_F(ClassifierTest, RefusesOtherJoints) {
  Sample clip = sample_of(store_, 25);
  clip.keypoints.resize(1, 8, 20, 3);
  EXPECT_EQ(fault_of(clip), file() +
                                ": clip clip25: 20 joints; expected the 7 of the skeleton 'tiny'\n"
                                "  Give the joints in the order of Classifier::skeleton().");
}

TEST_F(ClassifierTest, RefusesOtherChannels) {
  Sample clip = sample_of(store_, 25);
  clip.keypoints.resize(1, 8, 7, 2);
  EXPECT_EQ(fault_of(clip),
            file() +
                ": clip clip25: the pipeline gives 1x6x7x2 (M,T,V,C) for 'keypoints'; expected "
                "1x6x7x3, on which the model was trained\n"
                "  Give as many channels as the training data have, and no more persons.");
}

TEST_F(ClassifierTest, RefusesMorePersonsThanTheModelKnows) {
  Sample clip = sample_of(store_, 25);
  clip.keypoints.resize(2, 8, 7, 3);
  EXPECT_EQ(fault_of(clip),
            file() +
                ": clip clip25: the pipeline gives 2x6x7x3 (M,T,V,C) for 'keypoints'; expected "
                "1x6x7x3, on which the model was trained\n"
                "  Give as many channels as the training data have, and no more persons.");
}

TEST_F(ClassifierTest, RefusesAClipWithoutFrames) {
  Sample clip;
  clip.keypoints.resize(1, 0, 7, 3);
  EXPECT_EQ(fault_of(clip),
            file() +
                ": the clip: keypoints 1x0x7x3 (M,T,V,C); expected at least one person, frame and "
                "channel\n"
                "  See KeypointArray in framework/data/sample.h.");
}

TEST_F(ClassifierTest, RefusesMissingValues) {
  Sample clip = sample_of(store_, 25);
  clip.keypoints.values.pop_back();
  EXPECT_EQ(fault_of(clip),
            file() +
                ": clip clip25: 167 values; expected 168 for keypoints 1x8x7x3 (M,T,V,C)\n"
                "  See KeypointArray in framework/data/sample.h.");
}

TEST_F(ClassifierTest, RefusesScoresOfAnotherShape) {
  Sample clip = sample_of(store_, 25);
  clip.scores.assign(7, 1.0);
  EXPECT_EQ(fault_of(clip), file() +
                                ": clip clip25: 7 scores; expected none or 56\n"
                                "  See KeypointArray in framework/data/sample.h.");
}

TEST_F(ClassifierTest, RefusesCoordinatesThatAreNotFinite) {
  Sample clip = sample_of(store_, 25);
  *clip.keypoints.joint(0, 3, 2) = std::nan("");
  EXPECT_EQ(fault_of(clip),
            file() +
                ": clip clip25, person 0, frame 3, joint 2 (head): the coordinate is nan; expected "
                "a finite number\n"
                "  Give 0 for a joint that was not seen.");
}

TEST_F(ClassifierTest, RefusesAFileThatIsNoCheckpoint) {
  EXPECT_EQ(thrown_message<DataError>([&] { Classifier classifier(experiment_.store()); }),
            experiment_.store().string() +
                ": neither a zip file nor a pickle; expected a checkpoint of torch.save\n"
                "  Is this the right file, and was it downloaded completely?");
}

TinyStore store_of_pairs() {
  TinyStore store;
  store.persons = 2;
  return store;
}

class ClassifierOfPairs : public ClassifierTest {
 protected:
  ClassifierOfPairs() : ClassifierTest(store_of_pairs()) {}
};

TEST_F(ClassifierOfPairs, GivesTheProbabilitiesOfTest) { expect_same_as_tested(); }

TEST_F(ClassifierOfPairs, TakesAMissingPersonForZeros) {
  Sample one = sample_of(store_, 25);
  one.keypoints.persons = 1;
  one.keypoints.values.resize(one.keypoints.values.size() / 2);
  Sample padded = one;
  padded.keypoints.persons = 2;
  padded.keypoints.values.resize(2 * one.keypoints.values.size());
  Classifier classifier = this->classifier();
  EXPECT_EQ(classifier.probabilities(one), classifier.probabilities(padded));
  EXPECT_NE(classifier.probabilities(one), classifier.probabilities(sample_of(store_, 25)));
}

}  // namespace
}  // namespace kinegraph
