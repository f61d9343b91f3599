#include "framework/base/console.h"
#include "framework/base/file.h"
#include "framework/cli/report.h"
#include "framework/cli/verb.h"
#include "framework/eval/report.h"
#include "framework/run/environment.h"
#include "framework/run/experiment.h"
#include "framework/run/run_dir.h"
#include "framework/run/summary.h"
#include "framework/run/weights.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace kinegraph {
namespace {

/// Overrides of the command line, in order; --seed and others are short for some of them.
Arguments overrides_of(const ParsedArguments& arguments) {
  Arguments overrides = arguments.list("set");
  if (arguments.has("device")) overrides.push_back("device=" + arguments.text("device"));
  if (arguments.has("seed")) overrides.push_back("seed=" + arguments.text("seed"));
  if (arguments.has("load-from"))
    overrides.push_back("load_from.checkpoint=" + arguments.text("load-from"));
  if (arguments.has("dialect"))
    overrides.push_back("load_from.dialect=" + arguments.text("dialect"));
  if (arguments.has("partial")) overrides.emplace_back("load_from.partial=true");
  return overrides;
}

int train(Trainer& trainer) {
  trainer.run();
  if (trainer.was_interrupted()) return kInterruptedExitCode;
  if (const MetricReport* report = trainer.validation()) {
    write_report(*report, trainer.parts().run_dir);
    fmt::print("\n{}", format_report(*report));
  }
  fmt::print("\n{}", summarise_run(trainer));
  end_with_html_report(trainer.parts().run_dir);
  return 0;
}

void record(const TrainerParts& parts, const Arguments& words, const std::string& runtime) {
  Arguments command{"train"};
  command.insert(command.end(), words.begin(), words.end());
  record_start(
      parts.run_dir,
      {{"command", own_command(command)},
       {"model", parts.options.model.backbone.type()},
       {"parameters", std::to_string(parameter_count(*parts.model))},
       {"device", parts.device.str()},
       {"compute", runtime}},
      {data_use("training", *parts.train_loader), data_use("validation", *parts.val_loader)});
}

/// One stream of the config, or the config itself.
struct Job {
  LoadedConfig config;
  std::string work_dir, name;
};

/// Reads all of them first: a fault in the last one should not be found after hours.
std::vector<Job> read_jobs(const ParsedArguments& arguments) {
  const std::string path = arguments.text("config"), work_dir = arguments.text("work-dir");
  Arguments streams = split(arguments.text("streams"), ',');
  if (streams.empty()) streams = {""};
  std::vector<Job> jobs;
  for (const auto& stream : streams) {
    const bool is_nested = !work_dir.empty() && !stream.empty();
    const std::string dir = is_nested ? (fs::path(work_dir) / stream).string() : work_dir;
    jobs.push_back(
        {load_config(path, stream, overrides_of(arguments)), dir, run_name(path, stream)});
    require_free_run_dir(dir);
  }
  return jobs;
}

int train_from_start(const Job& job, const Arguments& words, const std::string& runtime) {
  // The data and the model are built before the folder is made: a faulty config leaves nothing.
  TrainerParts parts = build_training(job.config, "");
  if (const auto& load_from = job.config.options.load_from)
    load_weights(*parts.model, job.config.options.model, read_weights(*load_from));
  parts.run_dir = make_run_dir(job.work_dir, job.name);
  const RunDirLock lock(parts.run_dir);
  write_file(parts.run_dir / "config.yaml", parts.config_yaml);
  record(parts, words, runtime);
  log_info(describe_run(parts) + "\ncompute: " + runtime);
  Trainer trainer(std::move(parts));
  return train(trainer);
}

int resume(const ParsedArguments& arguments, const Arguments& words) {
  for (const char* option :
       {"config", "work-dir", "streams", "seed", "load-from", "dialect", "partial"})
    if (arguments.has(option))
      throw UsageError(
          fmt::format("--resume takes the config and the folder of the run it goes on "
                      "with; leave out --{}\n  --set changes values of the config",
                      option));
  const std::string runtime = set_up_runtime(arguments);
  const fs::path given = arguments.text("resume");
  const fs::path file = fs::is_directory(given) ? given / "last.pth" : given;
  const fs::path run_dir = file.has_parent_path() ? file.parent_path() : ".";
  const RunDirLock lock(run_dir);
  const Checkpoint checkpoint = read_checkpoint(file);
  const LoadedConfig config =
      load_config_text(checkpoint.config_yaml, file.string() + ":config", overrides_of(arguments));
  Trainer trainer(build_training(config, run_dir));
  trainer.restore(checkpoint, file.string());
  const TrainingState& state = trainer.state();
  const int64_t epochs = config.options.train.epochs;
  if (state.epoch >= epochs) {
    log_info(fmt::format("{}: all {} epochs are done; to train longer, add --set train.epochs=N",
                         file.string(), epochs));
    return 0;
  }
  write_file(run_dir / "config.yaml", trainer.parts().config_yaml);
  record(trainer.parts(), words, runtime);
  log_info(describe_run(trainer.parts()) + "\ncompute: " + runtime);
  log_info(fmt::format("going on after {} epochs and {} batches, iteration {}", state.epoch,
                       state.batch, state.iteration));
  return train(trainer);
}

}  // namespace

int run_train(const Arguments& words) {
  po::options_description options;
  options.add_options()("config", po::value<std::string>()->value_name("FILE"), "what to train")(
      "work-dir", po::value<std::string>()->value_name("DIR"),
      "new or empty folder of the run; default runs/<config>/<time>")(
      "streams", po::value<std::string>()->value_name("A,B"),
      "train these streams of the config, one after another")(
      "resume", po::value<std::string>()->value_name("RUN"),
      "go on with a run: its folder or one of its checkpoints")(
      "load-from", po::value<std::string>()->value_name("FILE"),
      "start from trained weights; short for --set load_from.checkpoint=FILE")(
      "dialect", po::value<std::string>()->value_name("NAME"),
      "whose names they have; short for --set load_from.dialect=NAME")(
      "partial", "take what fits of them; short for --set load_from.partial=true")(
      "seed", po::value<std::string>()->value_name("N"), "short for --set seed=N");
  add_common_options(options);
  const ParsedArguments arguments = parse_arguments(words, find_verb("train"), options);
  if (arguments.is_help) return 0;
  if (!arguments.has("config") && !arguments.has("resume"))
    throw UsageError("--config FILE or --resume RUN is missing\n  see `kinegraph train --help`");
  if (arguments.has("resume")) return resume(arguments, words);
  const std::vector<Job> jobs = read_jobs(arguments);
  const std::string runtime = set_up_runtime(arguments);
  for (const Job& job : jobs)
    if (const int code = train_from_start(job, words, runtime)) return code;
  return 0;
}

}  // namespace kinegraph
