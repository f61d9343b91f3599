#include <nlohmann/json.hpp>

#include "framework/base/console.h"
#include "framework/base/file.h"
#include "framework/base/interrupt.h"
#include "framework/cli/verb.h"
#include "framework/config/compose.h"
#include "framework/data/check.h"
#include "framework/io/store_skeleton.h"

namespace po = boost::program_options;

namespace kinegraph {
namespace {

constexpr size_t kIndent = 9;
constexpr size_t kMostExamples = 5;  // in the text; JSON has all

po::options_description doctor_options() {
  po::options_description options;
  options.add_options()("check", po::value<Arguments>()->composing()->value_name("NAME"),
                        "only this check, see `kinegraph list checks`; may be repeated")(
      "set", po::value<Arguments>()->composing()->value_name("CHECK.KEY=VALUE"),
      "an option of a check, see `kinegraph describe check NAME`")(
      "threads", po::value<int>()->default_value(0)->value_name("N"),
      "threads that read clips; 0: one for each processor")(
      "json", po::value<std::string>()->value_name("FILE"),
      "write JSON there, with all clips that are at fault, instead of the text; - is standard "
      "output");
  return options;
}

/// The checks that are asked for, with their options. Throws ConfigError that lists all faults.
std::vector<Component<Check>> read_checks(const ParsedArguments& arguments) {
  const auto names = Registry<Check>::instance().names();
  const Location here{"doctor", 0, 0};
  Diagnostics diagnostics;
  Node tree = Node::make_map(here);
  for (const auto& name : arguments.has("check") ? arguments.list("check") : names)
    tree.set(name, Node::make_map(here));
  for (const auto& assignment : arguments.list("set"))
    apply_override(tree, assignment, diagnostics);
  std::vector<Component<Check>> checks;
  for (auto& entry : tree.entries) {
    if (entry.value.is_map()) entry.value.set("type", Node::make_scalar(entry.key, here));
    checks.emplace_back();
    checks.back().read(entry.value, diagnostics);
  }
  diagnostics.throw_if_any();
  return checks;
}

std::vector<Finding> examine(const Check::Context& context, const ParsedArguments& arguments) {
  const InterruptGuard interrupts;
  ProgressLine line;
  return find_faults(
      context, read_checks(arguments), arguments.values["threads"].as<int>(),
      [&](int64_t done, int64_t total) {
        if (is_interrupted()) throw Interrupted();
        const double share = static_cast<double>(done) / static_cast<double>(total);
        line.show(fmt::format("examining {} {}/{} clips", progress_bar(share), done, total));
      });
}

int64_t count(const std::vector<Finding>& findings, Severity severity) {
  int64_t number = 0;
  for (const Finding& finding : findings) number += finding.severity == severity ? 1 : 0;
  return number;
}

std::string plural(int64_t number, const char* word) {
  return fmt::format("{} {}{}", number, word, number == 1 ? "" : "s");
}

std::string text_of(const Finding& finding) {
  const auto indented = [](const std::string& text) {
    return fmt::format("{:{}}{}\n", "", kIndent, wrap(text, kIndent, kIndent));
  };
  std::string text = fmt::format("{:<{}}", name_of(finding.severity), kIndent);
  text += wrap(fmt::format("{}: {} [{}]", finding.text, finding.count, finding.check), kIndent,
               kIndent) +
          "\n";
  const size_t shown = std::min(finding.examples.size(), kMostExamples);
  const bool has_more = finding.count > static_cast<int64_t>(shown);
  text += indented(join({finding.examples.begin(), finding.examples.begin() + shown}) +
                   (has_more ? ", ..." : ""));
  return text + indented(finding.remedy);
}

std::string summary_of(const std::vector<Finding>& findings, int64_t clips) {
  if (findings.empty()) return fmt::format("no findings in {}\n", plural(clips, "clip"));
  return fmt::format("{} in {}: {}, {}, {}\n",
                     plural(static_cast<int64_t>(findings.size()), "finding"),
                     plural(clips, "clip"), plural(count(findings, Severity::error), "error"),
                     plural(count(findings, Severity::warning), "warning"),
                     plural(count(findings, Severity::note), "note"));
}

/// {store, clips, content_sha256, errors, warnings, notes,
///  findings: [{check, severity, text, count, examples, remedy}]}
std::string json_of(const std::vector<Finding>& findings, const AnnotationStore& store,
                    const std::string& path) {
  using Json = nlohmann::ordered_json;
  Json list = Json::array();
  for (const Finding& finding : findings)
    list.push_back({{"check", finding.check},
                    {"severity", name_of(finding.severity)},
                    {"text", finding.text},
                    {"count", finding.count},
                    {"examples", finding.examples},
                    {"remedy", finding.remedy}});
  const Json json = {{"store", path},
                     {"clips", store.num_clips()},
                     {"content_sha256", store.content_sha256()},
                     {"errors", count(findings, Severity::error)},
                     {"warnings", count(findings, Severity::warning)},
                     {"notes", count(findings, Severity::note)},
                     {"findings", std::move(list)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace

int run_doctor(const Arguments& words) {
  const ParsedArguments arguments =
      parse_arguments(words, find_verb("doctor"), doctor_options(), {"STORE"});
  if (arguments.is_help) return 0;
  const std::string path = arguments.text("STORE"), json = arguments.text("json");
  constexpr int kMaxThreads = 1024;
  if (const int threads = arguments.values["threads"].as<int>();
      threads < 0 || threads > kMaxThreads)
    throw UsageError(fmt::format("--threads is {}; expected 0..{}", threads, kMaxThreads));
  const auto store = AnnotationStore::open(path, AnnotationStore::Labels::any);
  const auto findings = examine({store, skeleton_of(store, path)}, arguments);
  if (json.empty()) {
    for (const Finding& finding : findings) fmt::print("{}", text_of(finding));
    fmt::print("{}", summary_of(findings, store.num_clips()));
  } else if (json == "-") {
    fmt::print("{}", json_of(findings, store, path));
  } else {
    write_file(json, json_of(findings, store, path));
    fmt::print("{}findings in {}\n", summary_of(findings, store.num_clips()), json);
  }
  return count(findings, Severity::error) > 0 ? 1 : 0;
}

}  // namespace kinegraph
