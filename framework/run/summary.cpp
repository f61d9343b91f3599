#include "framework/run/summary.h"

#include "framework/base/console.h"

namespace fs = std::filesystem;

namespace kinegraph {

namespace {

std::string model_text(const ExperimentOptions& options, const Recognizer& model,
                       const c10::Device& device) {
  return fmt::format("model: {}, {} parameters, on {}", options.model.backbone.type(),
                     parameter_count(model), device.str());
}

std::string data_text(const Loader& loader) {
  const DataInfo& info = loader.dataset().info();
  std::string text =
      fmt::format("{} classes, skeleton {}", info.class_names.size(), info.skeleton.name);
  for (const auto& [name, shape] : loader.input_shapes())
    text += fmt::format(", {} {}x{}x{}x{} (M,T,V,C)", name, shape[0], shape[1], shape[2], shape[3]);
  return text;
}

}  // namespace

std::string describe_run(const TrainerParts& parts) {
  return fmt::format("{}\ndata: {} clips to train on, {} to validate on, {}\nrun: {}",
                     model_text(parts.options, *parts.model, parts.device),
                     parts.train_loader->dataset().size(), parts.val_loader->dataset().size(),
                     data_text(*parts.train_loader), parts.run_dir.string());
}

std::string describe_test(const TestParts& parts, const ExperimentOptions& options) {
  return fmt::format("{}\ndata: {} clips of {}, {}",
                     model_text(options, *parts.model, parts.device),
                     parts.loader->dataset().size(), parts.loader->dataset().info().source,
                     data_text(*parts.loader));
}

std::string summarise_run(const Trainer& trainer) {
  const std::string& monitor = trainer.parts().options.train.monitor;
  const TrainingState& state = trainer.state();
  const fs::path& dir = trainer.parts().run_dir;
  std::string text;
  const MetricReport* report = trainer.validation();
  if (report && state.best_value)
    text = fmt::format("{}: {:.2f} % after the last epoch ({}), best {:.2f} % after epoch {}\n",
                       monitor, 100 * report->find(monitor)->value, state.epoch,
                       100 * *state.best_value, state.best_epoch);
  std::string files;
  for (const char* name : {"best.pth", "last.pth", "config.yaml", "log.jsonl", "report.json"})
    if (fs::exists(dir / name)) files += (files.empty() ? "" : ", ") + std::string(name);
  text += fmt::format("files in {}: {}\n", dir.string(), files);
  if (fs::exists(dir / "best.pth"))
    text +=
        "to test the best: " + own_command({"test", "--checkpoint", (dir / "best.pth").string()}) +
        "\n";
  return text;
}

}  // namespace kinegraph
