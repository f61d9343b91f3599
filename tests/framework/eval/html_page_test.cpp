#include "framework/eval/html_page.h"

#include <gtest/gtest.h>

#include "tests/framework/eval/toy_run.h"

namespace kinegraph {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(EscapeHtml, LeavesNoMarkup) {
  EXPECT_EQ(escape_html("<a href=\"x\" title='y'>&</a>\n"),
            "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;&lt;/a&gt;\n");
  EXPECT_EQ(escape_html(std::string("a\0\x1B"
                                    "b",
                                    4)),
            "a\xEF\xBF\xBD\xEF\xBF\xBD"
            "b");
}

TEST(InlineSvg, PrefixesIdsAndDropsTheProlog) {
  EXPECT_EQ(inline_svg("<?xml version=\"1.0\"?>\n<svg><path id='p' d=''/><use xlink:href='#p'/>"
                       "<text> id='p'</text></svg>",
                       "loss-"),
            "<svg><path id='loss-p' d=''/><use xlink:href='#loss-p'/><text> id='p'</text></svg>");
}

TEST(InlineSvg, DropsTitles) {
  EXPECT_EQ(inline_svg("<svg><title>Gnuplot</title><g><title>$x using 1:2</title><text>a</text></g>"
                       "</svg>",
                       ""),
            "<svg><g><text>a</text></g></svg>");
  EXPECT_EQ(inline_svg("<svg><title>cut", ""), "<svg>");
  EXPECT_EQ(inline_svg("<svg><title>", ""), "<svg>");
}

TEST(ValueText, ShowsSharesAsPercents) {
  EXPECT_EQ(value_text({"top1", 0.87715, true}), "87.72 %");
  EXPECT_EQ(value_text({"loss", 0.5, false}), "0.5000");
  EXPECT_EQ(value_text({"gain", 12.5, true}), "12.5000");
}

TEST(ConfusedSection, ShowsTenPairs) {
  const std::string text = confused_section(named_report(many_names(60)));
  size_t rows = 0;
  for (size_t at = text.find("<tr><td>"); at != text.npos; at = text.find("<tr><td>", at + 1))
    ++rows;
  EXPECT_EQ(rows, 10u);
  EXPECT_TRUE(has(text, "<tr><td>do 6</td><td>do 7</td><td class=\"number\">6</td>")) << text;
}

TEST(ConfusedSection, SaysWhenThereAreNone) {
  EXPECT_EQ(confused_section(report_of(toy_scores({0, 1}, {0, 1}, {"a", "b"}), {})),
            "<p>Every clip is classified correctly.</p>\n");
}

TEST(ClassSection, HasOnlyTheColumnsThatWereComputed) {
  const std::string text =
      class_section(report_of(toy_scores({0, 1}, {0, 1}, {"a", "b"}), {"mean_class_accuracy"}));
  EXPECT_TRUE(has(text, "<button>accuracy</button>"));
  EXPECT_FALSE(has(text, "<button>F1</button>"));
}

TEST(EnvironmentSection, ShowsTheLastStartAndTheEarlierOnes) {
  RunRecord record;
  record.starts = {
      {{{"command", "kinegraph train"}}, {}},
      {{{"command", "kinegraph train --resume"}}, {{"training", "a.h5", "24", "abc"}}}};
  const std::string text = environment_section(record);
  const size_t last = text.find("<code>kinegraph train --resume</code>"),
               earlier = text.find("Earlier starts of this run: 1");
  ASSERT_NE(last, text.npos);
  ASSERT_NE(earlier, text.npos);
  EXPECT_LT(last, earlier);
  EXPECT_TRUE(has(text,
                  "<td>training</td><td>a.h5</td><td class=\"number\">24</td>"
                  "<td><code>abc</code></td>"));
}

TEST(HtmlPage, NamesTheBestEpoch) {
  RunRecord record;
  record.report.emplace(named_report({"a", "b"}));
  const TempDir folder;
  record.log = read_training_log(folder.write("log.jsonl", toy_log()));
  EXPECT_TRUE(has(html_page(record, {}),
                  "Best Top-1 on the validation clips: <b>75.00 %</b> after epoch 2."));
}

TEST(HtmlPage, GivesTimesWithUnits) {
  RunRecord record;
  record.log.emplace();
  record.log->epochs = 1;
  for (const auto& [seconds, text] : {std::pair{4.6, "5 s"}, std::pair{185.0, "3 min 5 s"},
                                      std::pair{3600.0 * 44 + 1640, "44 h 27 min"}}) {
    record.log->seconds = seconds;
    EXPECT_TRUE(has(html_page(record, {}), std::string("training time<b>") + text + "</b>"));
  }
  EXPECT_TRUE(has(html_page(record, {}), "<p class=\"quiet\">1 epoch</p>"));
}

TEST(HtmlPage, SaysWhyThereAreNoCharts) {
  Drawings drawings;
  drawings.problem = "gnuplot failed: <x>";
  EXPECT_TRUE(has(html_page(RunRecord(), drawings),
                  "<p class=\"notice\">No charts: gnuplot failed: &lt;x&gt;</p>"));
}

TEST(HtmlPage, LeavesOutSectionsWithoutContent) {
  RunRecord record;
  record.title = "run";
  const std::string text = html_page(record, {});
  EXPECT_TRUE(has(text, "<h1>run</h1>"));
  EXPECT_FALSE(has(text, "<h2"));
}

}  // namespace
}  // namespace kinegraph
