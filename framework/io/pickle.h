// Python pickles, protocols 0 to 5, read as inert data: nothing is imported or called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace kinegraph::pickle {

struct Value;

/// Points at a node of a Document, which owns all of them. References may share a node.
using Ref = const Value*;
using Entries = std::vector<std::pair<Ref, Ref>>;

/// An integer beyond 64 bits: "0x" and its two's complement, highest byte first, or the decimal
/// digits that protocol 0 has.
struct BigInt {
  std::string text;
};
/// Python's bytes and bytearray, and the str of Python 2.
struct Bytes {
  std::string data;
};
/// Text or bytes that were left where they are in the input; see Limits::min_view.
struct View {
  enum class Kind { text, bytes, latin1 };  // latin1: bytes that are spelt as text
  Kind kind;
  std::string_view data;
};
struct List {
  std::vector<Ref> items;
};
struct Tuple {
  std::vector<Ref> items;
};
struct Set {
  std::vector<Ref> items;
};
/// dict and collections.OrderedDict, in order of insertion. A repeated key is repeated here.
struct Dict {
  Entries entries;
};
/// A class or function, "collections.OrderedDict". Python 2's `__builtin__` reads as `builtins`.
struct Global {
  std::string path;
};
/// What Python would have made by calling `callee` with the tuple `args`.
struct Object {
  Ref callee = nullptr;
  Ref args = nullptr;
  Ref keywords = nullptr;  // null when there are none
  Ref state = nullptr;     // null when there is none
  std::vector<Ref> items;  // appended later, as to a list or a set
  Entries entries;         // set later, as in a dict
};
/// A reference to something outside the pickle, such as a tensor's storage.
struct PersistentId {
  Ref id = nullptr;
};

/// One node: None (monostate), bool, int64_t, double, text (std::string; UTF-8, not checked), ...
struct Value {
  std::variant<std::monostate, bool, int64_t, double, std::string, BigInt, Bytes, List, Tuple, Set,
               Dict, Global, std::unique_ptr<Object>, PersistentId, View>
      data;

  bool is_none() const { return std::holds_alternative<std::monostate>(data); }

  /// The content when the node is a T, else null.
  template <class T>
  const T* get() const {
    if constexpr (std::is_same_v<T, Object>) {
      const auto* box = std::get_if<std::unique_ptr<Object>>(&data);
      return box ? box->get() : nullptr;
    } else {
      return std::get_if<T>(&data);
    }
  }
};

/// The content of text or bytes (Python 2 wrote its text as bytes), else null.
const std::string* text_of(const Value& value);
/// The content of bytes, also where they are a View, into `bytes`. False for anything else and for
/// malformed Latin-1.
bool copy_bytes(const Value& value, std::string& bytes);
/// The last value under a key of text or bytes, else null. Takes linear time.
Ref find(const Dict& dict, std::string_view key);
/// "collections.OrderedDict" for that global or an object made by it, "" for everything else.
std::string class_path(const Value& value);
/// "a list", "an object of torch.Size", ... for messages.
std::string describe_kind(const Value& value);
/// At most 60 bytes of `text` in quotes, control characters and bytes above 126 as \xNN.
std::string printable(std::string_view text);

/// Bounds on what a file may ask for. Memory is at most about 150 bytes a node plus max_bytes.
struct Limits {
  size_t max_depth = 200;  // levels of containers
  size_t max_nodes = 20'000'000;
  size_t max_bytes = size_t{4} << 30;  // of text and bytes together
  bool allows_cycles = false;
  /// Text and bytes of at least this size become a View instead of a copy: the input must outlive
  /// the document then.
  size_t min_view = SIZE_MAX;
  /// Refuses the classes and functions for which it gives false; null: all are let pass.
  bool (*allows_global)(std::string_view path) = nullptr;
};

/// `data` from byte `start` on. `name` leads the messages; byte offsets count from data's begin.
struct Input {
  std::string_view data;
  std::string name;
  size_t start = 0;
};

/// A whole pickle. Unless the limits allow cycles, the nodes are a graph without cycles of at most
/// max_depth levels, so that it is safe to walk it by recursion; shared nodes are visited again.
struct Document {
  std::deque<Value> nodes;
  Ref root = nullptr;
  size_t end = 0;  // offset behind the pickle: torch's old files put several behind each other
};

/// Reads one pickle. Throws DataError for anything damaged, unknown or beyond the limits.
Document read(const Input& input, const Limits& limits = {});

}  // namespace kinegraph::pickle
