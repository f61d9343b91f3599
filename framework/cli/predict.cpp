#include <array>
#include <fstream>
#include <nlohmann/json.hpp>

#include "framework/base/console.h"
#include "framework/base/file.h"
#include "framework/base/interrupt.h"
#include "framework/cli/import.h"
#include "framework/cli/scoring_progress.h"
#include "framework/cli/trained_model.h"
#include "framework/cli/verb.h"
#include "framework/eval/text_table.h"
#include "framework/run/summary.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace kinegraph {
namespace {

po::options_description predict_options() {
  po::options_description options;
  add_checkpoint_options(options);
  options.add_options()(
      "format", po::value<std::string>()->value_name("FORMAT"),
      "SOURCE is no annotation store but of this format, see `kinegraph list importers`")(
      "import-set", po::value<Arguments>()->composing()->value_name("KEY=VALUE"),
      "an option of the format; may be repeated")(
      "split", po::value<std::string>()->value_name("SPLIT"),
      "only this split of the store; default: every clip")(
      "top-k", po::value<int64_t>()->default_value(5)->value_name("K"),
      "classes for each clip, the likeliest first")(
      "json", po::value<std::string>()->value_name("FILE"),
      "write JSON there instead of the table; - is standard output");
  add_common_options(options);
  return options;
}

bool is_hdf5(const fs::path& path) {
  constexpr std::array<char, 8> kSignature{'\x89', 'H', 'D', 'F', '\r', '\n', '\x1a', '\n'};
  std::array<char, 8> head{};
  std::ifstream(path, std::ios::binary).read(head.data(), head.size());
  return head == kSignature;
}

void require_predict_options(const ParsedArguments& arguments) {
  require_checkpoint_options(arguments, "predict");
  if (arguments.values["top-k"].as<int64_t>() < 1)
    throw UsageError(
        fmt::format("--top-k is {}; expected 1 or more", arguments.values["top-k"].as<int64_t>()));
  if (arguments.has("import-set") && !arguments.has("format"))
    throw UsageError("--import-set needs --format");
  const fs::path source = arguments.text("SOURCE");
  std::error_code ignored;
  if (!arguments.has("format") && fs::exists(source, ignored) && !is_hdf5(source))
    throw UsageError(
        fmt::format("{}: no annotation store\n  --format says how to read other data: "
                    "{}",
                    source.string(), join(Registry<Importer>::instance().names())));
}

/// SOURCE itself, or the store in `folder` that is made of it.
fs::path store_of(const ParsedArguments& arguments, const TemporaryFolder& folder) {
  const fs::path source = arguments.text("SOURCE");
  if (!arguments.has("format")) return source;
  const auto importer = read_importer(arguments.text("format"), arguments.list("import-set"));
  if (!importer.build({})->needs_source())
    throw UsageError(
        fmt::format("--format {0} makes its clips itself and reads no SOURCE\n  "
                    "`kinegraph import {0} STORE` makes a store to predict.",
                    importer.type()));
  const std::string name = fs::absolute(source).lexically_normal().filename().string();
  const fs::path store = folder.path() / ((name.empty() ? "data" : name) + ".h5");
  import_with_progress(importer, source, store);
  return store;
}

/// Probabilities, and the logits that they come from; none where the probabilities of several clips
/// of a sample are averaged.
struct Predictions {
  Scores probabilities;
  std::optional<Scores> logits;
};

Predictions predict(TestParts& parts, const ExperimentOptions& options) {
  const InterruptGuard interrupts;
  ProgressLine line;
  Scores scores = score_unlabelled_clips(*parts.model, *parts.loader, parts.class_names,
                                         scoring_with_progress(parts, options, "predicting", line));
  if (scores.kind != ScoreKind::logits) return {std::move(scores), {}};
  return {softmax(scores), scores};
}

/// A line for each clip: its id, then its likeliest classes with their probabilities.
std::string table_of(const Scores& scores, int64_t k) {
  constexpr size_t kNameWidth = 24;
  const auto shown = static_cast<size_t>(std::min(k, scores.num_classes()));
  std::vector<std::vector<std::string>> rows{{"clip"}};
  for (size_t rank = 1; rank <= shown; ++rank) rows[0].push_back(fmt::format("top {}", rank));
  for (int64_t clip = 0; clip < scores.num_clips(); ++clip) {
    rows.push_back({scores.ids[clip]});
    for (const int64_t label : top_k(scores, clip, k))
      rows.back().push_back(fmt::format(
          "{} {:.4f}", fit_text(scores.class_names[label], kNameWidth), scores.row(clip)[label]));
  }
  return align_columns(rows);
}

/// {checkpoint, classes, clips: [{id, top: [{class, index, probability, logit}]}]}, the logit only
/// where there is one.
std::string json_of(const Predictions& predictions, int64_t k, const std::string& checkpoint) {
  const Scores& scores = predictions.probabilities;
  using Json = nlohmann::ordered_json;
  Json clips = Json::array();
  for (int64_t clip = 0; clip < scores.num_clips(); ++clip) {
    Json top = Json::array();
    for (const int64_t label : top_k(scores, clip, k)) {
      top.push_back({{"class", scores.class_names[label]},
                     {"index", label},
                     {"probability", scores.row(clip)[label]}});
      if (predictions.logits) top.back()["logit"] = predictions.logits->row(clip)[label];
    }
    clips.push_back({{"id", scores.ids[clip]}, {"top", std::move(top)}});
  }
  const Json json = {
      {"checkpoint", checkpoint}, {"classes", scores.class_names}, {"clips", std::move(clips)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace

int run_predict(const Arguments& words) {
  const ParsedArguments arguments =
      parse_arguments(words, find_verb("predict"), predict_options(), {"SOURCE"});
  if (arguments.is_help) return 0;
  require_predict_options(arguments);
  const std::string file = arguments.text("checkpoint"), json = arguments.text("json");
  const Weights weights = read_weights(arguments);
  const LoadedConfig config = config_of(arguments, weights);
  const std::string runtime = set_up_runtime(arguments);
  const TemporaryFolder folder;
  const fs::path store = store_of(arguments, folder);
  std::optional<std::string> split;
  if (arguments.has("split")) split = arguments.text("split");
  TestParts parts = build_prediction(config, weights, store, split);
  log_info(describe_test(parts, config.options) + "\ncompute: " + runtime);

  const Predictions predictions = predict(parts, config.options);
  const auto k = arguments.values["top-k"].as<int64_t>();
  if (json.empty()) {
    fmt::print("{}", table_of(predictions.probabilities, k));
  } else if (json == "-") {
    fmt::print("{}", json_of(predictions, k, file));
  } else {
    write_file(json, json_of(predictions, k, file));
    fmt::print("predictions of {} clips in {}\n", predictions.probabilities.num_clips(), json);
  }
  return 0;
}

}  // namespace kinegraph
