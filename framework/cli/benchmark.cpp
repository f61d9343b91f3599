#include <torch/version.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "framework/base/console.h"
#include "framework/base/file.h"
#include "framework/base/interrupt.h"
#include "framework/base/runtime.h"
#include "framework/base/text.h"
#include "framework/cli/clip_options.h"
#include "framework/eval/text_table.h"
#include "framework/run/benchmark.h"
#include "framework/run/experiment.h"

namespace po = boost::program_options;

namespace kinegraph {
namespace {

using nlohmann::json;

constexpr int64_t kMaxThreads = 1024;

po::options_description benchmark_options() {
  po::options_description options;
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()("config", text("FILE"), "model, optimizer and data")(
      "stream", text("NAME"), "a stream of the config")(
      "set", po::value<Arguments>()->composing()->value_name("KEY=VALUE"),
      "override a config value; may be repeated")("device", text("DEVICE"),
                                                  "auto, cpu, cuda or cuda:N");
  add_clip_options(options);
  options.add_options()("batch", text("N"),
                        "clips of a batch; default: data.batch_size of the config")(
      "threads", text("A,B"), "compute threads, a row each; default 1,2")(
      "workers", text("A,B"), "loader workers, a row each; default 0,1,2")(
      "repeats", text("N"), "timed rounds; default 5")(
      "warm-ups", text("N"), "rounds before them; default 2")("json", text("FILE"),
                                                              "write the result there, too");
  return options;
}

std::vector<int64_t> numbers_of(const ParsedArguments& arguments, const std::string& option,
                                const std::vector<int64_t>& fallback, int64_t low) {
  if (!arguments.has(option)) return fallback;
  std::vector<int64_t> numbers;
  bool is_good = true;
  for (const auto& word : split(arguments.text(option), ','))
    is_good &= parse_number(word, low, kMaxThreads, numbers.emplace_back());
  if (!is_good || numbers.empty())
    throw UsageError(fmt::format("--{} is '{}'; expected whole numbers in {}..{}, such as 1,2",
                                 option, arguments.text(option), low, kMaxThreads));
  return numbers;
}

BenchmarkTask read_task(const ParsedArguments& arguments) {
  Arguments overrides = arguments.list("set");
  if (arguments.has("device")) overrides.push_back("device=" + arguments.text("device"));
  BenchmarkTask task;
  task.threads = numbers_of(arguments, "threads", task.threads, 1);
  task.workers = numbers_of(arguments, "workers", task.workers, 0);
  task.repeats = number_of(arguments, "repeats", task.repeats);
  task.warm_ups = number_of(arguments, "warm-ups", task.warm_ups, 0);
  task.experiment =
      load_config(arguments.text("config"), arguments.text("stream"), overrides).options;
  task.batch_size = number_of(arguments, "batch", task.experiment.data.batch_size);
  task.has_data = !arguments.has("skeleton");
  task.context = read_model_context(arguments, task.experiment);
  return task;
}

std::string cpu_name() {
  for (const auto& line : split(read_file("/proc/cpuinfo"), '\n'))
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown CPU";
}

json to_json(const BenchmarkRow& row) {
  json object{{"name", row.name},       {"unit", row.unit},         {"threads", row.threads},
              {"median", row.median()}, {"min", row.min()},         {"max", row.max()},
              {"rates", row.rates},     {"idle_mib", row.idle_mib}, {"peak_mib", row.peak_mib}};
  if (row.workers >= 0) object["workers"] = row.workers;
  return object;
}

json to_json(const BenchmarkTask& task, const std::vector<BenchmarkRow>& rows,
             const Runtime& runtime, const ParsedArguments& arguments) {
  json result{{"format", "kinegraph benchmark 1"},
              {"cpu", cpu_name()},
              {"processors", std::thread::hardware_concurrency()},
              {"blas", runtime.blas},
              {"libtorch", TORCH_VERSION},
              {"config", arguments.text("config")},
              {"set", arguments.list("set")},
              {"backbone", task.experiment.model.backbone.type()},
              {"device", task.experiment.device},
              {"skeleton", task.context.backbone.skeleton.name},
              {"classes", task.context.num_classes},
              {"batch_size", task.batch_size},
              {"warm_ups", task.warm_ups}};
  for (const auto& [name, shape] : task.context.backbone.inputs)
    result["inputs"][name] = {shape.persons, shape.frames, shape.joints, shape.channels};
  for (const auto& row : rows) result["rows"].push_back(to_json(row));
  return result;
}

std::string rate_text(double rate) {
  return rate < 1000 ? fmt::format("{:#.4g}", rate) : fmt::format("{:.0f}", rate);
}

std::string table_of(const std::vector<BenchmarkRow>& rows) {
  std::vector<std::vector<std::string>> cells{
      {"", "threads", "workers", "median", "min", "max", "", "peak MiB", "above idle"}};
  for (const auto& row : rows)
    cells.push_back(
        {row.name, std::to_string(row.threads), row.workers < 0 ? "" : std::to_string(row.workers),
         rate_text(row.median()), rate_text(row.min()), rate_text(row.max()), row.unit,
         fmt::format("{:.0f}", row.peak_mib), fmt::format("{:.0f}", row.peak_mib - row.idle_mib)});
  return align_columns(cells);
}

std::string describe(const BenchmarkTask& task) {
  return fmt::format("model: {}, {} classes, batch {}, {}", task.experiment.model.backbone.type(),
                     task.context.num_classes, task.batch_size,
                     text_of(task.context.backbone.inputs));
}

std::vector<BenchmarkRow> measure_with_progress(const BenchmarkTask& task,
                                                const std::string& description) {
  const InterruptGuard interrupts;
  log_info(description);
  ProgressLine line;
  return measure(task, [&](const std::string& name, size_t row, size_t rows, double share) {
    line.show(fmt::format("benchmark {}/{} {} {}", row, rows, progress_bar(share), name));
  });
}

}  // namespace

int run_benchmark(const Arguments& words) {
  const ParsedArguments arguments =
      parse_arguments(words, find_verb("benchmark"), benchmark_options());
  if (arguments.is_help) return 0;
  require_config_option(arguments, "benchmark");
  const BenchmarkTask task = read_task(arguments);
  // One thread: this process only waits for those that measure.
  const Runtime runtime = set_up_threads(1);
  if (!runtime.warning.empty()) log_warning(runtime.warning);
  const std::string machine =
      fmt::format("{}, {} processors, LibTorch {}, {}", cpu_name(),
                  std::thread::hardware_concurrency(), TORCH_VERSION, runtime.blas);
  const auto rows = measure_with_progress(task, describe(task) + "\nmachine: " + machine);
  if (arguments.has("json"))
    write_file(arguments.text("json"), to_json(task, rows, runtime, arguments).dump(2) + "\n");
  fmt::print("{}", table_of(rows));
  return 0;
}

}  // namespace kinegraph
