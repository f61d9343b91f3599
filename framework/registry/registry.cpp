#include "framework/registry/registry.h"

#include <algorithm>

namespace kinegraph {
namespace {

// Function-local statics: registrars of other files may run first.
std::vector<const RegistryBase*>& registries() {
  static std::vector<const RegistryBase*> all;
  return all;
}

std::vector<std::string>& faults() {
  static std::vector<std::string> all;
  return all;
}

}  // namespace

RegistryBase::RegistryBase(std::string kind) : kind_(std::move(kind)) {
  registries().push_back(this);
}

std::vector<std::string> RegistryBase::names() const {
  std::vector<std::string> names;
  for (const auto& info : infos_) names.push_back(info.name);
  return names;
}

const ComponentInfo* RegistryBase::find_info(const std::string& name) const {
  for (const auto& info : infos_)
    if (info.name == name) return &info;
  return nullptr;
}

void RegistryBase::add_info(ComponentInfo info) {
  if (const ComponentInfo* first = find_info(info.name))
    throw Error(Fault{fmt::format("{} '{}'", kind_, info.name),
                      fmt::format("registered twice: in {} and in {}", first->file, info.file),
                      "one registration", "Rename one of them."});
  const auto at = std::find_if(infos_.begin(), infos_.end(),
                               [&](const ComponentInfo& other) { return other.name > info.name; });
  infos_.insert(at, std::move(info));
}

std::vector<const RegistryBase*> all_registries() {
  auto all = registries();
  std::sort(all.begin(), all.end(),
            [](const auto* a, const auto* b) { return a->kind() < b->kind(); });
  return all;
}

void add_registration_fault(const std::string& message) { faults().push_back(message); }

void throw_registration_faults() {
  if (!faults().empty()) throw Error(join(faults(), "\n"));
}

}  // namespace kinegraph
