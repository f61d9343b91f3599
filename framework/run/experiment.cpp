#include "framework/run/experiment.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "framework/base/text.h"
#include "framework/config/yaml.h"
#include "framework/run/scoring.h"

namespace kinegraph {
namespace {

enum class Use { kTraining, kEvaluation };

std::unique_ptr<Loader> build_loader(const ExperimentOptions& options, const SplitOptions& split,
                                     Use use, const c10::Device& device) {
  const auto dataset = split.dataset.build({});
  LoaderOptions loader;
  loader.batch_size =
      use == Use::kTraining ? options.data.batch_size : options.data.eval_batch_size;
  loader.workers = options.data.workers;
  loader.prefetch = options.data.prefetch;
  loader.seed = static_cast<uint64_t>(options.seed);
  loader.shuffle = use == Use::kTraining;
  loader.drop_last = use == Use::kTraining && options.data.drop_last;
  loader.pin_memory = device.is_cuda();
  return std::make_unique<Loader>(dataset, Pipeline(split.pipeline, dataset->info().skeleton),
                                  loader);
}

/// Classes, joints, persons and channels flow from the data to the model.
ModelContext model_context(const Loader& loader, size_t num_classes) {
  const DataInfo& info = loader.dataset().info();
  ModelContext context;
  context.backbone.skeleton = info.skeleton;
  for (const auto& [name, shape] : loader.input_shapes())
    context.backbone.inputs[name] = {shape[0], shape[1], shape[2], shape[3]};
  context.num_classes = static_cast<int64_t>(num_classes);
  return context;
}

std::shared_ptr<Recognizer> build_model(const ModelOptions& options, const ModelContext& context,
                                        const c10::Device& device) {
  auto model = std::make_shared<Recognizer>(options, context);
  model->to(device);
  return model;
}

Optimizer::Context trainable_parameters(const Recognizer& model) {
  Optimizer::Context context;
  for (const auto& item : model.named_parameters())
    if (item.value().requires_grad()) context.parameters.emplace_back(item.key(), item.value());
  return context;
}

template <class Base>
std::vector<std::shared_ptr<Base>> build_all(const std::vector<Component<Base>>& components) {
  std::vector<std::shared_ptr<Base>> built;
  for (const auto& component : components) built.push_back(component.build({}));
  return built;
}

void require_same_classes(const Loader& train, const Loader& val) {
  const DataInfo &a = train.dataset().info(), &b = val.dataset().info();
  if (a.class_names != b.class_names || a.skeleton != b.skeleton)
    throw DataError(Fault{b.source, "other classes or another skeleton than " + a.source,
                          "the same for training and validation", "Correct 'data.val'."});
  if (train.batches_per_epoch() == 0)
    throw DataError(Fault{
        a.source, fmt::format("{} clips are less than one batch", train.dataset().size()),
        "at least data.batch_size clips", "Lower data.batch_size or set data.drop_last: false."});
}

/// Found out on made-up scores: the names of a metric's values are known only when it has computed
/// them, and the first validation of a long run would be late to complain.
void require_monitor(const std::vector<std::shared_ptr<Metric>>& metrics, const DataInfo& info,
                     const std::string& monitor) {
  const size_t count = info.class_names.size();
  const Scores scores({"clip"}, {0}, info.class_names, std::vector<float>(count));
  const MetricReport report = evaluate(scores, metrics);
  if (report.find(monitor)) return;
  std::vector<std::string> names;
  for (const auto& value : report.values) names.push_back(value.name);
  throw ConfigError(fmt::format("train.monitor: no metric gives '{}'{}\n  they give: {}", monitor,
                                near_name_hint(monitor, names),
                                names.empty() ? "nothing; add some to 'metrics'" : join(names)));
}

/// The same options for another store; a missing `split` means all of it.
SplitOptions with_store(SplitOptions options, const std::filesystem::path& store,
                        const std::optional<std::string>& split,
                        std::optional<int64_t> max_persons = {}) {
  const Location here{"the data to predict", 0, 0};
  const auto text = [&](const std::string& value) {
    return Node::make_scalar(value, here, /*is_quoted=*/true);
  };
  Node dataset = options.dataset.resolved();
  dataset.set("path", text(store.string()));
  dataset.set("split", split ? text(*split) : Node{});
  if (max_persons)
    dataset.set("max_persons", Node::make_scalar(fmt::format("{}", *max_persons), here));
  Diagnostics diagnostics;
  options.dataset.read(dataset, diagnostics);
  diagnostics.throw_if_any();
  return options;
}

void require_trained_inputs(const Checkpoint& checkpoint, const std::string& source,
                            const Loader& loader) {
  constexpr size_t kPersons = 0, kChannels = 3;
  const auto text = [](const std::vector<int64_t>& shape) {
    return fmt::format("{} (M,T,V,C)", fmt::join(shape, "x"));
  };
  for (const auto& [name, shape] : loader.input_shapes()) {
    const auto trained = checkpoint.input_shapes.find(name);
    if (trained == checkpoint.input_shapes.end() || trained->second.size() != shape.size())
      continue;
    for (const size_t axis : {kPersons, kChannels})
      if (shape[axis] != trained->second[axis])
        throw DataError(Fault{loader.dataset().info().source,
                              fmt::format("the pipeline gives {} {}", name, text(shape)),
                              fmt::format("the persons and channels that {} was trained on, {}",
                                          source, text(trained->second)),
                              "Use data of the same kind."});
  }
}

/// Where the config leaves the number of persons to the data, another store may have another one.
std::optional<int64_t> trained_persons(const Weights& weights) {
  if (!weights.own) return std::nullopt;
  const auto trained = weights.own->input_shapes.find("keypoints");
  if (trained == weights.own->input_shapes.end() || trained->second.empty()) return std::nullopt;
  return trained->second[0];
}

std::vector<std::string> classes_of(const Weights& weights, const DataInfo& clips,
                                    const SplitOptions& own_data) {
  if (weights.own) return weights.own->class_names;
  if (!weights.foreign.class_names.empty()) return weights.foreign.class_names;
  if (!clips.class_names.empty()) return clips.class_names;
  return own_data.dataset.build({})->info().class_names;
}

}  // namespace

std::unique_ptr<Loader> build_train_loader(const ExperimentOptions& options,
                                           const c10::Device& device) {
  return build_loader(options, options.data.train, Use::kTraining, device);
}

ModelContext model_context(const Loader& loader) {
  return model_context(loader, loader.dataset().info().class_names.size());
}

Learner build_learner(const ExperimentOptions& options, const ModelContext& context,
                      const c10::Device& device) {
  Learner learner;
  learner.model = build_model(options.model, context, device);
  learner.loss = options.model.loss.build({context.num_classes});
  learner.loss->to(device);
  learner.optimizer = options.train.optimizer.build(trainable_parameters(*learner.model));
  return learner;
}

TrainerParts build_training(const LoadedConfig& config, const std::filesystem::path& run_dir) {
  const ExperimentOptions& options = config.options;
  at::manual_seed(static_cast<uint64_t>(options.seed));

  TrainerParts parts;
  parts.options = options;
  parts.config_yaml = dump_yaml(config.resolved);
  parts.run_dir = run_dir;
  parts.device = choose_device(options.device);
  parts.train_loader = build_train_loader(options, parts.device);
  parts.val_loader = build_loader(options, options.data.val, Use::kEvaluation, parts.device);
  require_same_classes(*parts.train_loader, *parts.val_loader);
  Learner learner = build_learner(options, model_context(*parts.train_loader), parts.device);
  parts.model = std::move(learner.model);
  parts.loss = std::move(learner.loss);
  parts.optimizer = std::move(learner.optimizer);
  parts.schedule =
      options.train.schedule.build({options.train.epochs, parts.train_loader->batches_per_epoch()});
  parts.metrics = build_all(options.metrics);
  require_monitor(parts.metrics, parts.train_loader->dataset().info(), options.train.monitor);
  parts.hooks = build_all(options.hooks);
  return parts;
}

std::vector<std::shared_ptr<Metric>> default_metrics() {
  return build_all(ExperimentOptions().metrics);
}

TestParts build_test(const LoadedConfig& config, const Weights& weights, const std::string& split) {
  const ExperimentOptions& options = config.options;
  const DataOptions& data = options.data;
  const SplitOptions& chosen = split == "train" ? data.train
                               : split == "val" ? data.val
                                                : data.test.value_or(data.val);
  TestParts parts;
  parts.device = choose_device(options.device);
  parts.loader = build_loader(options, chosen, Use::kEvaluation, parts.device);
  const DataInfo& info = parts.loader->dataset().info();
  if (weights.own)
    require_same_task(*weights.own, weights.source(), info.skeleton, info.class_names, info.source);
  parts.model = build_model(options.model, model_context(*parts.loader), parts.device);
  load_weights(*parts.model, options.model, weights);
  parts.metrics = build_all(options.metrics);
  parts.class_names = info.class_names;
  return parts;
}

TestParts build_prediction(const LoadedConfig& config, const Weights& weights,
                           const std::filesystem::path& store,
                           const std::optional<std::string>& split) {
  const ExperimentOptions& options = config.options;
  const SplitOptions chosen = options.data.test.value_or(options.data.val);
  TestParts parts;
  parts.device = choose_device(options.device);
  const auto load = [&](std::optional<int64_t> max_persons) {
    parts.loader = build_loader(options, with_store(chosen, store, split, max_persons),
                                Use::kEvaluation, parts.device);
  };
  // First of all: a pipeline may name joints that another skeleton does not have.
  const auto dataset = with_store(chosen, store, split).dataset.build({});
  const DataInfo& info = dataset->info();
  if (weights.own)
    require_same_skeleton(*weights.own, weights.source(), info.skeleton, info.source);
  load({});
  if (const auto persons = trained_persons(weights);
      persons && *persons != parts.loader->input_shapes().at("keypoints")[0])
    load(persons);
  if (weights.own) require_trained_inputs(*weights.own, weights.source(), *parts.loader);
  parts.class_names = classes_of(weights, info, chosen);
  parts.model = build_model(options.model, model_context(*parts.loader, parts.class_names.size()),
                            parts.device);
  load_weights(*parts.model, options.model, weights);
  return parts;
}

ModelContext trained_context(const Checkpoint& checkpoint, const std::string& source) {
  ModelContext context;
  context.backbone.skeleton = Skeleton::parse(checkpoint.skeleton_yaml, source + ":skeleton");
  for (const auto& [name, shape] : checkpoint.input_shapes)
    if (shape.size() == 4 && *std::min_element(shape.begin(), shape.end()) > 0)
      context.backbone.inputs[name] = {shape[0], shape[1], shape[2], shape[3]};
  const auto& inputs = context.backbone.inputs;
  if (inputs.count("keypoints") == 0 || inputs.size() != checkpoint.input_shapes.size())
    throw DataError(Fault{source, "no shapes (M,T,V,C) of the inputs", "a Kinegraph checkpoint",
                          "Is the file damaged, or made by another program?"});
  context.num_classes = static_cast<int64_t>(checkpoint.class_names.size());
  return context;
}

std::shared_ptr<Recognizer> build_trained_model(const LoadedConfig& config,
                                                const Checkpoint& checkpoint,
                                                const std::string& source) {
  const auto model =
      build_model(config.options.model, trained_context(checkpoint, source), c10::kCPU);
  load_model_state(*model, checkpoint.model, source);
  return model;
}

}  // namespace kinegraph
