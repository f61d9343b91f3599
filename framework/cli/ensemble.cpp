#include "framework/eval/ensemble.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <filesystem>

#include "framework/base/console.h"
#include "framework/base/text.h"
#include "framework/cli/report.h"
#include "framework/cli/verb.h"
#include "framework/eval/report.h"
#include "framework/eval/text_table.h"
#include "framework/run/environment.h"
#include "framework/run/experiment.h"
#include "framework/run/run_dir.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace kinegraph {
namespace {

po::options_description ensemble_options() {
  po::options_description options;
  options.add_options()("weights", po::value<std::string>()->value_name("A:B"),
                        "one factor for each stream, such as 2:1 or 2,1; default: all 1")(
      "of", po::value<std::string>()->default_value("probabilities")->value_name("WHAT"),
      "probabilities (softmax of logits, as PYSKL does) or logits (as CTR-GCN does)")(
      "work-dir", po::value<std::string>()->value_name("DIR"),
      "new or empty folder for the results; default runs/ensemble/<time>");
  return options;
}

Summand read_summand(const std::string& text) {
  std::vector<std::string> names;
  for (const Summand summand : {Summand::probabilities, Summand::logits}) {
    if (text == name_of(summand)) return summand;
    names.emplace_back(name_of(summand));
  }
  throw UsageError(fmt::format("--of is '{}'{}\n  expected {}", text, near_name_hint(text, names),
                               join(names, " or ")));
}

double read_weight(const std::string& text) {
  double weight = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, weight);
  if (result.ec != std::errc() || result.ptr != end || !std::isfinite(weight) || weight <= 0)
    throw UsageError(fmt::format("--weights: '{}' is no number above 0", text));
  return weight;
}

std::vector<double> read_weights(const ParsedArguments& arguments, size_t streams) {
  if (!arguments.has("weights")) return std::vector<double>(streams, 1);
  const std::string text = arguments.text("weights");
  std::vector<double> weights;
  for (const auto& word : split(text, text.find(':') != text.npos ? ':' : ','))
    weights.push_back(read_weight(word));
  if (weights.size() != streams)
    throw UsageError(
        fmt::format("--weights {} has {} factors\n  expected one for each of the {} "
                    "streams",
                    text, weights.size(), streams));
  return weights;
}

/// The folder of a test stands for the scores in it.
std::vector<ScoredStream> read_streams(const Arguments& paths, const std::vector<double>& weights) {
  std::vector<ScoredStream> streams;
  for (size_t i = 0; i < paths.size(); ++i) {
    std::error_code ignored;
    fs::path path = paths[i];
    if (fs::is_directory(path, ignored)) path /= "scores.h5";
    streams.push_back({path.string(), read_scores(path), weights[i]});
  }
  return streams;
}

double top1_of(const Scores& scores) {
  const ConfusionMatrix confusion(scores);
  int64_t hits = 0;
  for (int64_t label = 0; label < confusion.num_classes(); ++label) hits += confusion.hits(label);
  return static_cast<double>(hits) / static_cast<double>(confusion.total());
}

/// How each stream does alone, and all together.
std::string streams_text(const std::vector<ScoredStream>& streams, const Scores& fused) {
  std::vector<std::vector<std::string>> rows{{"stream", "weight", "top1"}};
  for (const auto& [name, scores, weight] : streams)
    rows.push_back({name, fmt::format("{}", weight), fmt::format("{:.4f}", top1_of(scores))});
  rows.push_back({"ensemble", "", fmt::format("{:.4f}", top1_of(fused))});
  return align_columns(rows);
}

ScoreNotes notes_of(const std::vector<ScoredStream>& streams, Summand summand) {
  std::vector<std::string> names, weights;
  for (const auto& stream : streams) {
    names.push_back(stream.name);
    weights.push_back(fmt::format("{}", stream.weight));
  }
  return {{"streams", join(names)},
          {"weights", join(weights)},
          {"sum_of", std::string(name_of(summand))}};
}

Facts facts_of_fusion(const Arguments& words, const ScoreNotes& notes) {
  Arguments command{"ensemble"};
  command.insert(command.end(), words.begin(), words.end());
  Facts facts{{"command", own_command(command)}};
  facts.insert(facts.end(), notes.begin(), notes.end());
  return facts;
}

}  // namespace

int run_ensemble(const Arguments& words) {
  const ParsedArguments arguments =
      parse_arguments(words, find_verb("ensemble"), ensemble_options(), {"SCORES..."});
  if (arguments.is_help) return 0;
  const Arguments paths = arguments.list("SCORES");
  if (paths.size() < 2)
    throw UsageError("an ensemble takes at least two streams\n  see `kinegraph ensemble --help`");
  const Summand summand = read_summand(arguments.text("of"));
  const std::vector<double> weights = read_weights(arguments, paths.size());
  require_free_run_dir(arguments.text("work-dir"));

  const std::vector<ScoredStream> streams = read_streams(paths, weights);
  const Scores fused = fuse(streams, summand);
  const MetricReport report = evaluate(fused, default_metrics());
  const fs::path dir = make_run_dir(arguments.text("work-dir"), "ensemble");
  const ScoreNotes notes = notes_of(streams, summand);
  write_scores(fused, dir / "scores.h5", notes);
  write_report(report, dir);
  record_start(dir, facts_of_fusion(words, notes), {});
  fmt::print("{}\n{}\nfiles in {}: scores.h5, report.json, metrics.csv, per_class.csv\n",
             streams_text(streams, fused), format_report(report), dir.string());
  end_with_html_report(dir);
  return 0;
}

}  // namespace kinegraph
