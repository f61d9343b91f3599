#include "framework/io/pickle_machine.h"

#include <fmt/format.h>

namespace kinegraph::pickle {

void Machine::push_shared(Value* value) {
  nodes.charge(1);
  push(value);
}

void Machine::push_mark() {
  if (marks_.size() >= limits_.max_nodes) cursor.fail("too many marks");
  marks_.push_back(stack_.size());
}

void Machine::remember(uint64_t index) {
  if (memo_size() >= limits_.max_nodes) cursor.fail("too many memos");
  if (index < memo_.size()) {
    memo_[index] = top();
  } else if (index == memo_.size()) {
    memo_.push_back(top());
    sparse_memo_.erase(index);
  } else {
    sparse_memo_[index] = top();
  }
}

Value* Machine::top() const {
  if (depth_above_mark() == 0) cursor.fail("a value is missing on the stack");
  return stack_.back();
}

Value* Machine::pop() {
  Value* const value = top();
  stack_.pop_back();
  return value;
}

std::vector<Ref> Machine::pop(size_t count) {
  if (depth_above_mark() < count) cursor.fail("values are missing on the stack");
  std::vector<Ref> values(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
  stack_.resize(stack_.size() - count);
  return values;
}

std::vector<Ref> Machine::pop_mark() {
  if (marks_.empty()) cursor.fail("a mark is missing on the stack");
  auto values = pop(depth_above_mark());
  marks_.pop_back();
  return values;
}

void Machine::pop_value_or_mark() {
  if (depth_above_mark() == 0 && !marks_.empty())
    marks_.pop_back();
  else
    pop();
}

void Machine::recall(uint64_t index) {
  if (index < memo_.size()) return push_shared(memo_[index]);
  const auto found = sparse_memo_.find(index);
  if (found == sparse_memo_.end()) cursor.fail(fmt::format("memo {} was never set", index));
  push_shared(found->second);
}

uint64_t Machine::memo_index_of_line() {
  const auto* index = nodes.make_decimal(cursor.line())->get<int64_t>();
  if (!index || *index < 0) cursor.fail("a memo without a number");
  return static_cast<uint64_t>(*index);
}

void Machine::append(const std::vector<Ref>& items) {
  auto& data = top()->data;
  std::vector<Ref>* target = nullptr;
  if (auto* list = std::get_if<List>(&data)) target = &list->items;
  if (auto* set = std::get_if<Set>(&data)) target = &set->items;
  if (auto* object = std::get_if<std::unique_ptr<Object>>(&data)) target = &(*object)->items;
  if (!target) cursor.fail("items for " + describe_kind(*top()), "a list, a set or an object");
  target->insert(target->end(), items.begin(), items.end());
}

void Machine::set_entries(const std::vector<Ref>& keys_and_values) {
  auto& data = top()->data;
  Entries* target = nullptr;
  if (auto* dict = std::get_if<Dict>(&data)) target = &dict->entries;
  if (auto* object = std::get_if<std::unique_ptr<Object>>(&data)) target = &(*object)->entries;
  if (!target) cursor.fail("entries for " + describe_kind(*top()), "a dict or an object");
  if (keys_and_values.size() % 2 != 0) cursor.fail("a key without a value");
  for (size_t i = 0; i < keys_and_values.size(); i += 2)
    target->emplace_back(keys_and_values[i], keys_and_values[i + 1]);
}

void Machine::build() {
  const Ref state = pop();
  auto& data = top()->data;
  // The state of a dict is the attributes of an OrderedDict, which nobody needs.
  if (std::holds_alternative<Dict>(data)) return;
  auto* object = std::get_if<std::unique_ptr<Object>>(&data);
  if (!object) cursor.fail("a state for " + describe_kind(*top()), "an object");
  (*object)->state = state;
}

void Machine::push_object(const std::vector<Ref>& call) {
  push(nodes.make_object(call[0], call[1], call.size() > 2 ? call[2] : nullptr));
}

void Machine::push_instance(std::vector<Ref> class_and_args) {
  if (class_and_args.empty()) cursor.fail("an object without a class", "a class");
  const Ref callee = class_and_args.front();
  class_and_args.erase(class_and_args.begin());
  push(nodes.make_object(callee, nodes.make(Tuple{std::move(class_and_args)})));
}

void Machine::push_global(const std::vector<Ref>& module_and_name) {
  const std::string* module = text_of(*module_and_name[0]);
  const std::string* name = text_of(*module_and_name[1]);
  if (!module || !name) cursor.fail("a global without a name", "two texts");
  push(nodes.make_global(*module, *name));
}

Value* Machine::global_of_lines() {
  const std::string_view module = cursor.line();
  return nodes.make_global(module, cursor.line());
}

void Machine::push_escaped(bool (*parse)(std::string_view, std::string&), bool is_text) {
  const std::string_view literal = cursor.line();
  std::string content;
  if (!parse(literal, content)) cursor.fail(printable(literal), "a text literal");
  push(is_text ? nodes.make_text(content) : nodes.make_bytes(content));
}

Document Machine::finish() {
  const Ref root = pop();
  check_graph(root, limits_, cursor);
  return {nodes.release(), root, cursor.offset()};
}

}  // namespace kinegraph::pickle
