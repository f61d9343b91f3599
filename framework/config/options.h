// Typed options: one describe() list serves reading, help, ranges, unknown keys and the dump.
//
//   struct Options {
//     int64_t width = 64;
//     template <class Fields>
//     void describe(Fields& field) {
//       field("width", width, "channels of blocks 1-4", Range{1, 4096});
//     }
//   };
//
// Field types: bool, int64_t, double, std::string, Node (any tree), nested Options, std::optional,
// std::vector and NamedList of these, and Component<Base> (registry/registry.h).
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "framework/config/diagnostics.h"
#include "framework/config/node.h"

namespace kinegraph {

/// Constraints, given after the help text of a field.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};
struct OneOf {
  std::vector<std::string> values;
};
struct Required {};

/// A map whose keys are free names, in the order of the file.
template <class T>
using NamedList = std::vector<std::pair<std::string, T>>;

/// One line of `kinegraph describe`.
struct OptionDoc {
  std::string name, type, fallback, constraint, help;
  std::vector<OptionDoc> nested;  // the fields of nested options
};

/// Reading and writing of one type: `read` reports faults and returns false; `write` gives the
/// resolved tree, with the locations of `given` (may be null) where it has the value.
template <class T, class Enable = void>
struct Codec;

template <>
struct Codec<bool> {
  static std::string type() { return "true | false"; }
  static bool read(const Node& node, bool& value, Diagnostics& diagnostics);
  static Node write(const bool& value, const Node* given);
};
template <>
struct Codec<int64_t> {
  static std::string type() { return "integer"; }
  static bool read(const Node& node, int64_t& value, Diagnostics& diagnostics);
  static Node write(const int64_t& value, const Node* given);
};
template <>
struct Codec<double> {
  static std::string type() { return "number"; }
  static bool read(const Node& node, double& value, Diagnostics& diagnostics);
  static Node write(const double& value, const Node* given);
};
template <>
struct Codec<std::string> {
  static std::string type() { return "text"; }
  static bool read(const Node& node, std::string& value, Diagnostics& diagnostics);
  static Node write(const std::string& value, const Node* given);
};
template <>
struct Codec<Node> {
  static std::string type() { return "any"; }
  static bool read(const Node& node, Node& value, Diagnostics&) {
    value = node;
    return true;
  }
  static Node write(const Node& value, const Node*) { return value; }
};

namespace options_detail {

Location origin(const Node* given);
bool expect_list(const Node& node, const std::string& item_type, Diagnostics& diagnostics);
bool expect_map(const Node& node, const std::string& what, Diagnostics& diagnostics);
void check(const Node& node, const std::string& name, double value, const Range& range,
           Diagnostics& diagnostics);
void check(const Node& node, const std::string& name, const std::string& value, const OneOf& names,
           Diagnostics& diagnostics);
std::string text(const Range& range);
inline std::string text(const OneOf&) { return ""; }
inline std::string text(const Required&) { return "required"; }
std::string one_line(const Node& node);
void report_missing(const Node& map, const std::string& name, const std::string& what,
                    Diagnostics& diagnostics);
void report_unknown(const Node& map, const std::vector<std::string>& known,
                    const std::vector<std::string>& reserved, const std::string& what,
                    Diagnostics& diagnostics);

template <class T>
void check_value(const Node& node, const std::string& name, const T& value, const Range& range,
                 Diagnostics& diagnostics) {
  if constexpr (std::is_arithmetic_v<T>)
    check(node, name, static_cast<double>(value), range, diagnostics);
  else
    for (const auto& item : value) check_value(node, name, item, range, diagnostics);
}
template <class T>
void check_value(const Node& node, const std::string& name, const std::optional<T>& value,
                 const Range& range, Diagnostics& diagnostics) {
  if (value) check_value(node, name, *value, range, diagnostics);
}
inline void check_value(const Node& node, const std::string& name, const std::string& value,
                        const OneOf& names, Diagnostics& diagnostics) {
  check(node, name, value, names, diagnostics);
}
inline void check_value(const Node& node, const std::string& name,
                        const std::vector<std::string>& values, const OneOf& names,
                        Diagnostics& diagnostics) {
  for (const auto& value : values) check(node, name, value, names, diagnostics);
}
template <class T>
void check_value(const Node&, const std::string&, const T&, const Required&, Diagnostics&) {}

}  // namespace options_detail

/// Reads the fields of a map and, at the end, reports unknown keys.
class OptionReader {
 public:
  /// `what` names the map in messages: "model.backbone (stgcn)". `reserved` keys are let pass.
  OptionReader(const Node& map, std::string what, Diagnostics& diagnostics,
               std::vector<std::string> reserved = {})
      : map_(map),
        what_(std::move(what)),
        diagnostics_(diagnostics),
        reserved_(std::move(reserved)) {}

  template <class T, class... Constraints>
  void operator()(const char* name, T& value, const char*, const Constraints&... constraints) {
    known_.push_back(name);
    const Node* node = map_.find(name);
    if (!node) {
      if constexpr ((std::is_same_v<Constraints, Required> || ...))
        options_detail::report_missing(map_, name, what_, diagnostics_);
      return;
    }
    if (Codec<T>::read(*node, value, diagnostics_))
      (options_detail::check_value(*node, name, value, constraints, diagnostics_), ...);
  }

  void finish() { options_detail::report_unknown(map_, known_, reserved_, what_, diagnostics_); }

 private:
  const Node& map_;
  std::string what_;
  Diagnostics& diagnostics_;
  std::vector<std::string> known_, reserved_;
};

/// Writes the fields, defaults included.
class OptionWriter {
 public:
  explicit OptionWriter(const Node* given) : given_(given), map_(Node::make_map(origin(given))) {}

  template <class T, class... Constraints>
  void operator()(const char* name, T& value, const char*, const Constraints&...) {
    const Node* given = given_ ? given_->find(name) : nullptr;
    Node node = Codec<T>::write(value, given);
    // A null that was given must not read back as the default.
    if (node.is_null() && given && given->is_null())
      node = *given;
    else if (node.is_null())
      return;
    map_.set(name, std::move(node));
  }

  Node take() { return std::move(map_); }

 private:
  static Location origin(const Node* given) { return options_detail::origin(given); }

  const Node* given_;
  Node map_;
};

template <class T, class = void>
struct HasDescribe;

/// Lists the fields for `kinegraph describe`.
class OptionLister {
 public:
  template <class T, class... Constraints>
  void operator()(const char* name, T& value, const char* help, const Constraints&... constraints) {
    OptionDoc doc{
        name, Codec<T>::type(), options_detail::one_line(Codec<T>::write(value, nullptr)), "", help,
        {}};
    if constexpr (HasDescribe<T>::value) {
      OptionLister nested;
      value.describe(nested);
      doc.nested = std::move(nested.docs);
    }
    (add(doc, constraints), ...);
    docs.push_back(std::move(doc));
  }

  std::vector<OptionDoc> docs;

 private:
  template <class Constraint>
  static void add(OptionDoc& doc, const Constraint& constraint) {
    if constexpr (std::is_same_v<Constraint, OneOf>) {
      doc.type.clear();
      for (const auto& value : constraint.values)
        doc.type += (doc.type.empty() ? "" : " | ") + value;
    }
    if constexpr (std::is_same_v<Constraint, Required>) doc.fallback.clear();
    const std::string text = options_detail::text(constraint);
    if (!doc.constraint.empty() && !text.empty()) doc.constraint += ", ";
    doc.constraint += text;
  }
};

/// Reads `map` into `options` and reports every fault.
template <class Options>
void read_options(const Node& map, Options& options, const std::string& what,
                  Diagnostics& diagnostics, std::vector<std::string> reserved = {}) {
  OptionReader reader(map, what, diagnostics, std::move(reserved));
  options.describe(reader);
  reader.finish();
}

template <class Options>
std::vector<OptionDoc> list_options() {
  OptionLister lister;
  Options options;
  options.describe(lister);
  return lister.docs;
}

template <class T, class>
struct HasDescribe : std::false_type {};
template <class T>
struct HasDescribe<
    T, std::void_t<decltype(std::declval<T&>().describe(std::declval<OptionLister&>()))>>
    : std::true_type {};

/// Nested options.
template <class T>
struct Codec<T, std::enable_if_t<HasDescribe<T>::value>> {
  static std::string type() { return "map"; }
  static bool read(const Node& node, T& value, Diagnostics& diagnostics) {
    if (!options_detail::expect_map(node, "options", diagnostics)) return false;
    read_options(node, value, "this map", diagnostics);
    return true;
  }
  static Node write(const T& value, const Node* given) {
    OptionWriter writer(given);
    const_cast<T&>(value).describe(writer);  // describe() serves readers too, so it is not const
    return writer.take();
  }
};

template <class T>
struct Codec<std::optional<T>> {
  static std::string type() { return Codec<T>::type() + " or null"; }
  static bool read(const Node& node, std::optional<T>& value, Diagnostics& diagnostics) {
    value.reset();
    if (node.is_null()) return true;
    return Codec<T>::read(node, value.emplace(), diagnostics);
  }
  static Node write(const std::optional<T>& value, const Node* given) {
    return value ? Codec<T>::write(*value, given) : Node{};
  }
};

template <class T>
struct Codec<std::vector<T>> {
  static std::string type() { return "list of " + Codec<T>::type(); }
  static bool read(const Node& node, std::vector<T>& values, Diagnostics& diagnostics) {
    if (!options_detail::expect_list(node, Codec<T>::type(), diagnostics)) return false;
    values.clear();
    bool is_good = true;
    for (const auto& item : node.items) {
      T value{};
      is_good &= Codec<T>::read(item, value, diagnostics);
      values.push_back(std::move(value));
    }
    return is_good;
  }
  static Node write(const std::vector<T>& values, const Node* given) {
    Node list = Node::make_list(options_detail::origin(given));
    for (size_t i = 0; i < values.size(); ++i)
      list.items.push_back(Codec<T>::write(
          values[i], given && i < given->items.size() ? &given->items[i] : nullptr));
    return list;
  }
};

template <class T>
struct Codec<NamedList<T>> {
  static std::string type() { return "map of " + Codec<T>::type(); }
  static bool read(const Node& node, NamedList<T>& values, Diagnostics& diagnostics) {
    if (!options_detail::expect_map(node, type(), diagnostics)) return false;
    values.clear();
    bool is_good = true;
    for (const auto& entry : node.entries) {
      T value{};
      is_good &= Codec<T>::read(entry.value, value, diagnostics);
      values.emplace_back(entry.key, std::move(value));
    }
    return is_good;
  }
  static Node write(const NamedList<T>& values, const Node* given) {
    Node map = Node::make_map(options_detail::origin(given));
    for (const auto& [name, value] : values)
      map.set(name, Codec<T>::write(value, given ? given->find(name) : nullptr));
    return map;
  }
};

}  // namespace kinegraph
