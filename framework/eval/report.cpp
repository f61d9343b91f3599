#include "framework/eval/report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "framework/base/file.h"

namespace kinegraph {
namespace {

using Json = nlohmann::ordered_json;

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

std::string csv_line(std::vector<std::string> cells) {
  for (auto& cell : cells) cell = csv_cell(cell);
  return fmt::format("{}\n", fmt::join(cells, ","));
}

/// The shortest text that reads back exactly.
std::string number_text(double value) { return fmt::format("{}", value); }

std::string number_text(const std::optional<double>& value) {
  return value ? number_text(*value) : "";
}

Json json_of(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json json_of(const ClassMetrics& metrics) {
  return {{"name", metrics.name},
          {"support", metrics.support},
          {"predicted", metrics.predicted},
          {"precision", json_of(metrics.precision)},
          {"recall", json_of(metrics.recall)},
          {"f1", json_of(metrics.f1)},
          {"accuracy", json_of(metrics.accuracy)}};
}

Json json_of(const ConfusionMatrix& matrix, Normalize normalize) {
  const int64_t classes = matrix.num_classes();
  const auto cells = normalized_cells(matrix, normalize);
  Json counts = Json::array(), values = Json::array();
  for (int64_t truth = 0; truth < classes; ++truth) {
    Json count_row = Json::array();
    for (int64_t predicted = 0; predicted < classes; ++predicted)
      count_row.push_back(matrix.count(truth, predicted));
    counts.push_back(std::move(count_row));
    const auto row = cells.begin() + truth * classes;
    values.push_back(std::vector<double>(row, row + classes));
  }
  Json json = {{"normalize", name_of(normalize)}, {"counts", std::move(counts)}};
  if (normalize != Normalize::none) json["values"] = std::move(values);
  return json;
}

}  // namespace

std::string metrics_csv(const MetricReport& report) {
  std::string text = csv_line({"metric", "value", "higher_is_better"});
  for (const auto& [name, value, is_higher_better] : report.values)
    text += csv_line({name, number_text(value), is_higher_better ? "true" : "false"});
  return text;
}

std::string per_class_csv(const MetricReport& report) {
  std::string text =
      csv_line({"class", "support", "predicted", "precision", "recall", "f1", "accuracy"});
  for (const ClassMetrics& metrics : report.classes)
    text += csv_line({metrics.name, fmt::format("{}", metrics.support),
                      fmt::format("{}", metrics.predicted), number_text(metrics.precision),
                      number_text(metrics.recall), number_text(metrics.f1),
                      number_text(metrics.accuracy)});
  return text;
}

std::string confusion_matrix_csv(const MetricReport& report) {
  const int64_t classes = report.confusion.num_classes();
  const auto cells =
      normalized_cells(report.confusion, report.matrix_normalize.value_or(Normalize::none));
  std::vector<std::string> line = {"truth / predicted"};
  for (const ClassMetrics& metrics : report.classes) line.push_back(metrics.name);
  std::string text = csv_line(line);
  for (int64_t truth = 0; truth < classes; ++truth) {
    line = {report.classes[truth].name};
    for (int64_t predicted = 0; predicted < classes; ++predicted)
      line.push_back(number_text(cells[truth * classes + predicted]));
    text += csv_line(line);
  }
  return text;
}

std::string report_json(const MetricReport& report) {
  Json metrics = Json::object(), classes = Json::array();
  for (const auto& [name, value, is_higher_better] : report.values)
    metrics[name] = {{"value", value}, {"higher_is_better", is_higher_better}};
  for (const ClassMetrics& row : report.classes) classes.push_back(json_of(row));
  const Json json = {
      {"clips", report.confusion.total()},
      {"scores_sha256", report.scores_sha256},
      {"metrics", std::move(metrics)},
      {"classes", std::move(classes)},
      {"confusion_matrix",
       json_of(report.confusion, report.matrix_normalize.value_or(Normalize::none))}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

void write_report(const MetricReport& report, const std::filesystem::path& folder) {
  write_file(folder / "metrics.csv", metrics_csv(report));
  write_file(folder / "per_class.csv", per_class_csv(report));
  write_file(folder / "report.json", report_json(report));
  if (report.matrix_normalize)
    write_file(folder / "confusion_matrix.csv", confusion_matrix_csv(report));
}

}  // namespace kinegraph
