#include "framework/io/pickle_nodes.h"

#include <fmt/format.h>

#include <charconv>

namespace kinegraph::pickle {
namespace {

constexpr size_t kMaxIntegerBytes = 4096;

/// OrderedDict() or, by Python 2, OrderedDict([[key, value], ...]).
Value* make_ordered_dict(const std::vector<Ref>& args, Nodes& nodes) {
  if (args.empty()) return nodes.make(Dict{});
  const auto* pairs = args.size() == 1 ? sequence_items(args[0]) : nullptr;
  if (!pairs) return nullptr;
  nodes.charge(pairs->size());
  Dict dict;
  for (const Ref pair : *pairs) {
    const auto* key_value = sequence_items(pair);
    if (!key_value || key_value->size() != 2) return nullptr;
    dict.entries.emplace_back((*key_value)[0], (*key_value)[1]);
  }
  return nodes.make(std::move(dict));
}

Value* make_set(const std::vector<Ref>& args, Nodes& nodes) {
  if (args.empty()) return nodes.make(Set{});
  const auto* items = args.size() == 1 ? sequence_items(args[0]) : nullptr;
  if (!items) return nullptr;
  nodes.charge(items->size());
  return nodes.make(Set{*items});
}

bool has_latin1_as_encoding(const std::vector<Ref>& args) {
  const auto* encoding = args.size() == 2 ? args[1]->get<std::string>() : nullptr;
  return encoding && (*encoding == "latin1" || *encoding == "latin-1");
}

Value* make_encoded_view(const View& view, const std::vector<Ref>& args, Nodes& nodes) {
  if (view.kind == View::Kind::bytes) return args.size() == 1 ? nodes.make(view) : nullptr;
  if (view.kind == View::Kind::latin1 || !has_latin1_as_encoding(args)) return nullptr;
  return nodes.make(View{View::Kind::latin1, view.data});
}

Value* make_encoded(const std::vector<Ref>& args, Nodes& nodes) {
  if (args.empty()) return nodes.make_bytes("");
  if (args.size() == 1 && args[0]->get<Bytes>()) return nodes.make_bytes(*text_of(*args[0]));
  if (const auto* view = args[0]->get<View>()) return make_encoded_view(*view, args, nodes);
  const auto* text = args[0]->get<std::string>();
  if (!text || !has_latin1_as_encoding(args)) return nullptr;
  std::string bytes;
  return utf8_to_latin1(*text, bytes) ? nodes.make_bytes(bytes) : nullptr;
}

/// What `path(*args)` gives where that is plain data, else null. `_codecs.encode` is how protocol 2
/// spells bytes.
Value* make_plain(const std::string& path, const Tuple& args, Nodes& nodes) {
  if (path == "collections.OrderedDict") return make_ordered_dict(args.items, nodes);
  if (path == "builtins.set" || path == "builtins.frozenset") return make_set(args.items, nodes);
  if (path == "builtins.bytes" || path == "builtins.bytearray" || path == "_codecs.encode")
    return make_encoded(args.items, nodes);
  return nullptr;
}

}  // namespace

const std::vector<Ref>* sequence_items(Ref node) {
  if (const auto* list = node->get<List>()) return &list->items;
  if (const auto* tuple = node->get<Tuple>()) return &tuple->items;
  return nullptr;
}

Value* Nodes::make_text(std::string_view text) {
  charge_bytes(text.size());
  return make(std::string(text));
}

Value* Nodes::make_bytes(std::string_view data) {
  charge_bytes(data.size());
  return make(Bytes{std::string(data)});
}

Value* Nodes::take_text(std::string_view text) {
  return text.size() < limits_.min_view ? make_text(text) : make(View{View::Kind::text, text});
}

Value* Nodes::take_bytes(std::string_view data) {
  return data.size() < limits_.min_view ? make_bytes(data) : make(View{View::Kind::bytes, data});
}

Value* Nodes::make_none() { return shared(none_, std::monostate()); }

Value* Nodes::make_boolean(bool value) { return shared(booleans_[value ? 1 : 0], value); }

Value* Nodes::make_byte(uint8_t value) { return shared(small_integers_[value], int64_t{value}); }

void Nodes::charge(size_t count) {
  if (count > limits_.max_nodes - count_)
    cursor_.fail("too many values", fmt::format("at most {}", limits_.max_nodes));
  count_ += count;
}

void Nodes::charge_bytes(size_t count) {
  if (count > limits_.max_bytes - bytes_)
    cursor_.fail("too many bytes of text and data", fmt::format("at most {}", limits_.max_bytes));
  bytes_ += count;
}

Value* Nodes::make_global(std::string_view module, std::string_view name) {
  constexpr size_t kMaxName = 1000;
  if (module.size() > kMaxName || name.size() > kMaxName) cursor_.fail("a very long global");
  if (module == "__builtin__") module = "builtins";
  if (module == "copy_reg") module = "copyreg";
  std::string path = fmt::format("{}.{}", module, name);
  if (limits_.allows_global && !limits_.allows_global(path))
    cursor_.fail("the global " + printable(path), "plain data and numpy arrays");
  return make(Global{std::move(path)});
}

Value* Nodes::make_object(Ref callee, Ref args, Ref keywords) {
  const auto* tuple = args->get<Tuple>();
  if (!tuple) cursor_.fail("arguments that are " + describe_kind(*args), "a tuple");
  const auto* global = callee->get<Global>();
  Value* plain = global && !keywords ? make_plain(global->path, *tuple, *this) : nullptr;
  if (plain) return plain;
  auto object = std::make_unique<Object>();
  object->callee = callee;
  object->args = args;
  object->keywords = keywords;
  return make(std::move(object));
}

Value* Nodes::make_long(std::string_view little_endian) {
  if (little_endian.size() > kMaxIntegerBytes) cursor_.fail("a very long integer");
  if (little_endian.size() > 8) {
    std::string digits = "0x";
    for (auto byte = little_endian.rbegin(); byte != little_endian.rend(); ++byte)
      digits += fmt::format("{:02x}", static_cast<uint8_t>(*byte));
    return make(BigInt{std::move(digits)});
  }
  const bool is_negative = !little_endian.empty() && (little_endian.back() & 0x80) != 0;
  uint64_t value = is_negative ? ~uint64_t{0} : 0;
  for (auto byte = little_endian.rbegin(); byte != little_endian.rend(); ++byte)
    value = value << 8 | static_cast<uint8_t>(*byte);
  return make(static_cast<int64_t>(value));
}

Value* Nodes::make_decimal(std::string_view digits) {
  if (digits.size() > kMaxIntegerBytes) cursor_.fail("a very long integer");
  if (digits == "00" || digits == "01") return make(digits == "01");
  if (!digits.empty() && digits.back() == 'L') digits.remove_suffix(1);
  int64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (stop != end || error == std::errc::invalid_argument)
    cursor_.fail(printable(digits), "an integer");
  if (error == std::errc::result_out_of_range) return make(BigInt{std::string(digits)});
  return make(value);
}

Value* Nodes::make_float(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (stop != end || error != std::errc()) cursor_.fail(printable(text), "a number");
  return make(value);
}

}  // namespace kinegraph::pickle
