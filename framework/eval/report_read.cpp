#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/eval/report.h"

namespace kinegraph {
namespace {

using StoredReport = nlohmann::ordered_json;  // keeps the metrics in their order

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& found) {
  throw DataError(Fault{path.string(), found, "a report as `kinegraph test` writes it",
                        "Make the report again."});
}

constexpr int64_t kMostClips = int64_t{1} << 32;  // in a cell, so that sums stay in range

std::vector<int64_t> read_counts(const StoredReport& rows, size_t classes,
                                 const std::filesystem::path& path) {
  std::vector<int64_t> counts;
  for (const auto& row : rows) {
    if (row.size() != classes || rows.size() != classes)
      fail(path, fmt::format("a confusion matrix that is not {0} x {0}", classes));
    for (const auto& cell : row) {
      const int64_t count = cell.is_number_integer() ? cell.get<int64_t>() : -1;
      if (count < 0 || count > kMostClips) fail(path, "a confusion matrix with " + cell.dump());
      counts.push_back(count);
    }
  }
  return counts;
}

std::optional<double> optional_number(const StoredReport& object, const char* key) {
  const auto& value = object.at(key);
  return value.is_null() ? std::nullopt : std::optional<double>(value.get<double>());
}

std::optional<Normalize> read_normalize(const std::string& name) {
  for (const auto normalize :
       {Normalize::none, Normalize::by_truth, Normalize::by_predicted, Normalize::by_all})
    if (name == name_of(normalize)) return normalize;
  return std::nullopt;
}

MetricReport build_report(const StoredReport& json, const std::filesystem::path& path) {
  std::vector<std::string> names;
  for (const auto& row : json.at("classes")) names.push_back(row.at("name").get<std::string>());
  if (names.empty()) fail(path, "no classes");
  const auto& matrix = json.at("confusion_matrix");
  const auto classes = static_cast<int64_t>(names.size());
  auto counts = read_counts(matrix.at("counts"), names.size(), path);
  if (counts.empty()) fail(path, "an empty confusion matrix");
  MetricReport report(ConfusionMatrix(classes, std::move(counts)), names,
                      json.at("scores_sha256").get<std::string>());
  report.matrix_normalize = read_normalize(matrix.at("normalize").get<std::string>());
  for (const auto& item : json.at("metrics").items())
    report.add(item.key(), item.value().at("value").get<double>(),
               item.value().at("higher_is_better").get<bool>());
  for (size_t label = 0; label < names.size(); ++label) {
    const auto& row = json["classes"][label];
    ClassMetrics& metrics = report.classes[label];
    metrics.precision = optional_number(row, "precision");
    metrics.recall = optional_number(row, "recall");
    metrics.f1 = optional_number(row, "f1");
    metrics.accuracy = optional_number(row, "accuracy");
  }
  return report;
}

}  // namespace

MetricReport read_report(const std::filesystem::path& path) {
  try {
    const auto json = StoredReport::parse(read_file(path));
    if (!json.is_object()) fail(path, "no JSON object");
    return build_report(json, path);
  } catch (const nlohmann::json::parse_error& error) {
    const size_t byte = error.byte - std::min<size_t>(error.byte, 1);
    fail(fmt::format("{}, byte {}", path.string(), byte), "not valid JSON");
  } catch (const nlohmann::json::exception& error) {
    fail(path, error.what());
  }
}

}  // namespace kinegraph
