#include "framework/eval/gnuplot.h"

#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/eval/fonts.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/no_programs.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Figure line_figure(const std::string& label) {
  return {"line", "A line.", 3, 2,
          "set label " + gnuplot_text(label) + " at 0.5,0.5\n" + "set ytics (" +
              gnuplot_tic(label) + " 0.5)\nplot [0:1] [0:1] x notitle"};
}

TEST(GnuplotText, DoublesQuotesAndDropsControlCharacters) {
  EXPECT_EQ(gnuplot_text("it's `id` $HOME \\n @x"), "'it''s `id` $HOME \\n @x'");
  EXPECT_EQ(gnuplot_text("a\n\tb\x7F"), "'a  b '");
}

TEST(GnuplotText, OfTicsDoublesPercents) { EXPECT_EQ(gnuplot_tic("100 %s"), "'100 %%s'"); }

TEST(Draw, WritesEveryFormat) {
  const TempDir folder;
  ASSERT_EQ(draw({line_figure("plain")}, folder.path()), "");
  EXPECT_EQ(read_file(folder / "line.svg").substr(0, 5), "<?xml");
  EXPECT_EQ(read_file(folder / "line.pdf").substr(0, 5), "%PDF-");
  EXPECT_EQ(read_file(folder / "line.png").substr(1, 3), "PNG");
}

TEST(Draw, ShowsAnyTextAsItIs) {
  const TempDir folder;
  ASSERT_EQ(draw({line_figure("it's {/Symbol a}_b^c `id` \\n @x 100%s")}, folder.path()), "");
  const std::string svg = read_file(folder / "line.svg"),
                    text = "<text>it's {/Symbol a}_b^c `id` \\n @x 100%s</text>";
  const size_t label = svg.find(text);
  ASSERT_NE(label, svg.npos) << svg;
  EXPECT_NE(svg.find(text, label + 1), svg.npos) << svg;
}

TEST(Draw, EscapesMarkup) {
  const TempDir folder;
  ASSERT_EQ(draw({line_figure("</svg><script>")}, folder.path()), "");
  const std::string svg = read_file(folder / "line.svg");
  EXPECT_TRUE(has(svg, "<text>&lt;/svg>&lt;script></text>") ||
              has(svg, "<text>&lt;/svg&gt;&lt;script&gt;</text>"))
      << svg;
  EXPECT_FALSE(has(svg, "<script"));
}

TEST(Draw, SaysWhatToInstallWithoutGnuplot) {
  const TempDir folder;
  const NoPrograms none;
  EXPECT_EQ(draw({line_figure("a")}, folder.path()),
            "there is no gnuplot; install it, on Debian and Ubuntu with "
            "'apt-get install gnuplot-nox'");
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(Draw, SaysWhatGnuplotComplainsAbout) {
  const TempDir folder;
  Figure figure = line_figure("a");
  figure.commands = "plot no_such_thing";
  const std::string problem = draw({figure}, folder.path());
  EXPECT_EQ(problem.find("gnuplot failed with exit code 1: "), 0u) << problem;
  EXPECT_TRUE(has(problem, "no_such_thing")) << problem;
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(Draw, LeavesNothingOnAFullDisk) {
  const TempDir folder;
  const std::string message = thrown_message<DataError>([&] {
    const FileSizeLimit limit(2000);
    draw({line_figure("a")}, folder.path());
  });
  EXPECT_EQ(message, (folder / "line.svg").string() +
                         ": gnuplot wrote only a part of it; expected a whole file\n"
                         "  Check the free space.");
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(DrawableText, KeepsAscii) { EXPECT_EQ(drawable_text("set label 'a?'\n"), "set label 'a?'\n"); }

TEST(DrawableText, ReplacesLettersThatNoFontHas) {
  // A code point that Unicode will never assign, and bytes that are no UTF-8.
  EXPECT_EQ(drawable_text("a\xF3\xBF\xBF\xBE"
                          "b"),
            "a?b");
  EXPECT_EQ(drawable_text("a\xFF"
                          "b"),
            "a?b");
}

}  // namespace
}  // namespace kinegraph
