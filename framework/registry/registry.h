// Named components: each is one .cpp that registers a class under its file's name.
//
// A component interface `Base` declares
//   static constexpr const char* kKind = "backbone";   // as in `kinegraph list backbones`
//   using Context = ...;                               // what its constructors get besides options
// and a component `Stgcn : Base` has a nested `Options` (config/options.h) and a constructor
// `Stgcn(const Options&, const Context&)`. Then, at namespace scope of stgcn.cpp:
//   KINEGRAPH_REGISTER(Backbone, "stgcn", Stgcn, "Spatial temporal graph convolutions, Yan 2018")
#pragma once

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "framework/base/error.h"
#include "framework/base/text.h"
#include "framework/config/options.h"

namespace kinegraph {

/// What is known of a component without building it.
struct ComponentInfo {
  std::string name, summary;
  std::string file;  // source file that registered it
  std::function<std::vector<OptionDoc>()> options;
};

/// The part of a registry that does not depend on the interface.
class RegistryBase {
 public:
  const std::string& kind() const { return kind_; }
  const std::vector<ComponentInfo>& infos() const { return infos_; }  // sorted by name
  std::vector<std::string> names() const;
  const ComponentInfo* find_info(const std::string& name) const;

 protected:
  explicit RegistryBase(std::string kind);
  /// Throws Error naming both files when the name is taken.
  void add_info(ComponentInfo info);

 private:
  std::string kind_;
  std::vector<ComponentInfo> infos_;
};

/// All registries that exist in this program, by kind.
std::vector<const RegistryBase*> all_registries();

/// Faults met while registrars ran (before main, where nothing can be thrown). main() calls this.
void throw_registration_faults();
void add_registration_fault(const std::string& message);

/// A component whose options have been read, ready to be built any number of times.
template <class Base>
class Component {
 public:
  using Build = std::function<std::shared_ptr<Base>(const typename Base::Context&)>;

  bool is_set() const { return static_cast<bool>(build_); }
  const std::string& type() const { return type_; }
  const Location& location() const { return resolved_.location; }
  const Node& resolved() const { return resolved_; }
  std::shared_ptr<Base> build(const typename Base::Context& context) const {
    return build_(context);
  }

  /// Reads {type: NAME, options...}; plain text stands for {type: TEXT}.
  bool read(const Node& node, Diagnostics& diagnostics);

 private:
  std::string type_;
  Node resolved_;
  Build build_;
};

template <class Base>
class Registry : public RegistryBase {
 public:
  /// Reads the options of one component; the result is null when they have faults.
  using Bind = std::function<typename Component<Base>::Build(const Node&, const std::string& what,
                                                             Node& resolved, Diagnostics&)>;

  static Registry& instance() {
    static Registry registry;
    return registry;
  }

  void add(ComponentInfo info, Bind bind) {
    const std::string name = info.name;
    add_info(std::move(info));
    binds_.emplace_back(name, std::move(bind));
  }

  const Bind* find(const std::string& name) const {
    for (const auto& [known, bind] : binds_)
      if (known == name) return &bind;
    return nullptr;
  }

 private:
  Registry() : RegistryBase(Base::kKind) {}

  std::vector<std::pair<std::string, Bind>> binds_;
};

template <class Base>
bool Component<Base>::read(const Node& node, Diagnostics& diagnostics) {
  Node map = node;
  if (node.is_scalar()) {
    map = Node::make_map(node.location);
    map.set("type", node);
  }
  const std::string kind = Base::kKind;
  if (!options_detail::expect_map(map, kind + " with a 'type'", diagnostics)) return false;
  const Node* type = map.find("type");
  if (!type || !type->is_scalar()) {
    diagnostics.error(map.location, fmt::format("a {} needs a 'type'\n  known: {}", kind,
                                                join(Registry<Base>::instance().names())));
    return false;
  }
  const auto* bind = Registry<Base>::instance().find(type->scalar);
  if (!bind) {
    const auto names = Registry<Base>::instance().names();
    diagnostics.error(type->location,
                      fmt::format("unknown {} '{}'{}\n  known: {}", kind, type->scalar,
                                  near_name_hint(type->scalar, names), join(names)));
    return false;
  }
  type_ = type->scalar;
  build_ = (*bind)(map, fmt::format("{} '{}'", kind, type_), resolved_, diagnostics);
  return is_set();
}

template <class Base>
struct Codec<Component<Base>> {
  static std::string type() { return Base::kKind; }
  static bool read(const Node& node, Component<Base>& value, Diagnostics& diagnostics) {
    return value.read(node, diagnostics);
  }
  static Node write(const Component<Base>& value, const Node*) { return value.resolved(); }
};

/// Registers `Class` at start-up.
template <class Base, class Class>
class Registrar {
 public:
  Registrar(const char* name, const char* summary, const char* file) {
    try {
      Registry<Base>::instance().add({name, summary, file, &list_options<typename Class::Options>},
                                     &Registrar::bind);
    } catch (const Error& error) {
      add_registration_fault(error.what());
    }
  }

 private:
  static typename Component<Base>::Build bind(const Node& map, const std::string& what,
                                              Node& resolved, Diagnostics& diagnostics) {
    using Options = typename Class::Options;
    const size_t faults = diagnostics.error_count();
    auto options = std::make_shared<Options>();
    read_options(map, *options, what, diagnostics, {"type", "name"});
    if (diagnostics.error_count() != faults) return nullptr;
    resolved = Node::make_map(map.location);
    for (const char* key : {"type", "name"})
      if (const Node* value = map.find(key)) resolved.set(key, *value);
    for (auto& entry : Codec<Options>::write(*options, &map).entries)
      resolved.entries.push_back(std::move(entry));
    return [options](const typename Base::Context& context) -> std::shared_ptr<Base> {
      return std::make_shared<Class>(*options, context);
    };
  }
};

/// Options of a component that has none.
struct NoOptions {
  template <class Fields>
  void describe(Fields&) {}
};

#define KINEGRAPH_CONCAT_(a, b) a##b
#define KINEGRAPH_CONCAT(a, b) KINEGRAPH_CONCAT_(a, b)
#define KINEGRAPH_REGISTER(Base, name, Class, summary)                                  \
  static const ::kinegraph::Registrar<Base, Class> KINEGRAPH_CONCAT(registrar_, Class)( \
      name, summary, __FILE__);

}  // namespace kinegraph
