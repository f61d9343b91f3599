#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "framework/eval/charts.h"

namespace kinegraph {
namespace {

constexpr double kCurveWidthIn = 3.1, kCurveHeightIn = 2.1;  // fits a column of most papers

struct Line {
  std::string title;
  std::string style;
  const Curve* curve;
  double scale;
};

/// A data block for each line and one plot of all.
std::string plot_of(const std::vector<Line>& lines) {
  std::string blocks, plots;
  for (size_t i = 0; i < lines.size(); ++i) {
    blocks += fmt::format("$line{} << END\n", i);
    for (const auto& [epoch, value] : *lines[i].curve)
      blocks += fmt::format("{} {}\n", epoch, value * lines[i].scale);
    blocks += "END\n";
    plots += fmt::format("{}$line{} using 1:2 with {} title {}", i == 0 ? "plot " : ", ", i,
                         lines[i].style, gnuplot_text(lines[i].title));
  }
  return blocks + plots;
}

Figure curve_figure(const std::string& name, const std::string& caption, const TrainingLog& log,
                    const std::string& settings, const std::vector<Line>& lines) {
  const std::string common = fmt::format(
      "set border 3 lw 0.7\n"
      "set tics nomirror out scale 0.5\n"
      "set grid ytics lt 1 lw 0.4 lc rgb '#d0d0d0'\n"
      "set key Left reverse samplen 3 spacing 1.1\n"
      "set xlabel 'Epoch'\n"
      "set xrange [0:{}]\n",
      log.epochs);
  return {name, caption, kCurveWidthIn, kCurveHeightIn, common + settings + plot_of(lines)};
}

/// A mark at each point where there are few: a line through one point would not be seen.
std::string style_of(const Curve& curve, const std::string& look) {
  constexpr size_t kFewPoints = 20;
  return curve.size() <= kFewPoints ? "linespoints pt 7 ps 0.3 " + look : "lines " + look;
}

Figure loss_figure(const TrainingLog& log) {
  std::vector<Line> lines;
  if (!log.step_loss.empty())
    lines.push_back(
        {"Steps", style_of(log.step_loss, "lt 1 lw 0.6 lc rgb '#86bde0'"), &log.step_loss, 1});
  lines.push_back({"Mean of the epoch", style_of(log.epoch_loss, "lt 1 lw 1.5 lc rgb '#0072b2'"),
                   &log.epoch_loss, 1});
  return curve_figure("loss", "Training loss.", log,
                      "set key top right\nset ylabel 'Loss'\nset yrange [0:*]\n", lines);
}

bool is_share(const NamedCurve& metric) {
  return std::all_of(metric.curve.begin(), metric.curve.end(),
                     [](const CurvePoint& point) { return point.value >= 0 && point.value <= 1; });
}

Figure accuracy_figure(const TrainingLog& log) {
  static constexpr const char* kLooks[] = {"lt 1 lw 1.5 lc rgb '#d55e00'",
                                           "lt 1 lw 1.2 dt (7,3) lc rgb '#009e73'",
                                           "lt 1 lw 1.2 dt (2,2) lc rgb '#cc79a7'"};
  std::vector<Line> lines{{"Training Top-1",
                           style_of(log.training_accuracy, "lt 1 lw 1.2 lc rgb '#0072b2'"),
                           &log.training_accuracy, 100}};
  size_t used = 0;
  for (const NamedCurve& metric : log.metrics) {
    if (used == std::size(kLooks)) break;
    if (is_share(metric))
      lines.push_back({"Validation " + metric_title(metric.name),
                       style_of(metric.curve, kLooks[used++]), &metric.curve, 100});
  }
  return curve_figure("accuracy", "Training and validation accuracy.", log,
                      "set key bottom right\nset ylabel 'Accuracy (%)'\nset yrange [0:100]\n",
                      lines);
}

Figure learning_rate_figure(const TrainingLog& log) {
  return curve_figure(
      "learning_rate", "Learning rate.", log,
      "set key off\nset ylabel 'Learning rate' offset -0.4,0\nset format y '%g'\nset yrange "
      "[0:*]\n",
      {{"", style_of(log.learning_rate, "lt 1 lw 1.5 lc rgb '#0072b2'"), &log.learning_rate, 1}});
}

}  // namespace

std::string metric_title(const std::string& name) {
  if (name.rfind("top", 0) == 0 && name.size() > 3 &&
      std::all_of(name.begin() + 3, name.end(), [](unsigned char c) { return std::isdigit(c); }))
    return "Top-" + name.substr(3);
  std::string title = name;
  std::replace(title.begin(), title.end(), '_', ' ');
  if (title.rfind("f1 ", 0) == 0) title[0] = 'F';
  return title;
}

std::vector<Figure> training_charts(const TrainingLog& log) {
  std::vector<Figure> figures;
  if (log.epochs == 0) return figures;
  figures.push_back(loss_figure(log));
  figures.push_back(accuracy_figure(log));
  if (!log.learning_rate.empty()) figures.push_back(learning_rate_figure(log));
  return figures;
}

}  // namespace kinegraph
