// A metric report as text for the terminal, as CSV and as JSON.
#pragma once

#include <filesystem>
#include <string>

#include "framework/eval/metric.h"

namespace kinegraph {

/// For the terminal, in lines of at most 100 columns: the values, the per-class table (when a
/// metric filled it), the five most confused pairs of classes and, where asked for and where it
/// fits (at most 20 classes), the confusion matrix.
std::string format_report(const MetricReport& report);

/// CSV with a header line, "\n" at line ends, cells quoted as in RFC 4180, and numbers that read
/// back exactly. What no metric computed is an empty cell.
std::string metrics_csv(const MetricReport& report);    // metric,value,higher_is_better
std::string per_class_csv(const MetricReport& report);  // class,support,predicted,precision,...
/// Rows are true classes, columns predicted ones; counts where the matrix was not asked for.
std::string confusion_matrix_csv(const MetricReport& report);

/// One JSON object with everything:
///   {clips, scores_sha256, metrics: {NAME: {value, higher_is_better}},
///    classes: [{name, support, predicted, precision, recall, f1, accuracy}],
///    confusion_matrix: {normalize, counts: [[...]], values: [[...]] unless normalize is none}}
/// What no metric computed is null. Bytes of class names that are not UTF-8 become U+FFFD.
std::string report_json(const MetricReport& report);

/// Writes metrics.csv, per_class.csv, report.json and, where the matrix was asked for,
/// confusion_matrix.csv into `folder`. Throws DataError when a file cannot be written.
void write_report(const MetricReport& report, const std::filesystem::path& folder);

/// Reads a report.json back. Throws DataError naming the file when it is none.
MetricReport read_report(const std::filesystem::path& path);

}  // namespace kinegraph
