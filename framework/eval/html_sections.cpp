#include <fmt/format.h>

#include <algorithm>

#include "framework/eval/charts.h"
#include "framework/eval/html_page.h"

namespace kinegraph {
namespace {

using ShareColumn = std::pair<const char*, std::optional<double> ClassMetrics::*>;

std::string percent(double share) { return fmt::format("{:.2f} %", 100 * share); }

std::string text_cell(const std::string& text) { return "<td>" + escape_html(text) + "</td>"; }

std::string number_cell(const std::string& text) {
  return "<td class=\"number\">" + escape_html(text) + "</td>";
}

/// Sorted by the exact value; absent ones come first.
std::string share_cell(const std::optional<double>& share) {
  if (!share) return "<td class=\"number\" data-value=\"-1\">-</td>";
  return fmt::format("<td class=\"number bar\" style=\"--share:{:.1f}%\" data-value=\"{}\">{}</td>",
                     100 * std::clamp(*share, 0.0, 1.0), *share, percent(*share));
}

std::string sortable_head(const std::vector<std::pair<std::string, bool>>& columns) {
  std::string text = "<thead><tr>";
  for (const auto& [title, is_number] : columns)
    text +=
        fmt::format("<th{}><button>{}</button></th>", is_number ? " class=\"number\"" : "", title);
  return text + "</tr></thead>\n";
}

/// The columns that some metric filled; accuracy and recall of a class are the same.
std::vector<ShareColumn> share_columns(const MetricReport& report) {
  std::vector<ShareColumn> columns;
  const auto is_filled = [&](const ShareColumn& column) {
    return std::any_of(report.classes.begin(), report.classes.end(),
                       [&](const ClassMetrics& row) { return (row.*column.second).has_value(); });
  };
  for (const ShareColumn& column :
       {ShareColumn{"accuracy", &ClassMetrics::accuracy},
        ShareColumn{"precision", &ClassMetrics::precision},
        ShareColumn{"recall", &ClassMetrics::recall}, ShareColumn{"F1", &ClassMetrics::f1}})
    if (is_filled(column)) columns.push_back(column);
  return columns;
}

std::string facts_table(const ProgramStart& start) {
  std::string rows;
  for (const auto& [name, value] : start.facts)
    rows += fmt::format("<tr><th>{}</th><td>{}{}{}</td></tr>\n", escape_html(name),
                        name == "command" ? "<code>" : "", escape_html(value),
                        name == "command" ? "</code>" : "");
  return rows.empty() ? "" : "<table class=\"wide\"><tbody>\n" + rows + "</tbody></table>\n";
}

std::string data_table(const std::vector<UsedData>& data) {
  if (data.empty()) return "";
  std::string text =
      "<p></p><div class=\"scroll\"><table class=\"wide\"><thead><tr><th>data for</th>"
      "<th>from</th><th class=\"number\">clips</th><th>SHA-256 of the annotations</th></tr>"
      "</thead><tbody>\n";
  for (const UsedData& used : data)
    text += fmt::format("<tr>{}{}{}<td><code>{}</code></td></tr>\n", text_cell(used.use),
                        text_cell(used.source), number_cell(used.clips), escape_html(used.sha256));
  return text + "</tbody></table></div>\n";
}

std::string earlier_starts(const std::vector<ProgramStart>& starts) {
  if (starts.size() < 2) return "";
  std::string text = fmt::format("<details><summary>Earlier starts of this run: {}</summary>\n",
                                 starts.size() - 1);
  for (size_t i = 0; i + 1 < starts.size(); ++i)
    text += facts_table(starts[i]) + data_table(starts[i].data);
  return text + "</details>\n";
}

}  // namespace

std::string value_text(const MetricValue& value) {
  const bool is_share = value.is_higher_better && value.value >= 0 && value.value <= 1;
  return is_share ? percent(value.value) : fmt::format("{:.4f}", value.value);
}

std::string metrics_section(const RunRecord& record) {
  if (!record.report || record.report->values.empty()) return "";
  std::string rows;
  for (const MetricValue& value : record.report->values)
    rows += fmt::format("<tr>{}{}{}</tr>\n", text_cell(value.name), number_cell(value_text(value)),
                        text_cell(value.is_higher_better ? "" : "lower is better"));
  return "<table><tbody>\n" + rows + "</tbody></table>\n";
}

std::string confused_section(const MetricReport& report) {
  constexpr size_t kMostPairs = 10;
  const auto pairs = most_confused(report.confusion, kMostPairs);
  if (pairs.empty()) return "<p>Every clip is classified correctly.</p>\n";
  std::string text =
      "<div class=\"scroll\"><table class=\"wide\"><thead><tr><th>true class</th><th>taken for</th>"
      "<th class=\"number\">clips</th><th class=\"number\">of the true class</th></tr></thead>"
      "<tbody>\n";
  for (const auto& [truth, predicted, count] : pairs) {
    const double share =
        static_cast<double>(count) / static_cast<double>(report.confusion.support(truth));
    text += fmt::format("<tr>{}{}{}{}</tr>\n", text_cell(report.classes[truth].name),
                        text_cell(report.classes[predicted].name),
                        number_cell(fmt::format("{}", count)), share_cell(share));
  }
  return text + "</tbody></table></div>\n";
}

std::string class_section(const MetricReport& report) {
  const auto columns = share_columns(report);
  std::vector<std::pair<std::string, bool>> head = {
      {"#", true}, {"class", false}, {"clips", true}, {"predicted", true}};
  for (const auto& column : columns) head.emplace_back(column.first, true);
  std::string text =
      "<div class=\"scroll\"><table class=\"wide sortable\">" + sortable_head(head) + "<tbody>\n";
  for (size_t label = 0; label < report.classes.size(); ++label) {
    const ClassMetrics& row = report.classes[label];
    text += fmt::format("<tr>{}{}{}{}", number_cell(fmt::format("{}", label)), text_cell(row.name),
                        number_cell(fmt::format("{}", row.support)),
                        number_cell(fmt::format("{}", row.predicted)));
    for (const auto& column : columns) text += share_cell(row.*column.second);
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

std::string environment_section(const RunRecord& record) {
  std::string text;
  if (!record.starts.empty())
    text = facts_table(record.starts.back()) + data_table(record.starts.back().data);
  if (record.report)
    text += fmt::format("<p>SHA-256 of the scores: <code>{}</code></p>\n",
                        escape_html(record.report->scores_sha256));
  return text + earlier_starts(record.starts);
}

}  // namespace kinegraph
