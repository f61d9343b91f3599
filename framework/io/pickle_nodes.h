// The nodes of a pickle while it is being read.
#pragma once

#include <array>
#include <utility>

#include "framework/io/pickle.h"
#include "framework/io/pickle_cursor.h"

namespace kinegraph::pickle {

/// Makes nodes within the limits.
class Nodes {
 public:
  Nodes(const Cursor& cursor, const Limits& limits) : cursor_(cursor), limits_(limits) {}

  template <class Content>
  Value* make(Content content) {
    charge(1);
    nodes_.push_back(Value{std::move(content)});
    return &nodes_.back();
  }
  Value* make_text(std::string_view text);
  Value* make_bytes(std::string_view data);
  /// The same for what lies in the input and may be left there.
  Value* take_text(std::string_view text);
  Value* take_bytes(std::string_view data);
  /// None, a boolean and small integers, which are shared: they are most of what a file holds.
  Value* make_none();
  Value* make_boolean(bool value);
  Value* make_byte(uint8_t value);
  /// From two's complement, lowest byte first.
  Value* make_long(std::string_view little_endian);
  /// From the line of INT or LONG: digits, "L" after a long, and 00 and 01 for the booleans.
  Value* make_decimal(std::string_view digits);
  Value* make_float(std::string_view text);
  Value* make_global(std::string_view module, std::string_view name);
  /// callee(*args), as an Object or, for the constructors of plain data (OrderedDict, set,
  /// frozenset, bytes, bytearray, _codecs.encode), as that data.
  Value* make_object(Ref callee, Ref args, Ref keywords = nullptr);
  /// Counts references that are copied, so that a few bytes cannot copy a long list many times.
  void charge(size_t count);

  std::deque<Value> release() { return std::move(nodes_); }

 private:
  void charge_bytes(size_t count);
  template <class Content>
  Value* shared(Value*& slot, Content content) {
    charge(1);
    if (!slot) slot = &nodes_.emplace_back(Value{std::move(content)});
    return slot;
  }

  const Cursor& cursor_;
  const Limits& limits_;
  std::deque<Value> nodes_;
  size_t count_ = 0, bytes_ = 0;
  Value* none_ = nullptr;
  std::array<Value*, 2> booleans_{};
  std::array<Value*, 256> small_integers_{};
};

/// The items of a list or a tuple, else null.
const std::vector<Ref>* sequence_items(Ref node);

/// Refuses a graph that is deeper than the limits or has cycles where they are not allowed.
void check_graph(Ref root, const Limits& limits, const Cursor& cursor);

}  // namespace kinegraph::pickle
