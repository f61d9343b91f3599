// The machine that a pickle is a program for: a stack, marks on it, and a memo.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "framework/io/pickle.h"
#include "framework/io/pickle_cursor.h"
#include "framework/io/pickle_nodes.h"

namespace kinegraph::pickle {

/// What the opcodes of pickle_reader.cpp are made of. Anything missing is a DataError.
class Machine {
 public:
  Machine(const Input& input, const Limits& limits)
      : cursor(input), nodes(cursor, limits), limits_(limits) {}

  Cursor cursor;
  Nodes nodes;

  void push(Value* value) { stack_.push_back(value); }
  /// Another reference to a value, which is counted: it costs the file one or two bytes.
  void push_shared(Value* value);
  Value* top() const;
  Value* pop();
  /// The last `count` values, removed.
  std::vector<Ref> pop(size_t count);
  void push_mark();
  /// The values above the last mark, removed together with the mark.
  std::vector<Ref> pop_mark();
  /// A mark when nothing lies above it, else a value.
  void pop_value_or_mark();

  void remember(uint64_t index);
  void recall(uint64_t index);
  size_t memo_size() const { return memo_.size() + sparse_memo_.size(); }
  uint64_t memo_index_of_line();

  /// Adds to the container that is on top of the stack.
  void append(const std::vector<Ref>& items);
  void set_entries(const std::vector<Ref>& keys_and_values);
  /// Gives the object below the top the state on top.
  void build();

  /// callee, arguments and, with three parts, keywords.
  void push_object(const std::vector<Ref>& call);
  /// The class, then its arguments.
  void push_instance(std::vector<Ref> class_and_args);
  void push_global(const std::vector<Ref>& module_and_name);
  Value* global_of_lines();
  void push_escaped(bool (*parse)(std::string_view, std::string&), bool is_text);

  /// The value that is left, when the program stops.
  Document finish();

 private:
  size_t depth_above_mark() const { return stack_.size() - (marks_.empty() ? 0 : marks_.back()); }

  const Limits& limits_;
  std::vector<Value*> stack_;
  std::vector<size_t> marks_;
  std::vector<Value*> memo_;  // 0, 1, 2, ... as every pickler counts
  std::unordered_map<uint64_t, Value*> sparse_memo_;
};

}  // namespace kinegraph::pickle
