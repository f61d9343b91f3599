#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <string_view>

#include "framework/eval/charts.h"
#include "framework/eval/text_table.h"

namespace kinegraph {
namespace {

constexpr double kPointsPerInch = 72;
constexpr size_t kLabelColumns = 30;          // longer names are cut
constexpr int64_t kMostNumberedClasses = 15;  // more have no numbers in their cells
constexpr int64_t kMostNamedColumns = 25;     // more have the index below their column

/// The sizes of a matrix of K classes, in inches and points.
struct MatrixLayout {
  double cell_in, font_pt, left_in, bottom_in, width_in, height_in;
  int64_t classes, label_step;
  static constexpr double kTopIn = 0.08, kRightIn = 0.65;
};

std::string name_of_class(const MetricReport& report, int64_t label) {
  const std::string& name = report.classes[static_cast<size_t>(label)].name;
  return fit_text(
      report.confusion.num_classes() > kMostNamedColumns ? fmt::format("{} {}", label, name) : name,
      kLabelColumns);
}

/// About as wide as a sans-serif font draws it, in font sizes; rather more than less.
double text_width(const std::string& text) {
  constexpr std::string_view kNarrow = " ilj.,'|!()[]", kBroad = "mwMW@%";
  double width = 0;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte >= 0xE0)
      width += 1;  // the first byte of an East Asian letter
    else if (byte >= 0x80)
      width += byte >= 0xC0 ? 0.65 : 0;
    else if (kNarrow.find(letter) != kNarrow.npos)
      width += 0.4;
    else if (kBroad.find(letter) != kBroad.npos)
      width += 1;
    else
      width += std::isupper(byte) ? 0.78 : 0.62;
  }
  return width;
}

double longest_name_in(const MetricReport& report, double font_pt) {
  double width = 0;
  for (int64_t label = 0; label < report.confusion.num_classes(); ++label)
    width = std::max(width, text_width(name_of_class(report, label)));
  return width * font_pt / kPointsPerInch;
}

MatrixLayout matrix_layout(const MetricReport& report) {
  constexpr double kLargestMatrixIn = 14, kSmallestLetterPt = 4, kLetterOfCell = 0.82;
  constexpr double kAxisIn = 0.3, kSmallestIn = 1.6;
  MatrixLayout layout{};
  layout.classes = report.confusion.num_classes();
  const auto classes = static_cast<double>(layout.classes);
  const double wanted = layout.classes <= 12 ? 0.26 : layout.classes <= 40 ? 0.16 : 0.105;
  layout.cell_in = std::clamp(wanted, kSmallestIn / classes, kLargestMatrixIn / classes);
  const double cell_pt = layout.cell_in * kPointsPerInch;
  layout.font_pt = std::clamp(kLetterOfCell * cell_pt, kSmallestLetterPt, kFigureFontPt);
  layout.label_step = static_cast<int64_t>(std::ceil(layout.font_pt / cell_pt));
  const double names_in = longest_name_in(report, layout.font_pt);
  layout.left_in = names_in + kAxisIn;
  layout.bottom_in = layout.classes <= kMostNamedColumns ? names_in + kAxisIn : 0.42;
  layout.width_in = layout.left_in + classes * layout.cell_in + MatrixLayout::kRightIn;
  layout.height_in = MatrixLayout::kTopIn + classes * layout.cell_in + layout.bottom_in;
  return layout;
}

/// Margins at exact places: gnuplot's guess would depend on the font.
std::string margins(double left_in, double right_in, double bottom_in, double top_in,
                    double width_in, double height_in) {
  return fmt::format(
      "set lmargin at screen {:.5f}\nset rmargin at screen {:.5f}\n"
      "set bmargin at screen {:.5f}\nset tmargin at screen {:.5f}\n",
      left_in / width_in, 1 - right_in / width_in, bottom_in / height_in, 1 - top_in / height_in);
}

std::string matrix_labels(const MetricReport& report, const MatrixLayout& layout) {
  const bool is_named = layout.classes <= kMostNamedColumns;
  std::string text = fmt::format(
      "set xtics scale 0 font ',{0:.2f}' rotate by 90 right offset 0,0.2\n"
      "set ytics scale 0 font ',{0:.2f}'\nset xtics ()\nset ytics ()\n",
      layout.font_pt);
  for (int64_t label = 0; label < layout.classes; label += layout.label_step) {
    const std::string name = gnuplot_tic(name_of_class(report, label));
    text += fmt::format("set ytics add ({} {})\nset xtics add ({} {})\n", name, label,
                        is_named ? name : gnuplot_text(std::to_string(label)), label);
  }
  return text;
}

/// Cells without clips are left out: most of them are, and the paper is white.
std::string matrix_cells(const MetricReport& report, const MatrixLayout& layout) {
  constexpr double kWhiteFrom = 0.55;
  const auto shares = normalized_cells(report.confusion, Normalize::by_truth);
  std::string block = "$cells << END\n", numbers;
  for (int64_t truth = 0; truth < layout.classes; ++truth)
    for (int64_t predicted = 0; predicted < layout.classes; ++predicted) {
      if (report.confusion.count(truth, predicted) == 0) continue;
      const double share = shares[static_cast<size_t>(truth * layout.classes + predicted)];
      block += fmt::format("{} {} {:.4f}\n", predicted, truth, 100 * share);
      if (layout.classes <= kMostNumberedClasses)
        numbers +=
            fmt::format("set label '{:.0f}' at {},{} center front tc rgb '{}' font ',7'\n",
                        100 * share, predicted, truth, share >= kWhiteFrom ? "#ffffff" : "#222222");
    }
  return block + "END\n" + numbers;
}

std::string matrix_grid(int64_t classes) {
  constexpr int64_t kMostGridClasses = 128;  // more lines would grey the paper
  if (classes > kMostGridClasses) return "";
  std::string text;
  for (int64_t line = 1; line < classes; ++line)
    text += fmt::format(
        "set arrow from {0}.5,-0.5 to {0}.5,{1}.5 nohead front lw 0.3 lc rgb '#dddddd'\n"
        "set arrow from -0.5,{0}.5 to {1}.5,{0}.5 nohead front lw 0.3 lc rgb '#dddddd'\n",
        line - 1, classes - 1);
  return text;
}

/// The colours change fastest at small shares, where the confusions are.
Figure matrix_figure(const MetricReport& report) {
  constexpr double kGapIn = 0.08, kBarIn = 0.11, kTitleIn = 0.1;
  const MatrixLayout layout = matrix_layout(report);
  const std::string commands =
      margins(layout.left_in, MatrixLayout::kRightIn, layout.bottom_in, MatrixLayout::kTopIn,
              layout.width_in, layout.height_in) +
      fmt::format(
          "set border 15 lw 0.5\nset key off\n"
          "set xrange [-0.5:{0}.5]\nset yrange [{0}.5:-0.5]\n"
          "set palette defined (0 '#f7fbff', 0.05 '#d6e6f4', 0.15 '#abd0e6', 0.35 '#6baed6', "
          "0.65 '#2171b5', 1 '#08306b')\n"
          "set cbrange [0:100]\nset cbtics 20 scale 0.3\nset cblabel 'Share of the true class "
          "(%)'\n"
          "set colorbox user origin screen {1:.5f}, graph 0 size screen {2:.5f}, graph 1\n"
          "set object rectangle from graph 0,0 to graph 1,1 behind fc rgb '#ffffff' fs solid "
          "noborder\n"
          "set label 'Predicted class' at graph 0.5, screen {3:.5f} center\n"
          "set label 'True class' at screen {4:.5f}, graph 0.5 center rotate\n",
          layout.classes - 1, 1 - (MatrixLayout::kRightIn - kGapIn) / layout.width_in,
          kBarIn / layout.width_in, kTitleIn / layout.height_in, kTitleIn / layout.width_in) +
      matrix_labels(report, layout) + matrix_grid(layout.classes) + matrix_cells(report, layout) +
      "plot $cells using 1:2:(0.5):(0.5):3 with boxxyerror fs solid noborder fc palette";
  return {"confusion_matrix",
          "Confusion matrix: each row shows what the clips of a true class are taken for.",
          layout.width_in, layout.height_in, commands};
}

/// Classes that have clips, from the best to the worst.
std::vector<int64_t> classes_by_accuracy(const MetricReport& report) {
  const ConfusionMatrix& matrix = report.confusion;
  std::vector<int64_t> labels;
  for (int64_t label = 0; label < matrix.num_classes(); ++label)
    if (matrix.support(label) > 0) labels.push_back(label);
  const auto accuracy = [&](int64_t label) {
    return static_cast<double>(matrix.hits(label)) / static_cast<double>(matrix.support(label));
  };
  std::stable_sort(labels.begin(), labels.end(),
                   [&](int64_t a, int64_t b) { return accuracy(a) > accuracy(b); });
  return labels;
}

std::string accuracy_bars(const MetricReport& report, const std::vector<int64_t>& labels) {
  std::string block = "$bars << END\n", tics = "set ytics ()\n";
  for (size_t row = 0; row < labels.size(); ++row) {
    const int64_t label = labels[row];
    const double share = static_cast<double>(report.confusion.hits(label)) /
                         static_cast<double>(report.confusion.support(label));
    block += fmt::format("{} {:.4f}\n", row, 100 * share);
    tics += fmt::format("set ytics add ({} {})\n", gnuplot_tic(name_of_class(report, label)), row);
  }
  return block + "END\n" + tics;
}

Figure accuracy_figure_of_classes(const MetricReport& report) {
  constexpr double kRightIn = 0.35, kBottomIn = 0.45, kTopIn = 0.05;
  constexpr double kUsualWidthIn = 3.5, kShortestBarsIn = 1.4;
  const auto labels = classes_by_accuracy(report);
  const auto rows = static_cast<double>(labels.size());
  const double row_in = labels.size() <= 20 ? 0.16 : 0.105;
  const double font_pt = std::min(kFigureFontPt, 0.85 * row_in * kPointsPerInch);
  const double left_in = longest_name_in(report, font_pt) + 0.1;
  const double width_in = std::max(kUsualWidthIn, left_in + kShortestBarsIn + kRightIn);
  const double height_in = kTopIn + rows * row_in + kBottomIn;
  const std::string commands =
      margins(left_in, kRightIn, kBottomIn, kTopIn, width_in, height_in) +
      fmt::format(
          "set border 1 lw 0.7\nset key off\nset xrange [0:100]\nset yrange [{:.1f}:-0.5]\n"
          "set xtics 20 nomirror out scale 0.5\nset ytics nomirror scale 0 font ',{:.2f}'\n"
          "set grid xtics lt 1 lw 0.4 lc rgb '#d0d0d0' back\nset xlabel 'Accuracy (%)'\n",
          rows - 0.5, font_pt) +
      accuracy_bars(report, labels) +
      fmt::format(
          "plot $bars using (0):1:(0):2:($1-0.36):($1+0.36) with boxxyerror fs solid noborder "
          "fc rgb '#0072b2', $bars using 2:1:(sprintf('%.0f',$2)) with labels left offset 0.4,0 "
          "font ',{:.2f}'",
          font_pt);
  return {"class_accuracy", "Accuracy of each class, from the best to the worst.", width_in,
          height_in, commands};
}

}  // namespace

std::vector<Figure> class_charts(const MetricReport& report) {
  if (report.confusion.total() == 0) return {};
  return {matrix_figure(report), accuracy_figure_of_classes(report)};
}

}  // namespace kinegraph
