#include "framework/run/checkpoint.h"

#include <ATen/ATen.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>

#include "framework/model/recognizer.h"
#include "framework/run/checkpoint_file.h"

namespace kinegraph {
namespace {

constexpr std::string_view kFormatName = "kinegraph checkpoint";
constexpr const char* kFormat = "kinegraph checkpoint 1";
constexpr int64_t kMostSteps = int64_t{1} << 31;  // so that products of counts stay in range

CheckpointMap to_map(const NamedState& tensors) {
  CheckpointMap map;
  for (const auto& [name, tensor] : tensors) map.emplace_back(name, tensor);
  return map;
}

CheckpointMap to_map(const std::map<std::string, Optimizer::State>& optimizer) {
  CheckpointMap map;
  for (const auto& [parameter, state] : optimizer) {
    CheckpointMap tensors;
    for (const auto& [name, tensor] : state) tensors.emplace_back(name, tensor);
    map.emplace_back(parameter, std::move(tensors));
  }
  return map;
}

CheckpointMap to_map(const TrainingState& state) {
  const EpochSums& sums = state.sums;
  CheckpointMap map{{"epoch", state.epoch},
                    {"batch", state.batch},
                    {"iteration", state.iteration},
                    {"epoch_sums", CheckpointMap{{"loss", CheckpointValue::real(sums.loss)},
                                                 {"seconds", CheckpointValue::real(sums.seconds)},
                                                 {"hits", sums.hits},
                                                 {"samples", sums.samples},
                                                 {"batches", sums.batches}}}};
  if (state.best_value) {
    map.emplace_back("best_value", CheckpointValue::real(*state.best_value));
    map.emplace_back("best_epoch", state.best_epoch);
  }
  return map;
}

/// Typed access to the entries of one file, with errors that name it.
class Reader {
 public:
  Reader(const CheckpointValue& root, std::string path) : root_(root), path_(std::move(path)) {}

  template <class T>
  const T& get(const CheckpointValue& map, const char* key, const char* type) const {
    const CheckpointValue* value = map.find(key);
    const T* typed = value ? value->get<T>() : nullptr;
    if (!typed)
      throw DataError(Fault{path_, fmt::format("no {} '{}'", type, key), "a Kinegraph checkpoint",
                            "Is the file damaged, or made by another program?"});
    return *typed;
  }
  const std::string& text(const char* key) const { return get<std::string>(root_, key, "text"); }
  const CheckpointMap& map(const CheckpointValue& parent, const char* key) const {
    return get<CheckpointMap>(parent, key, "map");
  }

  double real(const CheckpointValue& map, const char* key) const {
    const auto& number = get<at::Tensor>(map, key, "number");
    if (number.dim() != 0 || number.is_complex()) refuse(key, "a tensor", "one real number");
    return number.item<double>();
  }
  int64_t count(const CheckpointValue& map, const char* key) const {
    const auto number = get<int64_t>(map, key, "integer");
    if (number < 0 || number > kMostSteps)
      refuse(key, std::to_string(number), fmt::format("0..{}", kMostSteps));
    return number;
  }

  at::Tensor tensor(const CheckpointValue& value, const std::string& name) const {
    const at::Tensor* tensor = value.get<at::Tensor>();
    if (!tensor)
      throw DataError(Fault{path_, fmt::format("'{}' is not a tensor", name), "a tensor", ""});
    return *tensor;
  }

  NamedState tensors(const CheckpointValue& parent, const char* key) const {
    NamedState list;
    for (const auto& [name, value] : map(parent, key)) list.emplace_back(name, tensor(value, name));
    return list;
  }

  TrainingState state() const {
    const CheckpointValue& map = *root_.find("training");
    TrainingState state;
    state.epoch = count(map, "epoch");
    state.batch = count(map, "batch");
    state.iteration = count(map, "iteration");
    if (const CheckpointValue* sums = map.find("epoch_sums"))
      state.sums = {real(*sums, "loss"), real(*sums, "seconds"), count(*sums, "hits"),
                    count(*sums, "samples"), count(*sums, "batches")};
    if (map.find("best_value")) {
      state.best_value = real(map, "best_value");
      state.best_epoch = count(map, "best_epoch");
    }
    return state;
  }

 private:
  [[noreturn]] void refuse(const char* key, const std::string& found,
                           const std::string& expected) const {
    throw DataError(Fault{fmt::format("{}: '{}'", path_, key), found, expected,
                          "The file is damaged; use another checkpoint of the run."});
  }

  const CheckpointValue& root_;
  std::string path_;
};

}  // namespace

void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  CheckpointList classes;
  for (const auto& name : checkpoint.class_names) classes.emplace_back(name);
  CheckpointMap inputs;
  for (const auto& [name, shape] : checkpoint.input_shapes)
    inputs.emplace_back(name, CheckpointList(shape.begin(), shape.end()));
  CheckpointMap root{{"format", kFormat},
                     {"state_dict", to_map(checkpoint.model)},
                     {"optimizer", to_map(checkpoint.optimizer)},
                     {"training", to_map(checkpoint.state)},
                     {"config", checkpoint.config_yaml},
                     {"skeleton", checkpoint.skeleton_yaml},
                     {"classes", std::move(classes)},
                     {"inputs", std::move(inputs)},
                     {"data_hash", checkpoint.data_hash}};
  if (!checkpoint.loss.empty()) root.emplace_back("loss", to_map(checkpoint.loss));
  if (checkpoint.rng.defined()) root.emplace_back("rng", checkpoint.rng);
  if (checkpoint.device_rng.defined()) root.emplace_back("device_rng", checkpoint.device_rng);
  write_checkpoint_file(path, root);
}

bool is_checkpoint(const CheckpointValue& root) {
  const CheckpointValue* format = root.find("format");
  const auto* text = format ? format->get<std::string>() : nullptr;
  return text && text->rfind(kFormatName, 0) == 0;
}

Checkpoint read_checkpoint(const std::filesystem::path& path) {
  return to_checkpoint(read_checkpoint_file(path), path.string());
}

Checkpoint to_checkpoint(const CheckpointValue& root, const std::string& source) {
  const Reader reader(root, source);
  if (reader.text("format") != kFormat)
    throw DataError(Fault{source, fmt::format("the format '{}'", reader.text("format")),
                          fmt::format("'{}'", kFormat), "Use the version that wrote it."});
  reader.map(root, "training");
  Checkpoint checkpoint;
  checkpoint.model = reader.tensors(root, "state_dict");
  if (root.find("loss")) checkpoint.loss = reader.tensors(root, "loss");
  for (const auto& [parameter, state] : reader.map(root, "optimizer"))
    if (const auto* tensors = state.get<CheckpointMap>())
      for (const auto& [name, value] : *tensors)
        checkpoint.optimizer[parameter][name] = reader.tensor(value, parameter + "." + name);
  checkpoint.state = reader.state();
  checkpoint.config_yaml = reader.text("config");
  checkpoint.skeleton_yaml = reader.text("skeleton");
  checkpoint.data_hash = reader.text("data_hash");
  for (const auto& name : reader.get<CheckpointList>(root, "classes", "list"))
    if (const auto* text = name.get<std::string>()) checkpoint.class_names.push_back(*text);
  for (const auto& [name, shape] : reader.map(root, "inputs"))
    if (const auto* sizes = shape.get<CheckpointList>())
      for (const auto& size : *sizes)
        if (const auto* number = size.get<int64_t>())
          checkpoint.input_shapes[name].push_back(*number);
  if (const auto* rng = root.find("rng")) checkpoint.rng = reader.tensor(*rng, "rng");
  if (const auto* rng = root.find("device_rng"))
    checkpoint.device_rng = reader.tensor(*rng, "device_rng");
  return checkpoint;
}

void load_model_state(torch::nn::Module& model, const NamedState& state, const std::string& source,
                      const std::string& role) {
  std::vector<StateEntry> entries;
  for (const auto& [name, tensor] : state) entries.push_back({name, name, tensor});
  const StateMatch match = match_state(model, entries, role);
  if (!match.faults.empty())
    throw DataError(Fault{source, describe_faults(match.faults, role), "",
                          "Use the config that this checkpoint was trained with."});
  copy_state(match);
}

void restore_generator(at::Generator generator, const at::Tensor& state,
                       const std::string& source) {
  try {
    generator.set_state(state);
  } catch (const c10::Error& error) {
    throw DataError(Fault{
        source, fmt::format("no state of a random generator ({})", error.what_without_backtrace()),
        "", "Use a checkpoint that was made on a device of this kind."});
  }
}

void require_same_skeleton(const Checkpoint& checkpoint, const std::string& source,
                           const Skeleton& skeleton, const std::string& data_source) {
  const Skeleton trained = Skeleton::parse(checkpoint.skeleton_yaml, source + ":skeleton");
  const auto described = [](const Skeleton& layout) {
    return fmt::format("'{}' ({} joints)", layout.name, layout.joint_count());
  };
  if (trained != skeleton && described(trained) == described(skeleton))
    throw DataError(Fault{source,
                          fmt::format("trained on another skeleton {} than that of {}, in its "
                                      "joints, bones or edges",
                                      described(trained), data_source),
                          "", "Use data of the same skeleton."});
  if (trained != skeleton)
    throw DataError(Fault{source, "trained on the skeleton " + described(trained),
                          fmt::format("{}, as in {}", described(skeleton), data_source),
                          "Use data of the same skeleton."});
}

void require_same_task(const Checkpoint& checkpoint, const std::string& source,
                       const Skeleton& skeleton, const std::vector<std::string>& class_names,
                       const std::string& data_source) {
  require_same_skeleton(checkpoint, source, skeleton, data_source);
  const std::string remedy = "Use data with the same classes in the same order.";
  const std::vector<std::string>& classes = checkpoint.class_names;
  if (classes.size() != class_names.size())
    throw DataError(Fault{source, fmt::format("trained on {} classes", classes.size()),
                          fmt::format("the {} of {}", class_names.size(), data_source), remedy});
  for (size_t i = 0; i < classes.size(); ++i)
    if (classes[i] != class_names[i])
      throw DataError(Fault{source, fmt::format("class {} is '{}'", i, classes[i]),
                            fmt::format("'{}', as in {}", class_names[i], data_source), remedy});
}

}  // namespace kinegraph
