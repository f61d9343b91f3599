#include <fstream>
#include <nlohmann/json.hpp>

#include "framework/base/file.h"
#include "framework/base/runtime.h"
#include "framework/base/text.h"
#include "framework/run/trainer.h"

namespace kinegraph {
namespace {

/// Appends one JSON object a line to <run>/log.jsonl: events "train", "val" and "epoch".
class JsonLog : public Hook {
 public:
  struct Options {
    int64_t interval = 10;

    template <class Fields>
    void describe(Fields& field) {
      field("interval", interval, "iterations between two 'train' lines", Range{1});
    }
  };

  JsonLog(const Options& options, const Context&) : options_(options) {}

  void before_run(Trainer& trainer) override {
    path_ = trainer.parts().run_dir / "log.jsonl";
    if (std::filesystem::exists(path_)) write_file(path_, lines_until(trainer.state()));
    stream_.open(path_, std::ios::app);
    require_good();
  }

  void after_iteration(Trainer& trainer) override {
    if (trainer.state().iteration % options_.interval != 0) return;
    const IterationFigures& figures = trainer.figures();
    write({{"event", "train"},
           {"epoch", trainer.state().epoch + 1},
           {"iteration", trainer.state().iteration},
           {"loss", figures.loss},
           {"learning_rate", trainer.parts().optimizer->learning_rate()},
           {"data_s", figures.data_s},
           {"step_s", figures.step_s},
           {"peak_mib", peak_memory_mib()}});
  }

  void after_validation(Trainer& trainer) override {
    nlohmann::ordered_json line{{"event", "val"},
                                {"epoch", trainer.state().epoch},
                                {"iteration", trainer.state().iteration}};
    for (const auto& metric : trainer.validation()->values) line[metric.name] = metric.value;
    line["scores_sha256"] = trainer.validation()->scores_sha256;
    write(line);
  }

  void after_epoch(Trainer& trainer) override {
    const EpochSums& sums = trainer.state().sums;
    const auto samples = static_cast<double>(sums.samples);
    write({{"event", "epoch"},
           {"epoch", trainer.state().epoch},
           {"iteration", trainer.state().iteration},
           {"loss", sums.loss / static_cast<double>(sums.batches)},
           {"train_top1", static_cast<double>(sums.hits) / samples},
           {"seconds", sums.seconds},
           {"clips_per_s", samples / sums.seconds}});
  }

 private:
  /// The log as it was at the checkpoint that the run goes on from: a run that died has logged
  /// steps that are now done again, and perhaps half a line.
  std::string lines_until(const TrainingState& state) const {
    std::string kept;
    for (const auto& text : split(read_file(path_), '\n')) {
      const auto line = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
      if (!line.is_object()) continue;
      const bool is_known = line.value("event", "") == "train"
                                ? line.value("iteration", int64_t{0}) <= state.iteration
                                : line.value("epoch", int64_t{0}) <= state.epoch;
      if (is_known) kept += text + "\n";
    }
    return kept;
  }

  void write(const nlohmann::ordered_json& line) {
    stream_ << line.dump() << std::endl;
    require_good();
  }

  void require_good() const {
    if (!stream_)
      throw DataError(Fault{path_.string(), "cannot write the log", "",
                            "Check the permissions and the free space."});
  }

  Options options_;
  std::filesystem::path path_;
  std::ofstream stream_;
};

KINEGRAPH_REGISTER(Hook, "json_log", JsonLog, "one JSON object a line, for programs")

}  // namespace
}  // namespace kinegraph
