// The parts of report.html.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/eval/gnuplot.h"
#include "framework/eval/metric.h"
#include "framework/eval/training_log.h"

namespace kinegraph {

/// One of the annotations that a run used.
struct UsedData {
  std::string use, source, clips, sha256;
};

/// A start of the program: what environment.json says of it, in its order.
struct ProgramStart {
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<UsedData> data;
};

/// What lies in the folder of a run.
struct RunRecord {
  std::string title;
  std::optional<MetricReport> report;
  std::optional<TrainingLog> log;
  std::string config_yaml;
  std::vector<ProgramStart> starts;  // the first one first
};

struct DrawnFigure {
  Figure figure;
  std::string svg;
};

/// The figures of a run, or why there are none.
struct Drawings {
  std::vector<DrawnFigure> curves, classes;
  std::string problem;
};

/// Text for elements and quoted attributes. Control characters become U+FFFD.
std::string escape_html(std::string_view text);

/// An SVG file as an element of a page: without XML prolog, with ids that begin with `prefix`, and
/// without titles, which browsers show below the pointer and which gnuplot fills with commands.
std::string inline_svg(std::string_view file, const std::string& prefix);

std::string html_page(const RunRecord& record, const Drawings& drawings);

// Sections of the page; "" when there is nothing to show.
std::string metrics_section(const RunRecord& record);
std::string confused_section(const MetricReport& report);
std::string class_section(const MetricReport& report);
std::string environment_section(const RunRecord& record);

/// "87.72 %" for shares that should be high, else the number.
std::string value_text(const MetricValue& value);

extern const char* const kPageStyle;
extern const char* const kPageScript;

}  // namespace kinegraph
