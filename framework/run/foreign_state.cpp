#include "framework/run/foreign_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "framework/base/error.h"
#include "framework/base/text.h"
#include "framework/io/pickle.h"

namespace kinegraph {
namespace {

/// In order of preference.
constexpr std::array<std::string_view, 6> kStateKeys{"state_dict", "model_state_dict", "model",
                                                     "net",        "network",          "weights"};
constexpr int kMaxWrappers = 3;
/// Of DataParallel, of Lightning and of compiled models.
constexpr std::array<std::string_view, 3> kPrefixes{"module.", "model.", "_orig_mod."};

/// Plain numbers are tensors too, but without a dimension.
bool is_state(const CheckpointMap& map) {
  return std::any_of(map.begin(), map.end(), [](const auto& entry) {
    const auto* tensor = entry.second.template get<at::Tensor>();
    return tensor && tensor->dim() > 0;
  });
}

const CheckpointMap* find_state(const CheckpointValue& value, int wrappers = 0) {
  const auto* map = value.get<CheckpointMap>();
  if (!map || wrappers > kMaxWrappers) return nullptr;
  for (const auto key : kStateKeys)
    if (const auto* inner = value.find(key))
      if (const auto* state = find_state(*inner, wrappers + 1)) return state;
  return is_state(*map) ? map : nullptr;
}

/// Removes `prefix` when every name has it.
bool strip(NamedState& state, std::string_view prefix) {
  const bool is_everywhere = std::all_of(state.begin(), state.end(), [&](const auto& entry) {
    return entry.first.compare(0, prefix.size(), prefix) == 0;
  });
  if (!is_everywhere) return false;
  for (auto& entry : state) entry.first.erase(0, prefix.size());
  return true;
}

void strip_prefixes(NamedState& state) {
  const auto strip_one = [&](std::string_view prefix) { return strip(state, prefix); };
  for (int depth = 0; depth < kMaxWrappers; ++depth)
    if (std::none_of(kPrefixes.begin(), kPrefixes.end(), strip_one)) return;
}

/// meta.CLASSES of mmcv, meta.dataset_meta.classes of mmengine.
std::vector<std::string> class_names_in(const CheckpointValue& root) {
  const CheckpointValue* meta = root.find("meta");
  const CheckpointValue* names = meta ? meta->find("CLASSES") : nullptr;
  const CheckpointValue* data = meta ? meta->find("dataset_meta") : nullptr;
  if (!names && data) names = data->find("classes");
  const auto* list = names ? names->get<CheckpointList>() : nullptr;
  std::vector<std::string> classes;
  if (!list) return classes;
  for (const auto& name : *list) {
    const auto* text = name.get<std::string>();
    if (!text) return {};
    classes.push_back(*text);
  }
  return classes;
}

[[noreturn]] void throw_no_state(const CheckpointValue& root, const std::string& source) {
  constexpr size_t kShown = 8;
  std::string found = "no map of names";
  if (const auto* map = root.get<CheckpointMap>()) {
    std::vector<std::string> keys;
    for (const auto& entry : *map)
      if (keys.size() < kShown) keys.push_back(pickle::printable(entry.first));
    found = keys.empty() ? "an empty map" : "only " + join(keys);
  }
  if (const auto* name = root.find(kClassKey) ? root.find(kClassKey)->get<std::string>() : nullptr)
    found = "an object of " + pickle::printable(*name);
  throw DataError(Fault{source, found, "tensors by name, bare or under 'state_dict' or 'model'",
                        "Save the model's state_dict() in Python with torch.save."});
}

}  // namespace

ForeignState find_foreign_state(const CheckpointValue& root, const std::string& source) {
  const CheckpointMap* map = find_state(root);
  if (!map) throw_no_state(root, source);
  ForeignState state;
  state.class_names = class_names_in(root);
  std::vector<std::string> others;
  for (const auto& [name, value] : *map) {
    if (const auto* tensor = value.get<at::Tensor>())
      state.tensors.emplace_back(name, *tensor);
    else if (name != kClassKey)
      others.push_back(name);
  }
  strip_prefixes(state.tensors);
  if (!others.empty()) state.notes.push_back("left out what is no tensor: " + join(others));
  if (const auto classes = inert_classes(root); !classes.empty())
    state.notes.push_back("left out objects of unknown classes: " + join(classes));
  return state;
}

}  // namespace kinegraph
