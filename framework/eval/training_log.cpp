#include "framework/eval/training_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/base/text.h"

namespace kinegraph {
namespace {

using LogLine = nlohmann::ordered_json;  // keeps the metrics in their order

Curve thin(const Curve& curve) {
  constexpr size_t kMostPoints = 500;
  const size_t group = (curve.size() + kMostPoints - 1) / kMostPoints;
  Curve thinned;
  for (size_t begin = 0; begin < curve.size(); begin += group) {
    const size_t end = std::min(begin + group, curve.size());
    CurvePoint sum{0, 0};
    for (size_t i = begin; i < end; ++i) {
      sum.epoch += curve[i].epoch;
      sum.value += curve[i].value;
    }
    const auto count = static_cast<double>(end - begin);
    thinned.push_back({sum.epoch / count, sum.value / count});
  }
  return thinned;
}

void add_validation(const LogLine& line, TrainingLog& log) {
  for (const auto& item : line.items()) {
    if (!item.value().is_number() || item.key() == "epoch" || item.key() == "iteration") continue;
    const auto is_named = [&](const NamedCurve& curve) { return curve.name == item.key(); };
    auto found = std::find_if(log.metrics.begin(), log.metrics.end(), is_named);
    if (found == log.metrics.end()) {
      log.metrics.push_back({item.key(), {}});
      found = log.metrics.end() - 1;
    }
    found->curve.push_back({line.at("epoch").get<double>(), item.value().get<double>()});
  }
}

void add_epoch(const LogLine& line, TrainingLog& log) {
  const auto epoch = line.at("epoch").get<double>();
  // Not get(), which would convert a huge real number without a check.
  log.epochs = std::max(log.epochs, line.at("epoch").get_ref<const int64_t&>());
  log.seconds += line.at("seconds").get<double>();
  log.epoch_loss.push_back({epoch, line.at("loss").get<double>()});
  log.training_accuracy.push_back({epoch, line.at("train_top1").get<double>()});
}

/// The points of single steps are still counted in iterations.
void add(const LogLine& line, TrainingLog& log) {
  const auto event = line.at("event").get<std::string>();
  if (event == "val") add_validation(line, log);
  if (event == "epoch") add_epoch(line, log);
  if (event != "train") return;
  const auto iteration = line.at("iteration").get<double>();
  log.step_loss.push_back({iteration, line.at("loss").get<double>()});
  log.learning_rate.push_back({iteration, line.at("learning_rate").get<double>()});
}

[[noreturn]] void fail_in_line(const std::filesystem::path& path, size_t number,
                               const std::string& found) {
  throw DataError(Fault{fmt::format("{}:{}", path.string(), number), found,
                        "a line as `kinegraph train` writes it",
                        "Is this the log of a run? Remove the line if it is damaged."});
}

}  // namespace

TrainingLog read_training_log(const std::filesystem::path& path) {
  std::string text = read_file(path);
  text.erase(text.find_last_of('\n') + 1);
  TrainingLog log;
  double batches = 0;  // of an epoch
  size_t number = 0;
  for (const auto& words : split(text, '\n')) {
    ++number;
    const auto line = LogLine::parse(words, nullptr, /*allow_exceptions=*/false);
    if (!line.is_object()) fail_in_line(path, number, "no JSON object");
    try {
      add(line, log);
      if (line.at("event") == "epoch")
        batches = line.at("iteration").get<double>() / line.at("epoch").get<double>();
    } catch (const nlohmann::json::exception& error) {
      fail_in_line(path, number, error.what());
    }
  }
  if (log.epochs == 0 || !(batches > 0)) return {};
  for (Curve* curve : {&log.step_loss, &log.learning_rate}) {
    for (auto& point : *curve) point.epoch /= batches;
    *curve = thin(*curve);
  }
  return log;
}

}  // namespace kinegraph
