// The opcodes of pickles, by their codes in Python's pickletools.py.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "framework/io/pickle.h"
#include "framework/io/pickle_machine.h"

namespace kinegraph::pickle {
namespace {

using Opcodes = std::array<void (*)(Machine&), 256>;

void add_numbers(Opcodes& on) {
  on['N'] = [](Machine& m) { m.push(m.nodes.make_none()); };
  on[0x88] = [](Machine& m) { m.push(m.nodes.make_boolean(true)); };
  on[0x89] = [](Machine& m) { m.push(m.nodes.make_boolean(false)); };
  on['K'] = [](Machine& m) { m.push(m.nodes.make_byte(m.cursor.byte())); };
  on['M'] = [](Machine& m) { m.push(m.nodes.make(static_cast<int64_t>(m.cursor.number(2)))); };
  on['J'] = [](Machine& m) { m.push(m.nodes.make(int64_t{m.cursor.signed_number()})); };
  on[0x8a] = [](Machine& m) { m.push(m.nodes.make_long(m.cursor.take(m.cursor.byte()))); };
  on[0x8b] = [](Machine& m) { m.push(m.nodes.make_long(m.cursor.take(m.cursor.number(4)))); };
  on['I'] = [](Machine& m) { m.push(m.nodes.make_decimal(m.cursor.line())); };
  on['L'] = [](Machine& m) { m.push(m.nodes.make_decimal(m.cursor.line())); };
  on['F'] = [](Machine& m) { m.push(m.nodes.make_float(m.cursor.line())); };
  on['G'] = [](Machine& m) { m.push(m.nodes.make(m.cursor.big_endian_double())); };
}

void add_texts(Opcodes& on) {
  on[0x8c] = [](Machine& m) { m.push(m.nodes.take_text(m.cursor.take(m.cursor.byte()))); };
  on['X'] = [](Machine& m) { m.push(m.nodes.take_text(m.cursor.take(m.cursor.number(4)))); };
  on[0x8d] = [](Machine& m) { m.push(m.nodes.take_text(m.cursor.take(m.cursor.number(8)))); };
  on['U'] = [](Machine& m) { m.push(m.nodes.take_bytes(m.cursor.take(m.cursor.byte()))); };
  on['C'] = [](Machine& m) { m.push(m.nodes.take_bytes(m.cursor.take(m.cursor.byte()))); };
  on['T'] = [](Machine& m) { m.push(m.nodes.take_bytes(m.cursor.take(m.cursor.number(4)))); };
  on['B'] = [](Machine& m) { m.push(m.nodes.take_bytes(m.cursor.take(m.cursor.number(4)))); };
  on[0x8e] = [](Machine& m) { m.push(m.nodes.take_bytes(m.cursor.take(m.cursor.number(8)))); };
  on[0x96] = [](Machine& m) { m.push(m.nodes.take_bytes(m.cursor.take(m.cursor.number(8)))); };
  on['V'] = [](Machine& m) { m.push_escaped(parse_raw_unicode, true); };
  on['S'] = [](Machine& m) { m.push_escaped(parse_quoted, false); };
}

void add_containers(Opcodes& on) {
  on[']'] = [](Machine& m) { m.push(m.nodes.make(List{})); };
  on[')'] = [](Machine& m) { m.push(m.nodes.make(Tuple{})); };
  on['}'] = [](Machine& m) { m.push(m.nodes.make(Dict{})); };
  on[0x8f] = [](Machine& m) { m.push(m.nodes.make(Set{})); };
  on['l'] = [](Machine& m) { m.push(m.nodes.make(List{m.pop_mark()})); };
  on['t'] = [](Machine& m) { m.push(m.nodes.make(Tuple{m.pop_mark()})); };
  on[0x85] = [](Machine& m) { m.push(m.nodes.make(Tuple{m.pop(1)})); };
  on[0x86] = [](Machine& m) { m.push(m.nodes.make(Tuple{m.pop(2)})); };
  on[0x87] = [](Machine& m) { m.push(m.nodes.make(Tuple{m.pop(3)})); };
  on[0x91] = [](Machine& m) { m.push(m.nodes.make(Set{m.pop_mark()})); };
  on['a'] = [](Machine& m) { m.append(m.pop(1)); };
  on['e'] = [](Machine& m) { m.append(m.pop_mark()); };
  on[0x90] = [](Machine& m) { m.append(m.pop_mark()); };
  on['s'] = [](Machine& m) { m.set_entries(m.pop(2)); };
  on['u'] = [](Machine& m) { m.set_entries(m.pop_mark()); };
  on['d'] = [](Machine& m) {
    const auto keys_and_values = m.pop_mark();
    m.push(m.nodes.make(Dict{}));
    m.set_entries(keys_and_values);
  };
}

void add_stack(Opcodes& on) {
  on['('] = [](Machine& m) { m.push_mark(); };
  on['0'] = [](Machine& m) { m.pop_value_or_mark(); };
  on['1'] = [](Machine& m) { m.pop_mark(); };
  on['2'] = [](Machine& m) { m.push_shared(m.top()); };
  on['q'] = [](Machine& m) { m.remember(m.cursor.byte()); };
  on['r'] = [](Machine& m) { m.remember(m.cursor.number(4)); };
  on['p'] = [](Machine& m) { m.remember(m.memo_index_of_line()); };
  on[0x94] = [](Machine& m) { m.remember(m.memo_size()); };
  on['h'] = [](Machine& m) { m.recall(m.cursor.byte()); };
  on['j'] = [](Machine& m) { m.recall(m.cursor.number(4)); };
  on['g'] = [](Machine& m) { m.recall(m.memo_index_of_line()); };
  // A frame only helps a reader to read ahead.
  on[0x95] = [](Machine& m) { m.cursor.number(8); };
  on[0x80] = [](Machine& m) {
    const uint8_t protocol = m.cursor.byte();
    if (protocol > 5) m.cursor.fail(fmt::format("pickle protocol {}", protocol), "0 to 5");
  };
}

/// None of these calls anything: they make inert nodes.
void add_objects(Opcodes& on) {
  on['c'] = [](Machine& m) { m.push(m.global_of_lines()); };
  on[0x93] = [](Machine& m) { m.push_global(m.pop(2)); };
  on['R'] = [](Machine& m) { m.push_object(m.pop(2)); };
  on[0x81] = [](Machine& m) { m.push_object(m.pop(2)); };
  on[0x92] = [](Machine& m) { m.push_object(m.pop(3)); };
  on['o'] = [](Machine& m) { m.push_instance(m.pop_mark()); };
  on['b'] = [](Machine& m) { m.build(); };
  on['P'] = [](Machine& m) {
    m.push(m.nodes.make(PersistentId{m.nodes.make_text(m.cursor.line())}));
  };
  on['Q'] = [](Machine& m) { m.push(m.nodes.make(PersistentId{m.pop()})); };
  on['i'] = [](Machine& m) {
    const Ref callee = m.global_of_lines();
    m.push(m.nodes.make_object(callee, m.nodes.make(Tuple{m.pop_mark()})));
  };
}

Opcodes make_opcodes() {
  Opcodes on{};
  add_numbers(on);
  add_texts(on);
  add_containers(on);
  add_stack(on);
  add_objects(on);
  return on;
}

/// What is often taken for a pickle would fail at an opcode that tells nobody why.
void refuse_archive(const Input& input) {
  for (const auto& [mark, what] :
       {std::pair("PK\x03\x04", "a zip archive"), std::pair("\x1f\x8b", "a gzip archive")})
    if (input.data.substr(std::min(input.start, input.data.size())).rfind(mark, 0) == 0)
      throw DataError(Fault{input.name, what, "a pickle",
                            "Unpack it first; or is it a checkpoint of PyTorch?"});
}

}  // namespace

Document read(const Input& input, const Limits& limits) {
  static const Opcodes kOpcodes = make_opcodes();
  refuse_archive(input);
  Machine machine(input, limits);
  for (uint8_t code = machine.cursor.opcode(); code != '.'; code = machine.cursor.opcode()) {
    if (!kOpcodes[code])
      machine.cursor.fail(fmt::format("opcode 0x{:02x}", code), "one that plain data needs");
    kOpcodes[code](machine);
  }
  return machine.finish();
}

}  // namespace kinegraph::pickle
