#include "framework/eval/charts.h"

#include <gtest/gtest.h>

#include "framework/base/file.h"
#include "tests/framework/eval/toy_run.h"

namespace kinegraph {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::vector<std::string> names_of(const std::vector<Figure>& figures) {
  std::vector<std::string> names;
  for (const auto& figure : figures) names.push_back(figure.name);
  return names;
}

TrainingLog toy_training_log() {
  const TempDir folder;
  return read_training_log(folder.write("log.jsonl", toy_log()));
}

TEST(MetricTitle, IsForPeople) {
  EXPECT_EQ(metric_title("top1"), "Top-1");
  EXPECT_EQ(metric_title("top10"), "Top-10");
  EXPECT_EQ(metric_title("mean_class"), "mean class");
  EXPECT_EQ(metric_title("f1_macro"), "F1 macro");
  EXPECT_EQ(metric_title("topology"), "topology");
}

TEST(TrainingCharts, ShowWhatTheLogHas) {
  TrainingLog log = toy_training_log();
  EXPECT_EQ(names_of(training_charts(log)),
            std::vector<std::string>({"loss", "accuracy", "learning_rate"}));
  log.learning_rate.clear();
  EXPECT_EQ(names_of(training_charts(log)), std::vector<std::string>({"loss", "accuracy"}));
  EXPECT_TRUE(training_charts(TrainingLog()).empty());
}

TEST(TrainingCharts, DrawAccuraciesInPercent) {
  const std::string commands = training_charts(toy_training_log())[1].commands;
  EXPECT_TRUE(has(commands, "$line1 << END\n1 50\n2 75\n3 50\nEND\n")) << commands;
  EXPECT_TRUE(has(commands, "title 'Validation Top-1'"));
  EXPECT_TRUE(has(commands, "title 'Validation mean class'"));
}

TEST(TrainingCharts, LeaveOutMetricsThatAreNoShares) {
  TrainingLog log = toy_training_log();
  log.metrics.push_back({"distance", {{1, 17}}});
  EXPECT_FALSE(has(training_charts(log)[1].commands, "distance"));
}

TEST(ClassCharts, NameEveryClass) {
  for (const size_t classes : {2u, 10u, 60u, 120u}) {
    const auto figures = class_charts(named_report(many_names(classes)));
    ASSERT_EQ(names_of(figures), std::vector<std::string>({"confusion_matrix", "class_accuracy"}));
    for (size_t label = 0; label < classes; ++label) {
      const std::string tic = classes <= 25 ? fmt::format("('do {0}' {0})", label)
                                            : fmt::format("('{0} do {0}' {0})", label);
      EXPECT_TRUE(has(figures[0].commands, tic)) << classes << tic;
      EXPECT_TRUE(has(figures[1].commands, tic.substr(0, tic.find("' ") + 2))) << classes << tic;
    }
  }
}

TEST(ClassCharts, NumberCellsOfFewClasses) {
  EXPECT_TRUE(
      has(class_charts(named_report(many_names(10)))[0].commands, "set label '90' at 1,1 center"));
  EXPECT_FALSE(has(class_charts(named_report(many_names(60)))[0].commands, "set label '90'"));
}

TEST(ClassCharts, MakeRoomForLongNames) {
  const double small = class_charts(named_report({"a", "b"}))[0].width_in;
  const double large = class_charts(named_report({"a", std::string(25, 'W')}))[0].width_in;
  EXPECT_GT(large - small, 25 * 0.95 * kFigureFontPt / 72);
}

TEST(ClassCharts, LeaveRoomForBarsBesideLongNames) {
  EXPECT_EQ(class_charts(named_report({"a", "b"}))[1].width_in, 3.5);
  const double name_in = 27 * kFigureFontPt / 72;
  EXPECT_GT(class_charts(named_report({"a", std::string(40, 'W')}))[1].width_in, name_in + 1.4);
}

TEST(ClassCharts, CutEndlessNames) {
  const auto figures = class_charts(named_report({"a", std::string(5000, 'b')}));
  EXPECT_LT(figures[0].width_in, 8);
  EXPECT_TRUE(has(figures[0].commands, "bbb...'"));
}

TEST(ClassCharts, SortByAccuracyAndLeaveOutClassesWithoutClips) {
  const auto report = report_of(toy_scores({0, 0, 2, 2}, {0, 1, 2, 2}, {"a", "b", "c"}), {});
  EXPECT_TRUE(has(class_charts(report)[1].commands,
                  "$bars << END\n0 100.0000\n1 50.0000\nEND\nset ytics ()\n"
                  "set ytics add ('c' 0)\nset ytics add ('a' 1)\n"));
}

}  // namespace
}  // namespace kinegraph
