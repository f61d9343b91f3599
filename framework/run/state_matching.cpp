#include "framework/run/state_matching.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "framework/base/text.h"
#include "framework/model/recognizer.h"

namespace kinegraph {
namespace {

std::string shape_text(const at::Tensor& tensor) {
  std::string text;
  for (const int64_t size : tensor.sizes())
    text += (text.empty() ? "" : "x") + std::to_string(size);
  return "(" + text + ")";
}

/// Their name, and ours where it is another.
std::string both_names(const std::string& file_name, const std::string& name) {
  return file_name == name ? name : fmt::format("{} (our {})", file_name, name);
}

std::string fault_of(const StateEntry& entry, const at::Tensor& own, const std::string& role) {
  const at::Tensor& given = entry.tensor;
  const std::string names = both_names(entry.file_name, entry.name);
  if (given.sizes() != own.sizes())
    return fmt::format("other shape: {} is {}, the {} has {}", names, shape_text(given), role,
                       shape_text(own));
  if (given.is_floating_point() != own.is_floating_point())
    return fmt::format("other type: {} is {}, the {} has {}", names, toString(given.scalar_type()),
                       role, toString(own.scalar_type()));
  return "";
}

}  // namespace

StateMatch match_state(const torch::nn::Module& model, const std::vector<StateEntry>& entries,
                       const std::string& role,
                       const std::function<std::string(const std::string&)>& file_name) {
  StateMatch match;
  std::map<std::string, const StateEntry*> given;
  for (const auto& entry : entries)
    if (!given.emplace(entry.name, &entry).second)
      match.faults.push_back("twice: " + both_names(entry.file_name, entry.name));
  std::set<std::string> own_names;
  std::vector<std::string> expected;
  for (const auto& [name, tensor] : state_of(model)) {
    own_names.insert(name);
    expected.push_back(file_name ? file_name(name) : name);
    const auto found = given.find(name);
    const std::string fault =
        found == given.end()
            ? fmt::format("missing: {} {}", both_names(expected.back(), name), shape_text(tensor))
            : fault_of(*found->second, tensor, role);
    if (fault.empty())
      match.fitting.emplace_back(tensor, found->second->tensor);
    else
      match.faults.push_back(fault);
  }
  for (const auto& entry : entries)
    if (own_names.count(entry.name) == 0)
      match.faults.push_back(fmt::format("not in the {}: {} {}{}", role, entry.file_name,
                                         shape_text(entry.tensor),
                                         near_name_hint(entry.file_name, expected)));
  return match;
}

std::string describe_faults(const std::vector<std::string>& faults, const std::string& role) {
  constexpr size_t kShown = 12;
  const size_t count = faults.size();
  std::vector<std::string> lines(
      faults.begin(), faults.begin() + static_cast<std::ptrdiff_t>(std::min(count, kShown)));
  if (count > kShown) lines.push_back(fmt::format("... and {} more", count - kShown));
  return fmt::format(
      "{} the {}:\n  {}",
      count == 1 ? "1 tensor does not fit" : fmt::format("{} tensors do not fit", count), role,
      join(lines, "\n  "));
}

void copy_state(const StateMatch& match) {
  const at::NoGradGuard no_grad;
  for (auto [own, given] : match.fitting) own.copy_(given);
}

}  // namespace kinegraph
