#include "framework/run/checkpoint.h"

#include "framework/base/console.h"
#include "framework/run/trainer.h"

namespace kinegraph {
namespace {

/// Keeps <run>/last.pth and <run>/best.pth.
class CheckpointHook : public Hook {
 public:
  struct Options {
    int64_t interval_epochs = 1;
    int64_t interval_iterations = 0;

    template <class Fields>
    void describe(Fields& field) {
      field("interval_epochs", interval_epochs, "epochs between two saves of last.pth", Range{1});
      field("interval_iterations", interval_iterations,
            "also save last.pth every so many iterations; 0: only between epochs", Range{0});
    }
  };

  CheckpointHook(const Options& options, const Context&) : options_(options) {}

  void before_run(Trainer& trainer) override {
    // A process that was killed while it saved has left its half-written file.
    std::error_code ignored;
    for (const char* name : {"last.pth.part", "best.pth.part"})
      std::filesystem::remove(trainer.parts().run_dir / name, ignored);
  }

  void after_iteration(Trainer& trainer) override {
    const int64_t every = options_.interval_iterations;
    if (every > 0 && trainer.state().iteration % every == 0) save(trainer, "last.pth");
  }

  void after_validation(Trainer& trainer) override {
    if (trainer.is_best()) save(trainer, "best.pth");
  }

  void after_epoch(Trainer& trainer) override {
    const int64_t epoch = trainer.state().epoch;
    if (epoch % options_.interval_epochs == 0 || epoch == trainer.parts().options.train.epochs)
      save(trainer, "last.pth");
  }

  void after_run(Trainer& trainer) override {
    if (!trainer.was_interrupted()) return;
    save(trainer, "last.pth");
    const std::string dir = trainer.parts().run_dir.string();
    log_info(
        fmt::format("stopped after batch {} of {} of epoch {}; saved in {}/last.pth\nto go on: {}",
                    trainer.state().batch, trainer.parts().train_loader->batches_per_epoch(),
                    trainer.state().epoch + 1, dir, own_command({"train", "--resume", dir})));
  }

 private:
  static void save(const Trainer& trainer, const char* name) {
    write_checkpoint(trainer.parts().run_dir / name, trainer.snapshot());
  }

  Options options_;
};

KINEGRAPH_REGISTER(Hook, "checkpoint", CheckpointHook, "the last and the best checkpoint")

}  // namespace
}  // namespace kinegraph
