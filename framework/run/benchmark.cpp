#include "framework/run/benchmark.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "framework/base/runtime.h"
#include "framework/run/benchmark_work.h"
#include "framework/run/child_process.h"

namespace kinegraph {
namespace {

/// A row that is still to be measured.
struct PlannedRow {
  BenchmarkRow row;
  std::function<TimedWork()> prepare;
  std::function<void()> check;  // afterwards, as its memory must not count; may be empty
};

bool has_several_persons(const BenchmarkTask& task) {
  const auto& inputs = task.context.backbone.inputs;
  return std::any_of(inputs.begin(), inputs.end(),
                     [](const auto& input) { return input.second.persons > 1; });
}

std::vector<PlannedRow> plan(const BenchmarkTask& task) {
  std::vector<PlannedRow> rows;
  const auto add = [&](const char* name, const char* unit, int64_t threads, int64_t workers,
                       std::function<TimedWork()> prepare, std::function<void()> check = {}) {
    BenchmarkRow row;
    row.name = name;
    row.unit = unit;
    row.threads = threads;
    row.workers = workers;
    rows.push_back({row, std::move(prepare), std::move(check)});
  };
  const auto add_inference = [&](const char* name, int64_t active_persons) {
    for (const int64_t threads : task.threads)
      add(
          name, "clips/s", threads, -1,
          [&task, active_persons] { return inference_work(task, active_persons); },
          [&task, active_persons] { check_inference(task, active_persons); });
  };
  for (const int64_t threads : task.threads)
    add("sgemm", "GFLOP/s", threads, -1, [threads] {
      set_blas_threads(static_cast<int>(threads));
      return sgemm_work();
    });
  for (const int64_t threads : task.threads) add("copy", "GB/s", threads, -1, copy_work);
  if (task.has_data)
    for (const int64_t workers : task.workers)
      add("loader", "clips/s", 1, workers, [&, workers] { return loader_work(task, workers); });
  add_inference("inference", kAllPersons);
  if (has_several_persons(task)) add_inference("inference, one person", 1);
  for (const int64_t threads : task.threads)
    add("train", "clips/s", threads, -1, [&] { return train_work(task); });
  return rows;
}

std::string text_of(const BenchmarkRow& row) {
  const bool is_loader = row.workers >= 0;
  const int64_t count = is_loader ? row.workers : row.threads;
  return fmt::format("{}, {} {}{}", row.name, count, is_loader ? "worker" : "thread",
                     count == 1 ? "" : "s");
}

/// Sends {"rate"} after each round, then what the process has used.
void work_on(const PlannedRow& planned, const BenchmarkTask& task, const SendMessage& send) {
  set_up_threads(static_cast<int>(planned.row.threads));
  at::manual_seed(static_cast<uint64_t>(task.experiment.seed));
  const double idle_mib = memory_mib();
  const TimedWork work = planned.prepare();
  for (int64_t i = 0; i < task.warm_ups + task.repeats; ++i) send({{"rate", work()}});
  send({{"threads", at::get_num_threads()}, {"idle", idle_mib}, {"peak", peak_memory_mib()}});
  if (planned.check) planned.check();
}

}  // namespace

double BenchmarkRow::median() const {
  std::vector<double> sorted = rates;
  std::sort(sorted.begin(), sorted.end());
  const size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
double BenchmarkRow::min() const { return *std::min_element(rates.begin(), rates.end()); }
double BenchmarkRow::max() const { return *std::max_element(rates.begin(), rates.end()); }

std::vector<BenchmarkRow> measure(const BenchmarkTask& task, const BenchmarkProgress& progress) {
  const std::vector<PlannedRow> rows = plan(task);
  std::vector<BenchmarkRow> measured;
  for (const PlannedRow& planned : rows) {
    BenchmarkRow row = planned.row;
    const std::string name = text_of(row);
    const auto show = [&](int64_t rounds) {
      progress(name, measured.size() + 1, rows.size(),
               static_cast<double>(rounds) / static_cast<double>(task.warm_ups + task.repeats));
    };
    int64_t rounds = 0;
    show(rounds);
    const auto work = [&](const SendMessage& send) {
      try {
        work_on(planned, task, send);
      } catch (const c10::Error& error) {
        throw Error(error.what_without_backtrace());
      }
    };
    run_in_child(name, work, [&](const nlohmann::json& message) {
      if (message.contains("rate")) {
        if (++rounds > task.warm_ups) row.rates.push_back(message["rate"]);
        show(rounds);
      } else {
        row.threads = message["threads"];
        row.idle_mib = message["idle"];
        row.peak_mib = message["peak"];
      }
    });
    measured.push_back(std::move(row));
  }
  return measured;
}

}  // namespace kinegraph
