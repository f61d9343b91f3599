#include "framework/eval/training_log.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

std::string train_line(int64_t epoch, int64_t iteration, double loss) {
  return fmt::format(
      "{{\"event\":\"train\",\"epoch\":{},\"iteration\":{},\"loss\":{},\"learning_rate\":0.1}}\n",
      epoch, iteration, loss);
}

const std::string kEpoch =
    R"({"event":"val","epoch":1,"iteration":4,"top1":0.5,"mean_class":0.25,"scores_sha256":"ab"}
{"event":"epoch","epoch":1,"iteration":4,"loss":2.5,"train_top1":0.75,"seconds":8.5,"clips_per_s":3}
)";

TEST(TrainingLog, HasTheCurves) {
  const TempDir folder;
  const auto log = read_training_log(
      folder.write("log.jsonl", train_line(1, 2, 3) + train_line(1, 4, 2) + kEpoch));
  EXPECT_EQ(log.epochs, 1);
  EXPECT_EQ(log.seconds, 8.5);
  ASSERT_EQ(log.step_loss.size(), 2u);
  EXPECT_EQ(log.step_loss[0].epoch, 0.5);
  EXPECT_EQ(log.step_loss[0].value, 3);
  EXPECT_EQ(log.learning_rate[1].epoch, 1);
  EXPECT_EQ(log.learning_rate[1].value, 0.1);
  EXPECT_EQ(log.epoch_loss[0].value, 2.5);
  EXPECT_EQ(log.training_accuracy[0].value, 0.75);
  ASSERT_EQ(log.metrics.size(), 2u);
  EXPECT_EQ(log.metrics[0].name, "top1");
  EXPECT_EQ(log.metrics[1].name, "mean_class");
  EXPECT_EQ(log.metrics[1].curve[0].value, 0.25);
}

TEST(TrainingLog, IsThinnedToMeans) {
  const TempDir folder;
  std::string text;
  for (int64_t step = 1; step <= 1000; ++step) text += train_line(1, step, step % 2 == 0 ? 1 : 3);
  const auto log = read_training_log(folder.write(
      "log.jsonl", text +
                       R"({"event":"epoch","epoch":1,"iteration":1000,"loss":2,"train_top1":1,)" +
                       "\"seconds\":1}\n"));
  ASSERT_EQ(log.step_loss.size(), 500u);
  for (const auto& point : log.step_loss) EXPECT_EQ(point.value, 2);
  EXPECT_DOUBLE_EQ(log.step_loss.front().epoch, 0.0015);
}

TEST(TrainingLog, LeavesOutALineThatIsStillBeingWritten) {
  const TempDir folder;
  const auto log = read_training_log(folder.write("log.jsonl", kEpoch + "{\"event\":\"tr"));
  EXPECT_EQ(log.epochs, 1);
}

TEST(TrainingLog, IsEmptyBeforeTheFirstEpochIsFinished) {
  const TempDir folder;
  const auto log = read_training_log(folder.write("log.jsonl", train_line(1, 2, 3)));
  EXPECT_EQ(log.epochs, 0);
  EXPECT_TRUE(log.step_loss.empty());
}

TEST(TrainingLog, NamesADamagedLine) {
  const TempDir folder;
  const auto path = folder.write("log.jsonl", kEpoch + "[1]\n" + kEpoch);
  EXPECT_EQ(thrown_message<DataError>([&] { read_training_log(path); }),
            path.string() +
                ":3: no JSON object; expected a line as `kinegraph train` writes it\n"
                "  Is this the log of a run? Remove the line if it is damaged.");
}

TEST(TrainingLog, NamesALineWithoutItsNumbers) {
  const TempDir folder;
  const auto path = folder.write("log.jsonl", "{\"event\":\"train\",\"iteration\":\"two\"}\n");
  const std::string message = thrown_message<DataError>([&] { read_training_log(path); });
  EXPECT_EQ(message.find(path.string() + ":1: "), 0u) << message;
  EXPECT_NE(message.find("expected a line as `kinegraph train` writes it"), message.npos)
      << message;
}

TEST(TrainingLog, RefusesAnEpochThatIsNoCount) {
  const TempDir folder;
  for (const std::string epoch : {"1e20", "1.5"}) {
    const auto path = folder.write(
        "log.jsonl", "{\"event\":\"epoch\",\"epoch\":" + epoch + ",\"iteration\":10}\n");
    const std::string message = thrown_message<DataError>([&] { read_training_log(path); });
    EXPECT_EQ(message.find(path.string() + ":1: "), 0u) << message;
  }
}

}  // namespace
}  // namespace kinegraph
