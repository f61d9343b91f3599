#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "framework/eval/report.h"
#include "framework/eval/text_table.h"

namespace kinegraph {
namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr size_t kLineWidth = 100;
constexpr size_t kMostConfusedPairs = 5;
constexpr int64_t kMostMatrixClasses = 20;

std::string plural(int64_t count, const std::string& one, const std::string& many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string values_text(const MetricReport& report) {
  Rows rows;
  for (const auto& [name, value, is_higher_better] : report.values) {
    rows.push_back({name, fmt::format("{:.4f}", value)});
    if (!is_higher_better) rows.back().push_back("lower is better");
  }
  return rows.empty() ? "" : "\n" + align_columns(rows);
}

using ClassColumn = std::pair<const char*, std::optional<double> ClassMetrics::*>;

/// The columns that some metric filled.
std::vector<ClassColumn> class_columns(const MetricReport& report) {
  std::vector<ClassColumn> columns;
  for (const ClassColumn& column :
       {ClassColumn{"precision", &ClassMetrics::precision},
        ClassColumn{"recall", &ClassMetrics::recall}, ClassColumn{"f1", &ClassMetrics::f1},
        ClassColumn{"accuracy", &ClassMetrics::accuracy}})
    if (report.classes[0].*column.second) columns.push_back(column);
  return columns;
}

std::string classes_text(const MetricReport& report) {
  constexpr size_t kNameWidth = 48;  // leaves room for all columns
  const auto columns = class_columns(report);
  if (columns.empty()) return "";
  Rows rows = {{"class", "support"}};
  for (const auto& column : columns) rows[0].push_back(column.first);
  for (const ClassMetrics& metrics : report.classes) {
    rows.push_back({fit_text(metrics.name, kNameWidth), fmt::format("{}", metrics.support)});
    for (const auto& column : columns) {
      const auto& value = metrics.*column.second;
      rows.back().push_back(value ? fmt::format("{:.4f}", *value) : "-");
    }
  }
  return "\n" + align_columns(rows);
}

std::string confused_text(const MetricReport& report) {
  constexpr size_t kNameWidth = 34;  // twice, with the arrow and two columns, on a line
  const auto pairs = most_confused(report.confusion, kMostConfusedPairs);
  if (pairs.empty()) return "\nEvery clip is classified correctly.\n";
  Rows rows = {{"most confused (truth -> predicted)", "clips", "of class"}};
  for (const auto& [truth, predicted, count] : pairs) {
    const double share =
        static_cast<double>(count) / static_cast<double>(report.confusion.support(truth));
    rows.push_back({fmt::format("{} -> {}", fit_text(report.classes[truth].name, kNameWidth),
                                fit_text(report.classes[predicted].name, kNameWidth)),
                    fmt::format("{}", count), fmt::format("{:.1f} %", 100 * share)});
  }
  return "\n" + align_columns(rows);
}

std::string matrix_unit(Normalize normalize) {
  switch (normalize) {
    case Normalize::by_truth:
      return "percent of the true class";
    case Normalize::by_predicted:
      return "percent of the predicted class";
    case Normalize::by_all:
      return "percent of all clips";
    case Normalize::none:
      break;
  }
  return "clips";
}

/// Header and rows; the label column is still empty. Shares are whole percents, and "." marks
/// cells without any clip, so that the eye finds the others.
Rows matrix_cells(const MetricReport& report, Normalize normalize) {
  const int64_t classes = report.confusion.num_classes();
  const auto cells = normalized_cells(report.confusion, normalize);
  const double scale = normalize == Normalize::none ? 1 : 100;
  Rows rows(classes + 1, {""});
  for (int64_t predicted = 0; predicted < classes; ++predicted)
    rows[0].push_back(fmt::format("{}", predicted));
  for (int64_t truth = 0; truth < classes; ++truth)
    for (int64_t predicted = 0; predicted < classes; ++predicted)
      rows[truth + 1].push_back(
          report.confusion.count(truth, predicted) == 0
              ? "."
              : fmt::format("{:.0f}", scale * cells[truth * classes + predicted]));
  return rows;
}

/// Puts "index name" in front of the rows, as wide as `width` columns allow.
void label_rows(const MetricReport& report, size_t width, Rows& rows) {
  const size_t digits = fmt::formatted_size("{}", report.classes.size() - 1);
  for (size_t label = 0; label < report.classes.size(); ++label)
    rows[label + 1][0] =
        fit_text(fmt::format("{:>{}} {}", label, digits, report.classes[label].name), width);
}

std::string matrix_text(const MetricReport& report) {
  constexpr size_t kShortestLabel = 12;
  if (!report.matrix_normalize) return "";
  const int64_t classes = report.confusion.num_classes();
  if (classes <= kMostMatrixClasses) {
    Rows rows = matrix_cells(report, *report.matrix_normalize);
    size_t cell_width = 0;
    for (const auto& row : rows)
      for (const auto& cell : row) cell_width = std::max(cell_width, cell.size());
    for (const size_t gap : {2, 1}) {
      const size_t used = static_cast<size_t>(classes) * (cell_width + gap);
      if (used + kShortestLabel > kLineWidth) continue;
      label_rows(report, kLineWidth - used, rows);
      return fmt::format("\nconfusion matrix, {} (rows: truth, columns: predicted)\n{}",
                         matrix_unit(*report.matrix_normalize), align_columns(rows, gap));
    }
  }
  return fmt::format(
      "\nThe confusion matrix of {} classes is too wide to show here; the files have it.\n",
      classes);
}

}  // namespace

std::string format_report(const MetricReport& report) {
  const auto& confusion = report.confusion;
  return fmt::format("{}, {}\n", plural(confusion.total(), "clip", "clips"),
                     plural(confusion.num_classes(), "class", "classes")) +
         values_text(report) + classes_text(report) + confused_text(report) + matrix_text(report);
}

}  // namespace kinegraph
