#include "framework/eval/html_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "framework/base/console.h"
#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/eval/charts.h"
#include "framework/eval/html_page.h"
#include "framework/eval/report.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

using StoredStarts = nlohmann::ordered_json;

std::string text_of(const StoredStarts& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

UsedData read_used_data(const StoredStarts& json) {
  UsedData used;
  for (const auto& [key, member] :
       {std::pair{"use", &UsedData::use}, std::pair{"source", &UsedData::source},
        std::pair{"clips", &UsedData::clips}, std::pair{"sha256", &UsedData::sha256}})
    if (json.contains(key)) used.*member = text_of(json[key]);
  return used;
}

std::vector<ProgramStart> read_starts(const fs::path& path) {
  const auto json = StoredStarts::parse(read_file(path), nullptr, /*allow_exceptions=*/false);
  if (!json.is_array())
    throw DataError(Fault{path.string(), "no JSON list", "a list of the starts of the program",
                          "Remove the file; the report then does without it."});
  std::vector<ProgramStart> starts;
  for (const auto& item : json) {
    ProgramStart& start = starts.emplace_back();
    for (const auto& [key, value] : item.items())
      if (key != "data")
        start.facts.emplace_back(key, text_of(value));
      else
        for (const auto& used : value) start.data.push_back(read_used_data(used));
  }
  return starts;
}

/// "stgcn_nw_ucla/20261121-120000": where the folder is often says more than its name.
std::string title_of(const fs::path& run_dir) {
  fs::path path = fs::absolute(run_dir / ".").lexically_normal().parent_path();
  const std::string parent = path.parent_path().filename().string();
  const std::string name = path.filename().string();
  return parent.empty() ? name : parent + "/" + name;
}

RunRecord read_record(const fs::path& run_dir) {
  if (!fs::is_directory(run_dir))
    throw DataError(Fault{run_dir.string(), "no such folder", "the folder of a run",
                          "`kinegraph train` and `kinegraph test` say at their end where it is."});
  RunRecord record;
  record.title = title_of(run_dir);
  const fs::path report = run_dir / "report.json", log = run_dir / "log.jsonl";
  if (!fs::exists(report) && !fs::exists(log))
    throw DataError(Fault{run_dir.string(), "neither report.json nor log.jsonl in it",
                          "the folder of a run",
                          "`kinegraph train` and `kinegraph test` say at their end where it is."});
  if (fs::exists(report)) record.report = read_report(report);
  if (fs::exists(log)) record.log = read_training_log(log);
  if (fs::exists(run_dir / "config.yaml")) record.config_yaml = read_file(run_dir / "config.yaml");
  if (fs::exists(run_dir / "environment.json"))
    record.starts = read_starts(run_dir / "environment.json");
  return record;
}

std::vector<DrawnFigure> load_drawings(const std::vector<Figure>& figures, const fs::path& folder) {
  std::vector<DrawnFigure> drawn;
  for (const Figure& figure : figures)
    drawn.push_back({figure, read_file(folder / (figure.name + ".svg"))});
  return drawn;
}

Drawings draw_figures(const RunRecord& record, const fs::path& folder) {
  const auto curves = record.log ? training_charts(*record.log) : std::vector<Figure>{};
  const auto classes = record.report ? class_charts(*record.report) : std::vector<Figure>{};
  std::vector<Figure> all = curves;
  all.insert(all.end(), classes.begin(), classes.end());
  const std::string problem = draw(all, folder);
  if (!problem.empty()) {
    std::error_code not_empty;
    fs::remove(folder, not_empty);
    return {{}, {}, problem};
  }
  return {load_drawings(curves, folder), load_drawings(classes, folder), ""};
}

}  // namespace

fs::path write_html_report(const fs::path& run_dir) {
  const RunRecord record = read_record(run_dir);
  const Drawings drawings = draw_figures(record, run_dir / "figures");
  const fs::path page = run_dir / "report.html";
  if (!drawings.problem.empty())
    log_warning(fmt::format("no charts in {}: {}", page.string(), drawings.problem));
  write_file(page, html_page(record, drawings));
  return page;
}

}  // namespace kinegraph
