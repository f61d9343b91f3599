#include "framework/eval/report.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/base/text.h"
#include "framework/eval/text_table.h"
#include "tests/framework/eval/toy_scores.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

/// `classes` classes with long names and `support` clips each; some are taken for the next class.
Scores many_class_scores(int64_t classes, int64_t support) {
  std::vector<int64_t> truth, predicted;
  std::vector<std::string> names;
  for (int64_t label = 0; label < classes; ++label) {
    names.push_back(fmt::format("class {} with a name that is long, as in NTU RGB+D 120", label));
    for (int64_t i = 0; i < support; ++i) {
      truth.push_back(label);
      predicted.push_back(i < 3 + label % 7 ? (label + 1) % classes : label);
    }
  }
  return toy_scores(truth, predicted, names);
}

size_t longest_line(const std::string& text) {
  size_t longest = 0;
  for (const auto& line : split(text, '\n')) longest = std::max(longest, display_width(line));
  return longest;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(FormatReport, ShowsThreeClassesInFull) {
  EXPECT_EQ(format_report(report_of(imbalanced_scores(), kAllMetrics)), R"(7 clips, 3 classes

top1                0.7143
top5                1.0000
mean_class          0.7500
precision_macro     0.6667
recall_macro        0.7500
f1_macro            0.6746
precision_micro     0.7143
recall_micro        0.7143
f1_micro            0.7143
precision_weighted  0.7857
recall_weighted     0.7143
f1_weighted         0.7279

class  support  precision  recall      f1  accuracy
drink        4     1.0000  0.7500  0.8571    0.7500
eat          2     0.5000  0.5000  0.5000    0.5000
wave         1     0.5000  1.0000  0.6667    1.0000

most confused (truth -> predicted)  clips  of class
drink -> eat                            1    25.0 %
eat -> wave                             1    50.0 %

confusion matrix, clips (rows: truth, columns: predicted)
         0  1  2
0 drink  3  1  .
1 eat    .  1  1
2 wave   .  .  1
)");
}

TEST(FormatReport, ShowsOnlyWhatWasComputed) {
  const Scores scores = toy_scores({0, 1}, {0, 1}, {"a", "b"});
  EXPECT_EQ(format_report(report_of(scores, {})),
            "2 clips, 2 classes\n"
            "\n"
            "Every clip is classified correctly.\n");
}

TEST(FormatReport, MarksValuesThatShouldBeLow) {
  MetricReport report(toy_scores({0}, {0}, {"a"}));
  report.add("loss", 12.5, false);
  report.add("top1", 1);
  EXPECT_EQ(format_report(report),
            "1 clip, 1 class\n"
            "\n"
            "loss  12.5000  lower is better\n"
            "top1   1.0000\n"
            "\n"
            "Every clip is classified correctly.\n");
}

TEST(FormatReport, FitsTheLineAtAnyNumberOfClasses) {
  for (const int64_t classes : {10, 20, 60, 120})
    for (const std::string matrix : {"none", "true"}) {
      const auto report =
          report_of(many_class_scores(classes, 50),
                    {"precision_recall_f1", "mean_class_accuracy",
                     fmt::format("{{type: confusion_matrix, normalize: {}}}", matrix)});
      EXPECT_LE(longest_line(format_report(report)), 100u) << classes << matrix;
    }
}

TEST(FormatReport, ShowsTheMatrixOfTwentyClasses) {
  const auto text = format_report(report_of(many_class_scores(20, 50), kAllMetrics));
  EXPECT_TRUE(has(text, "confusion matrix, clips (rows: truth, columns: predicted)\n"));
}

TEST(FormatReport, LeavesOutAMatrixThatDoesNotFit) {
  const auto of = [](int64_t classes, int64_t support) {
    return format_report(report_of(many_class_scores(classes, support), {"confusion_matrix"}));
  };
  EXPECT_TRUE(has(of(21, 10),
                  "\nThe confusion matrix of 21 classes is too wide to show here; the files have "
                  "it.\n"));
  EXPECT_TRUE(has(of(20, 2000), "too wide"));
}

TEST(FormatReport, ShowsFiveConfusedPairs) {
  const auto text = format_report(report_of(many_class_scores(12, 20), {"top_k_accuracy"}));
  const auto lines = split(text.substr(text.find("most confused")), '\n');
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[0],
            "most confused (truth -> predicted)                                        clips  of "
            "class");
  EXPECT_EQ(lines[1],
            "class 6 with a name that is lon... -> class 7 with a name that is lon...      9    "
            "45.0 %");
}

TEST(FormatReport, ShowsSharesAsPercents) {
  const auto text =
      format_report(report_of(imbalanced_scores(), {"{type: confusion_matrix, normalize: true}"}));
  EXPECT_TRUE(has(text,
                  "confusion matrix, percent of the true class (rows: truth, columns: predicted)\n"
                  "          0   1    2\n"
                  "0 drink  75  25    .\n"
                  "1 eat     .  50   50\n"
                  "2 wave    .   .  100\n"))
      << text;
}

TEST(ReportCsv, HasOneLineForEachValue) {
  const auto report = report_of(imbalanced_scores(), {"{type: top_k_accuracy, k: [1, 3]}"});
  EXPECT_EQ(metrics_csv(report),
            "metric,value,higher_is_better\n"
            "top1,0.7142857142857143,true\n"
            "top3,1,true\n");
}

TEST(ReportCsv, QuotesClassNames) {
  const Scores scores = toy_scores({0, 1, 1}, {0, 1, 0}, {"eat, or \"dine\"", "wave\nback"});
  const auto report = report_of(scores, {"mean_class_accuracy"});
  EXPECT_EQ(per_class_csv(report),
            "class,support,predicted,precision,recall,f1,accuracy\n"
            "\"eat, or \"\"dine\"\"\",1,2,,,,1\n"
            "\"wave\nback\",2,1,,,,0.5\n");
  EXPECT_EQ(confusion_matrix_csv(report),
            "truth / predicted,\"eat, or \"\"dine\"\"\",\"wave\nback\"\n"
            "\"eat, or \"\"dine\"\"\",1,0\n"
            "\"wave\nback\",1,1\n");
}

TEST(ReportCsv, HasTheNormalizedMatrix) {
  const auto report = report_of(toy_scores({0, 0, 1, 1}, {0, 0, 1, 0}, {"a", "b"}),
                                {"{type: confusion_matrix, normalize: true}"});
  EXPECT_EQ(confusion_matrix_csv(report), "truth / predicted,a,b\na,1,0\nb,0.5,0.5\n");
}

TEST(ReportJson, HoldsEverything) {
  const Scores scores = imbalanced_scores();
  const auto json = nlohmann::json::parse(
      report_json(report_of(scores, {"top_k_accuracy", "precision_recall_f1",
                                     "{type: confusion_matrix, normalize: true}"})));
  EXPECT_EQ(json["clips"], 7);
  EXPECT_EQ(json["scores_sha256"], sha256_of(scores));
  EXPECT_EQ(json["metrics"]["top1"]["value"], 5.0 / 7);
  EXPECT_EQ(json["metrics"]["top1"]["higher_is_better"], true);
  EXPECT_EQ(json["metrics"].size(), 11u);
  EXPECT_EQ(json["classes"][0], (nlohmann::json{{"name", "drink"},
                                                {"support", 4},
                                                {"predicted", 3},
                                                {"precision", 1.0},
                                                {"recall", 0.75},
                                                {"f1", 6.0 / 7},
                                                {"accuracy", nullptr}}));
  EXPECT_EQ(json["confusion_matrix"], nlohmann::json::parse(R"({"normalize": "true",
                                      "counts": [[3, 1, 0], [0, 1, 1], [0, 0, 1]],
                                      "values": [[0.75, 0.25, 0.0], [0.0, 0.5, 0.5],
                                                 [0.0, 0.0, 1.0]]})"));
}

TEST(ReportJson, SurvivesANameThatIsNotUtf8) {
  const MetricReport report(toy_scores({0}, {0}, {"a\xff"}));
  const auto json = nlohmann::json::parse(report_json(report));
  EXPECT_EQ(json["classes"][0]["name"], "a\xEF\xBF\xBD");
  EXPECT_FALSE(json["confusion_matrix"].contains("values"));
}

/// What read_report() says about this text.
std::string fault_of_report(const std::string& text) {
  const TempDir folder;
  const fs::path path = folder.write("report.json", text);
  std::string message = thrown_message<DataError>([&] { read_report(path); });
  return message.replace(0, std::min(message.size(), path.string().size()), "FILE");
}

TEST(ReadReport, GivesBackWhatWasWritten) {
  const TempDir folder;
  for (const std::string metric : {"precision_recall_f1", "mean_class_accuracy"}) {
    const auto report =
        report_of(imbalanced_scores(), {metric, "{type: confusion_matrix, normalize: true}"});
    const auto path = folder.write("report.json", report_json(report));
    EXPECT_EQ(report_json(read_report(path)), report_json(report));
  }
}

TEST(ReadReport, RefusesWhatIsNoReport) {
  const std::string expected =
      "; expected a report as `kinegraph test` writes it\n  Make the report again.";
  EXPECT_EQ(fault_of_report("[1"), "FILE, byte 2: not valid JSON" + expected);
  EXPECT_EQ(fault_of_report("[1]"), "FILE: no JSON object" + expected);
  EXPECT_EQ(fault_of_report(R"({"classes": []})"), "FILE: no classes" + expected);
  const auto with_counts = [](const std::string& counts) {
    return R"({"classes": [{"name": "a"}, {"name": "b"}], "scores_sha256": "", "metrics": {},
               "confusion_matrix": {"normalize": "none", "counts": )" +
           counts + "}}";
  };
  EXPECT_EQ(fault_of_report(with_counts("[]")), "FILE: an empty confusion matrix" + expected);
  EXPECT_EQ(fault_of_report(with_counts("[[1, 2]]")),
            "FILE: a confusion matrix that is not 2 x 2" + expected);
  for (const std::string cell : {"-1", "1.5", "1e300", "\"x\"", "18446744073709551615", "null"})
    EXPECT_EQ(fault_of_report(with_counts("[[1, 2], [" + cell + ", 0]]")),
              "FILE: a confusion matrix with " + nlohmann::json::parse(cell).dump() + expected);
}

TEST(ReadReport, NamesTheFileWhenAKeyIsMissing) {
  const std::string message = fault_of_report(R"({"classes": [{"name": 7}]})");
  EXPECT_EQ(message.find("FILE: "), 0u) << message;
  EXPECT_TRUE(has(message, "; expected a report as `kinegraph test` writes it")) << message;
}

TEST(WriteReport, WritesTheMatrixOnlyWhereAskedFor) {
  const fs::path folder =
      fs::path(testing::TempDir()) / fmt::format("kinegraph_report_{}", ::getpid());
  const auto report = report_of(imbalanced_scores(), {"mean_class_accuracy"});
  write_report(report, folder / "plain");
  EXPECT_FALSE(fs::exists(folder / "plain" / "confusion_matrix.csv"));
  EXPECT_EQ(read_file(folder / "plain" / "metrics.csv"), metrics_csv(report));
  EXPECT_EQ(read_file(folder / "plain" / "per_class.csv"), per_class_csv(report));
  EXPECT_EQ(read_file(folder / "plain" / "report.json"), report_json(report));

  const auto full = report_of(imbalanced_scores(), {"confusion_matrix"});
  write_report(full, folder / "full");
  EXPECT_EQ(read_file(folder / "full" / "confusion_matrix.csv"), confusion_matrix_csv(full));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace kinegraph
