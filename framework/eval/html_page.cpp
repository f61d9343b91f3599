#include "framework/eval/html_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "framework/eval/charts.h"

namespace kinegraph {
namespace {

/// "44 h 27 min", "3 min 5 s", "5 s".
std::string duration_text(double seconds) {
  const auto total = static_cast<int64_t>(seconds + 0.5);
  const int64_t h = total / 3600, min = total / 60 % 60, s = total % 60;
  if (h > 0) return fmt::format("{} h {} min", h, min);
  return min > 0 ? fmt::format("{} min {} s", min, s) : fmt::format("{} s", s);
}

/// "1 clip", "2 clips".
std::string count_text(int64_t count, const std::string& thing, const std::string& things) {
  return fmt::format("{} {}", count, count == 1 ? thing : things);
}

std::string tile(const std::string& title, const std::string& value) {
  return fmt::format("<div class=\"tile\">{}<b>{}</b></div>\n", escape_html(title),
                     escape_html(value));
}

/// The first values are those that the config names first.
std::string tiles(const RunRecord& record) {
  constexpr size_t kMostTiles = 4;
  std::string text;
  if (record.report) {
    const auto& values = record.report->values;
    for (size_t i = 0; i < std::min(values.size(), kMostTiles); ++i)
      text += tile(metric_title(values[i].name), value_text(values[i]));
  }
  if (record.log && record.log->epochs > 0)
    text += tile("training time", duration_text(record.log->seconds));
  return text.empty() ? "" : "<div class=\"tiles\">\n" + text + "</div>\n";
}

std::string size_text(const RunRecord& record) {
  std::vector<std::string> parts;
  if (record.report)
    parts.push_back(count_text(record.report->confusion.total(), "clip", "clips") + " of " +
                    count_text(record.report->confusion.num_classes(), "class", "classes"));
  if (record.log) parts.push_back(count_text(record.log->epochs, "epoch", "epochs"));
  if (!record.starts.empty())
    for (const auto& [name, value] : record.starts.back().facts)
      if (name == "split" || name == "date")
        parts.push_back(name == "date" ? value : name + " " + value);
  return escape_html(fmt::format("{}", fmt::join(parts, "; ")));
}

/// Of the first metric that the log has.
std::string best_epoch_text(const RunRecord& record) {
  if (!record.log || record.log->metrics.empty() || record.log->epochs == 0) return "";
  const NamedCurve& metric = record.log->metrics.front();
  const MetricValue* known = record.report ? record.report->find(metric.name) : nullptr;
  if (!known || !known->is_higher_better) return "";
  const auto best =
      std::max_element(metric.curve.begin(), metric.curve.end(),
                       [](const CurvePoint& a, const CurvePoint& b) { return a.value < b.value; });
  return fmt::format("<p>Best {} on the validation clips: <b>{}</b> after epoch {:.0f}.</p>\n",
                     escape_html(metric_title(metric.name)),
                     value_text({metric.name, best->value, true}), best->epoch);
}

std::string figures_html(const std::vector<DrawnFigure>& figures) {
  constexpr double kPixelsPerInch = 108;  // makes letters of 8 points as large as captions
  std::string text;
  for (const auto& [figure, svg] : figures)
    text += fmt::format(
        "<figure style=\"width:{:.0f}px\" id=\"{}\" role=\"group\">\n{}<figcaption>{}"
        "</figcaption></figure>\n",
        kPixelsPerInch * figure.width_in, figure.name, inline_svg(svg, figure.name + "-"),
        escape_html(figure.caption));
  return text.empty() ? "" : "<div class=\"figures\">\n" + text + "</div>\n";
}

/// Where the figures are for print, or why they are missing.
std::string figures_note(const Drawings& drawings) {
  if (!drawings.problem.empty())
    return fmt::format("<p class=\"notice\">No charts: {}</p>\n", escape_html(drawings.problem));
  if (drawings.curves.empty() && drawings.classes.empty()) return "";
  return "<p class=\"quiet\">Figures for print, as SVG, PDF and PNG: <a href=\"figures/\">"
         "figures/</a> beside this page.</p>\n";
}

std::string section(const std::string& id, const std::string& title, const std::string& content) {
  if (content.empty()) return "";
  return fmt::format("<section>\n<h2 id=\"{}\">{}</h2>\n{}</section>\n", id, title, content);
}

std::string config_html(const std::string& yaml) {
  if (yaml.empty()) return "";
  return fmt::format(
      "<details><summary>config.yaml, with everything applied; it can be trained again</summary>"
      "<pre>{}</pre></details>\n",
      escape_html(yaml));
}

std::string replace_in_tag(std::string_view tag, const std::string& prefix) {
  std::string text(tag);
  for (const char* mark : {" id='", " id=\"", "href='#", "url(#"})
    for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1))
      text.insert(at + std::string_view(mark).size(), prefix);
  return text;
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '&')
      escaped += "&amp;";
    else if (letter == '<')
      escaped += "&lt;";
    else if (letter == '>')
      escaped += "&gt;";
    else if (letter == '"')
      escaped += "&quot;";
    else if (letter == '\'')
      escaped += "&#39;";
    else if ((byte < 0x20 && letter != '\n' && letter != '\t') || byte == 0x7F)
      escaped += "\xEF\xBF\xBD";
    else
      escaped += letter;
  }
  return escaped;
}

std::string inline_svg(std::string_view file, const std::string& prefix) {
  std::string text;
  std::string_view rest = file.substr(std::min(file.find("<svg"), file.size()));
  while (!rest.empty()) {
    const size_t open = std::min(rest.find('<'), rest.size());
    text += rest.substr(0, open);  // between tags: labels, which stay as they are
    rest.remove_prefix(open);
    if (rest.rfind("<title>", 0) == 0) {
      constexpr std::string_view kEnd = "</title>";
      const size_t end = rest.find(kEnd);
      rest.remove_prefix(end == rest.npos ? rest.size() : end + kEnd.size());
      continue;
    }
    const size_t close = std::min(rest.find('>'), rest.size());
    text += replace_in_tag(rest.substr(0, close), prefix);
    rest.remove_prefix(close);
  }
  return text;
}

std::string html_page(const RunRecord& record, const Drawings& drawings) {
  const std::string title = escape_html(record.title);
  std::string body = fmt::format(
      "<header>\n<h1>{}</h1>\n<p class=\"quiet\">{}</p>\n{}{}{}</header>\n", title,
      size_text(record), tiles(record), best_epoch_text(record), figures_note(drawings));
  body += section("curves", "Training curves", figures_html(drawings.curves));
  if (record.report) {
    body += section("classes", "Classes", figures_html(drawings.classes));
    body += section("confused", "Most confused classes", confused_section(*record.report));
    body += section("per-class", "Per class", class_section(*record.report));
  }
  body += section("metrics", "All metrics", metrics_section(record));
  body += section("config", "Config", config_html(record.config_yaml));
  body += section("environment", "Environment and data", environment_section(record));
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n{}<script>{}</script>\n</body>\n"
      "</html>\n",
      title, kPageStyle, body, kPageScript);
}

}  // namespace kinegraph
