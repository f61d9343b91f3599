#include <algorithm>

#include "framework/base/console.h"
#include "framework/base/file.h"
#include "framework/base/interrupt.h"
#include "framework/base/text.h"
#include "framework/cli/report.h"
#include "framework/cli/scoring_progress.h"
#include "framework/cli/trained_model.h"
#include "framework/cli/verb.h"
#include "framework/config/yaml.h"
#include "framework/eval/report.h"
#include "framework/run/environment.h"
#include "framework/run/run_dir.h"
#include "framework/run/summary.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace kinegraph {
namespace {

Scores score(TestParts& parts, const ExperimentOptions& options) {
  const InterruptGuard interrupts;
  ProgressLine line;
  return score_clips(*parts.model, *parts.loader,
                     scoring_with_progress(parts, options, "testing", line));
}

po::options_description test_options() {
  po::options_description options;
  add_checkpoint_options(options);
  options.add_options()("split",
                        po::value<std::string>()->default_value("test")->value_name("SPLIT"),
                        "train, val or test of the config; test falls back to val")(
      "work-dir", po::value<std::string>()->value_name("DIR"),
      "new or empty folder for the results; default runs/<config>-test/<time>");
  add_common_options(options);
  return options;
}

void require_test_options(const ParsedArguments& arguments) {
  require_checkpoint_options(arguments, "test");
  const std::string split = arguments.text("split");
  const std::vector<std::string> splits{"train", "val", "test"};
  if (std::find(splits.begin(), splits.end(), split) == splits.end())
    throw UsageError(fmt::format("--split is '{}'{}\n  expected train, val or test", split,
                                 near_name_hint(split, splits)));
  require_free_run_dir(arguments.text("work-dir"));
}

Facts facts_of(const TestParts& parts, const ExperimentOptions& options,
               const ParsedArguments& arguments, const Arguments& words,
               const std::string& runtime) {
  Arguments command{"test"};
  command.insert(command.end(), words.begin(), words.end());
  return {{"command", own_command(command)},
          {"checkpoint", arguments.text("checkpoint")},
          {"split", arguments.text("split")},
          {"model", options.model.backbone.type()},
          {"parameters", std::to_string(parameter_count(*parts.model))},
          {"device", parts.device.str()},
          {"compute", runtime}};
}

}  // namespace

int run_test(const Arguments& words) {
  const ParsedArguments arguments = parse_arguments(words, find_verb("test"), test_options());
  if (arguments.is_help) return 0;
  require_test_options(arguments);
  const std::string file = arguments.text("checkpoint"), split = arguments.text("split");
  const Weights weights = read_weights(arguments);
  const LoadedConfig config = config_of(arguments, weights);
  const std::string runtime = set_up_runtime(arguments);
  TestParts parts = build_test(config, weights, split);
  log_info(describe_test(parts, config.options) + "\ncompute: " + runtime);
  const Scores scores = score(parts, config.options);
  const MetricReport report = evaluate(scores, parts.metrics);

  const std::string name = arguments.has("config")
                               ? run_name(arguments.text("config"), arguments.text("stream"))
                               : run_name_of_checkpoint(file);
  const fs::path dir = make_run_dir(arguments.text("work-dir"), name + "-test");
  write_file(dir / "config.yaml", dump_yaml(config.resolved));
  write_scores(scores, dir / "scores.h5", {{"checkpoint", file}, {"split", split}});
  write_report(report, dir);
  record_start(dir, facts_of(parts, config.options, arguments, words, runtime),
               {data_use(split, *parts.loader)});
  fmt::print("\n{}\nfiles in {}: scores.h5, report.json, metrics.csv, per_class.csv, config.yaml\n",
             format_report(report), dir.string());
  end_with_html_report(dir);
  return 0;
}

}  // namespace kinegraph
