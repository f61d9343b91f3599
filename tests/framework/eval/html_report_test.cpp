#include "framework/eval/html_report.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "tests/framework/eval/toy_run.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/no_programs.h"
#include "tests/support/thrown_message.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

size_t count(const std::string& text, const std::string& part) {
  size_t number = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++number;
  return number;
}

std::vector<std::string> files_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

class HtmlReport : public testing::Test {
 protected:
  std::string page_of(const MetricReport& report) {
    folder_.write("report.json", report_json(report));
    return read_file(write_html_report(folder_.path()));
  }

  TempDir folder_;
};

TEST_F(HtmlReport, NamesEveryClassInItsTable) {
  const std::string page = page_of(named_report(many_names(60)));
  for (const auto& name : many_names(60)) EXPECT_TRUE(has(page, "<td>" + name + "</td>")) << name;
}

TEST_F(HtmlReport, HoldsEveryFigure) {
  folder_.write("log.jsonl", toy_log());
  const std::string page = page_of(named_report({"a", "b"}));
  EXPECT_EQ(count(page, "<svg"), 5u);
  for (const char* name :
       {"loss", "accuracy", "learning_rate", "confusion_matrix", "class_accuracy"})
    EXPECT_TRUE(has(page, std::string("id=\"") + name + "\"")) << name;
}

TEST_F(HtmlReport, LeavesFiguresForPapers) {
  page_of(named_report({"a", "b"}));
  EXPECT_EQ(files_in(folder_.path()),
            std::vector<std::string>({"figures", "report.html", "report.json"}));
  EXPECT_EQ(files_in(folder_ / "figures"),
            std::vector<std::string>({"class_accuracy.pdf", "class_accuracy.png",
                                      "class_accuracy.svg", "confusion_matrix.pdf",
                                      "confusion_matrix.png", "confusion_matrix.svg"}));
}

TEST_F(HtmlReport, EscapesHostileNames) {
  folder_.write("config.yaml", "x: </pre><script>alert(1)</script>\n");
  folder_.write("environment.json",
                R"([{"command": "<script>alert(2)</script>", "data": [{"use": "<b>"}]}])");
  const std::string page = page_of(named_report(
      {"<script>alert(3)</script>", "</svg><img src=x onerror=alert(4)>", "\"><b>'", "a\nb"}));
  EXPECT_EQ(count(page, "<script"), 1u);
  EXPECT_EQ(count(page, "<img"), 0u);
  EXPECT_EQ(count(page, "<svg"), 2u);
  EXPECT_EQ(count(page, "</svg>"), 2u);
  EXPECT_TRUE(has(page, "<td>&lt;script&gt;alert(3)&lt;/script&gt;</td>"));
  EXPECT_TRUE(has(page, "<td>&quot;&gt;&lt;b&gt;&#39;</td>"));
  EXPECT_TRUE(has(page, "x: &lt;/pre&gt;&lt;script&gt;"));
}

TEST_F(HtmlReport, LoadsNothing) {
  folder_.write("log.jsonl", toy_log());
  const std::string page = page_of(named_report(many_names(10)));
  EXPECT_TRUE(has(page, "content=\"default-src 'none'; "));
  EXPECT_EQ(count(page, "src="), 0u);
  EXPECT_EQ(count(page, "@import"), 0u);
  EXPECT_EQ(count(page, "http"), count(page, "http-equiv") + count(page, "=\"http://www.w3.org/"));
}

TEST_F(HtmlReport, HasUniqueIds) {
  folder_.write("log.jsonl", toy_log());
  const std::string page = page_of(named_report(many_names(10)));
  std::vector<std::string> ids;
  for (const char quote : {'\'', '"'}) {
    const std::string mark = std::string(" id=") + quote;
    for (size_t at = page.find(mark); at != page.npos; at = page.find(mark, at + 1))
      ids.push_back(
          page.substr(at + mark.size(), page.find(quote, at + mark.size()) - at - mark.size()));
  }
  EXPECT_GT(ids.size(), 20u);
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
}

TEST_F(HtmlReport, HasTablesWithoutGnuplot) {
  const NoPrograms none;
  testing::internal::CaptureStderr();
  const std::string page = page_of(named_report({"a", "b"}));
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "warning: no charts in " + (folder_ / "report.html").string() +
                ": there is no gnuplot; install it, on Debian and Ubuntu with "
                "'apt-get install gnuplot-nox'\n");
  EXPECT_EQ(count(page, "<svg"), 0u);
  EXPECT_TRUE(has(page, "No charts: there is no gnuplot; install it"));
  EXPECT_FALSE(has(page, ">Classes</h2>"));
  EXPECT_TRUE(has(page, ">Per class</h2>"));
  EXPECT_EQ(files_in(folder_.path()), std::vector<std::string>({"report.html", "report.json"}));
}

TEST_F(HtmlReport, OfARunningRunHasCurvesOnly) {
  folder_.write("log.jsonl", toy_log());
  const std::string page = read_file(write_html_report(folder_.path()));
  EXPECT_EQ(count(page, "<svg"), 3u);
  EXPECT_TRUE(has(page, "3 epochs"));
  EXPECT_FALSE(has(page, ">Per class</h2>"));
}

TEST_F(HtmlReport, NeedsAFolder) {
  EXPECT_EQ(thrown_message<DataError>([&] { write_html_report(folder_ / "none"); }),
            (folder_ / "none").string() +
                ": no such folder; expected the folder of a run\n"
                "  `kinegraph train` and `kinegraph test` say at their end where it is.");
}

TEST_F(HtmlReport, NeedsARun) {
  EXPECT_EQ(thrown_message<DataError>([&] { write_html_report(folder_.path()); }),
            folder_.path().string() +
                ": neither report.json nor log.jsonl in it; expected the folder of a run\n"
                "  `kinegraph train` and `kinegraph test` say at their end where it is.");
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(HtmlReport, NamesADamagedEnvironment) {
  folder_.write("environment.json", "{");
  EXPECT_EQ(thrown_message<DataError>([&] { page_of(named_report({"a"})); }),
            (folder_ / "environment.json").string() +
                ": no JSON list; expected a list of the starts of the program\n"
                "  Remove the file; the report then does without it.");
}

TEST_F(HtmlReport, IsWholeOrAsItWas) {
  const std::string before = page_of(named_report({"a", "b"}));
  folder_.write("config.yaml", std::string(100'000, 'x'));
  const NoPrograms none;
  const std::string message = thrown_message<DataError>([&] {
    const FileSizeLimit limit(50'000);
    write_html_report(folder_.path());
  });
  EXPECT_NE(message.find("report.html: cannot write it: File too large"), message.npos) << message;
  EXPECT_EQ(read_file(folder_ / "report.html"), before);
  EXPECT_EQ(files_in(folder_.path()),
            std::vector<std::string>({"config.yaml", "figures", "report.html", "report.json"}));
}

}  // namespace
}  // namespace kinegraph
