#include "framework/run/state_translation.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "framework/base/error.h"
#include "framework/base/text.h"

namespace kinegraph {
namespace {

/// Constants are stored as float32, which some sources compute by other ways than we do.
constexpr double kConstantTolerance = 1e-5;

using TensorMap = std::map<std::string, at::Tensor>;

/// Constants included, which state_of() leaves out.
TensorMap tensors_of(const Recognizer& model) {
  TensorMap tensors;
  for (const auto& item : model.named_parameters()) tensors[item.key()] = item.value();
  for (const auto& item : model.named_buffers()) tensors[item.key()] = item.value();
  return tensors;
}

/// Weights have two dimensions or more; biases stay as they are.
at::Tensor without_trailing_ones(at::Tensor tensor, int64_t count) {
  for (; count > 0 && tensor.dim() > 2 && tensor.size(-1) == 1; --count)
    tensor = tensor.squeeze(-1);
  return tensor;
}

at::Tensor with_trailing_ones(at::Tensor tensor, int64_t count) {
  if (tensor.dim() < 2) return tensor;
  for (; count > 0; --count) tensor = tensor.unsqueeze(-1);
  return tensor;
}

/// What is wrong with their constant; "" when it is ours.
std::string constant_fault(const std::string& name, const at::Tensor& theirs,
                           const at::Tensor& ours) {
  constexpr const char* kAdvice = "; is the graph of the config theirs (partition, edge_set)?";
  if (theirs.sizes() != ours.sizes())
    return fmt::format("other constant: {} has the shape {}, the model computes {}{}", name,
                       fmt::join(theirs.sizes(), "x"), fmt::join(ours.sizes(), "x"), kAdvice);
  const at::Tensor difference =
      (theirs.to(at::kDouble) - ours.detach().to(at::kCPU, at::kDouble)).abs();
  const double largest = difference.numel() == 0 ? 0 : difference.max().item<double>();
  if (largest <= kConstantTolerance) return "";
  return fmt::format("other constant: {} differs by up to {:.3g} from what the model computes{}",
                     name, largest, kAdvice);
}

/// The constants of the model that a state in the dialect has, by both names.
std::vector<ConstantName> constants_of(const Recognizer& model, const StateDialect& dialect) {
  const TensorMap own = tensors_of(model);
  std::vector<ConstantName> constants;
  for (const auto& [name, tensor] : state_of(model)) {
    const auto translated = dialect.to_theirs(name);
    if (!translated) continue;
    const auto around = dialect.constants_around(translated->key);
    for (const auto* side : {&around.before, &around.after})
      std::copy_if(side->begin(), side->end(), std::back_inserter(constants),
                   [&](const ConstantName& constant) { return own.count(constant.second) > 0; });
  }
  return constants;
}

/// What their names mean in a dialect.
struct Reading {
  StateDialect dialect;
  std::vector<std::string> our_names;  // "" where no rule knows a name
  int64_t known_names = 0;             // those that the model has
};

Reading read_as(const StateDialect& dialect, const NamedState& theirs, const TensorMap& own) {
  Reading reading{dialect, {}};
  for (const auto& [key, tensor] : theirs) {
    const auto translated = dialect.to_ours(key);
    reading.our_names.push_back(translated ? translated->key : "");
    reading.known_names += static_cast<int64_t>(own.count(reading.our_names.back()));
  }
  return reading;
}

/// Writes a state name by name, each with what the dialect puts around it.
class Export {
 public:
  Export(const Recognizer& model, const StateDialect& dialect)
      : dialect_(dialect), tensors_(tensors_of(model)) {
    std::vector<std::pair<std::string, TranslatedName>> in_our_order;
    for (const auto& [name, tensor] : state_of(model)) {
      if (dialect.is_constant(name)) continue;
      const auto translated = dialect.to_theirs(name);
      if (!translated)
        throw Error(fmt::format("the dialect '{}' has no name for {}", dialect.source(), name));
      if (translated->before.empty())
        in_our_order.emplace_back(name, *translated);
      else
        moved_[translated->before].emplace_back(name, *translated);
    }
    for (const auto& [name, translated] : in_our_order) write(name, translated);
    for (const auto& [place, names] : moved_)
      throw Error(fmt::format("the dialect '{}' puts {} before {}, which is not there",
                              dialect.source(), names.front().second.key, place));
  }

  NamedState take() { return std::move(state_); }

 private:
  void write(const std::string& name, const TranslatedName& translated) {
    if (const auto moved = moved_.extract(translated.key))
      for (const auto& [other, its_translation] : moved.mapped()) write(other, its_translation);
    const auto constants = dialect_.constants_around(translated.key);
    write_constants(constants.before);
    const at::Tensor tensor = tensors_.at(name).detach();
    state_.emplace_back(translated.key, with_trailing_ones(tensor, translated.trailing_ones));
    write_constants(constants.after);
  }

  void write_constants(const std::vector<ConstantName>& constants) {
    for (const auto& [theirs, ours] : constants)
      if (const auto found = tensors_.find(ours); found != tensors_.end())
        state_.emplace_back(theirs, found->second.detach());
  }

  const StateDialect& dialect_;
  TensorMap tensors_;
  std::map<std::string, std::vector<std::pair<std::string, TranslatedName>>> moved_;
  NamedState state_;
};

}  // namespace

TranslatedState import_state(const NamedState& theirs, const StateDialect& dialect,
                             const Recognizer& model) {
  const TensorMap own = tensors_of(model);
  TranslatedState state;
  std::set<std::string> names, constants;
  for (const auto& [key, tensor] : theirs) {
    names.insert(key);
    const auto translated = dialect.to_ours(key);
    const auto found = translated ? own.find(translated->key) : own.end();
    if (!translated) {
      state.entries.push_back({key, key, tensor});
    } else if (!translated->is_constant) {
      state.entries.push_back(
          {translated->key, key, without_trailing_ones(tensor, translated->trailing_ones)});
    } else if (found == own.end()) {
      state.faults.push_back(fmt::format("unknown constant: {}", key));
    } else {
      const std::string fault = constant_fault(key, tensor, found->second);
      if (!fault.empty()) state.faults.push_back(fault);
      constants.insert(translated->key);
    }
  }
  for (const auto& [key, our_name] : constants_of(model, dialect)) {
    if (names.count(key) > 0) continue;
    state.faults.push_back(
        fmt::format("missing constant: {}, by which the model's is checked", key));
    constants.insert(our_name);
  }
  // Where ours is part of the state, the model's own value stands for theirs.
  for (const auto& [name, tensor] : state_of(model))
    if (constants.count(name) > 0) state.entries.push_back({name, name, tensor});
  return state;
}

NamedState export_state(const Recognizer& model, const StateDialect& dialect) {
  return Export(model, dialect).take();
}

StateDialect choose_dialect(const NamedState& theirs, const std::string& backbone,
                            const Recognizer& model, const std::string& source) {
  const TensorMap own = tensors_of(model);
  std::vector<Reading> readings{read_as(StateDialect::own(backbone), theirs, own)};
  std::vector<std::string> sources{readings[0].dialect.source()};
  for (const auto& name : StateDialect::sources_of(backbone)) {
    readings.push_back(read_as(StateDialect::load(name, backbone), theirs, own));
    sources.push_back(name);
  }
  const auto best = std::max_element(
      readings.begin(), readings.end(),
      [](const Reading& a, const Reading& b) { return a.known_names < b.known_names; });
  if (best->known_names == 0)
    throw DataError(Fault{
        source,
        fmt::format("no name that the backbone '{}' has, but {}", backbone, theirs.front().first),
        "names as of " + join(sources), "Use the config of the model that the file is for."});
  for (const Reading& other : readings)
    if (other.known_names == best->known_names && other.our_names != best->our_names)
      throw ConfigError(fmt::format(
          "{}: its names fit the dialects {} and {} equally\n  Say which of them it is.", source,
          best->dialect.source(), other.dialect.source()));
  return best->dialect;
}

}  // namespace kinegraph
