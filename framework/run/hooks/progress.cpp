#include "framework/base/console.h"
#include "framework/base/runtime.h"
#include "framework/run/trainer.h"

namespace kinegraph {
namespace {

/// A line that moves within the epoch and one that stays for each epoch.
class Progress : public Hook {
 public:
  struct Options {
    double plain_interval_s = 30;

    template <class Fields>
    void describe(Fields& field) {
      field("plain_interval_s", plain_interval_s, "seconds between lines when not on a terminal",
            Range{0});
    }
  };

  Progress(const Options& options, const Context&) : line_(options.plain_interval_s) {}

  /// What matters most comes first: a narrow terminal shows the beginning of the line.
  void after_iteration(Trainer& trainer) override {
    const IterationFigures& figures = trainer.figures();
    const TrainingState& state = trainer.state();
    const int64_t batches = trainer.parts().train_loader->batches_per_epoch();
    const int64_t epochs = trainer.parts().options.train.epochs;
    const double per_batch = state.sums.seconds / static_cast<double>(state.sums.batches);
    const auto left = static_cast<double>(epochs * batches - state.iteration);
    line_.show(fmt::format(
        "epoch {}/{} {} {}/{}  loss {:.4f}  {} left  {:.1f} clips/s  lr {:.4g}  step {:.0f} ms + "
        "{:.1f} ms for data  peak {:.0f} MiB",
        state.epoch + 1, epochs,
        progress_bar(static_cast<double>(state.batch) / static_cast<double>(batches), 10),
        state.batch, batches, figures.loss, format_duration(left * per_batch),
        static_cast<double>(state.sums.samples) / state.sums.seconds,
        trainer.parts().optimizer->learning_rate(), 1e3 * figures.step_s, 1e3 * figures.data_s,
        peak_memory_mib()));
  }

  void after_epoch(Trainer& trainer) override {
    const TrainingState& state = trainer.state();
    const EpochSums& sums = state.sums;
    const auto samples = static_cast<double>(sums.samples);
    std::string text = fmt::format(
        "epoch {}/{}  {}  {:.1f} clips/s  loss {:.4f}  train top1 {:.2f} %", state.epoch,
        trainer.parts().options.train.epochs, format_duration(sums.seconds), samples / sums.seconds,
        sums.loss / static_cast<double>(sums.batches),
        100.0 * static_cast<double>(sums.hits) / samples);
    if (const MetricReport* report = trainer.validation()) {
      const std::string& name = trainer.parts().options.train.monitor;
      text += fmt::format("  val {} {:.2f} %", name, 100 * report->find(name)->value);
      text += trainer.is_best() ? " (the best)"
                                : fmt::format(" (best {:.2f} %, epoch {})", 100 * *state.best_value,
                                              state.best_epoch);
    }
    line_.clear();
    log_info(text);
  }

  void after_run(Trainer&) override { line_.clear(); }

 private:
  ProgressLine line_;
};

KINEGRAPH_REGISTER(Hook, "progress", Progress, "what people read on the terminal")

}  // namespace
}  // namespace kinegraph
