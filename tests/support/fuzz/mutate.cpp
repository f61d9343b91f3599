#include "tests/support/fuzz/mutate.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <string_view>

namespace kinegraph {
namespace {

template <class Choices>
const auto& pick(const Choices& choices, Rng& rng) {
  return choices[static_cast<size_t>(rng.integer(0, static_cast<int64_t>(choices.size()) - 1))];
}

/// A position of `text`, or its end.
size_t place(const std::string& text, Rng& rng) {
  return static_cast<size_t>(rng.integer(0, static_cast<int64_t>(text.size())));
}

/// Short ones are the likeliest.
size_t block_length(Rng& rng) {
  const int64_t bits = rng.integer(0, 9);
  return static_cast<size_t>(rng.integer(1, int64_t{1} << bits));
}

void flip_bit(std::string& text, Rng& rng) {
  const size_t at = place(text, rng);
  if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << rng.integer(0, 7)));
}

void set_byte(std::string& text, Rng& rng) {
  constexpr std::string_view kExtremes("\0\x01\x7f\x80\xff\"{}[],:.-9\n", 16);
  const size_t at = place(text, rng);
  if (at < text.size()) text[at] = pick(kExtremes, rng);
}

/// A length or offset of a binary format, little-endian.
void set_integer(std::string& text, Rng& rng) {
  constexpr std::array<uint64_t, 6> kExtremes{
      0, 1, 0x7fffffffu, 0xffffffffu, 0x7fffffffffffffffu, 0xffffffffffffffffu};
  const uint64_t value = pick(kExtremes, rng);
  const size_t at = place(text, rng), size = size_t{1} << rng.integer(1, 3);
  for (size_t i = 0; i < size && at + i < text.size(); ++i)
    text[at + i] = static_cast<char>(value >> (8 * i));
}

/// A number of a text format.
void set_number(std::string& text, Rng& rng) {
  constexpr std::array<std::string_view, 10> kExtremes{
      "0", "-1", "4294967296", "99999999999999999999", "1e308", "-1e999", "nan", "1.5", "", "\"\""};
  const auto is_part = [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) || c == '.' || c == '-';
  };
  const size_t from = place(text, rng);
  const auto begin = std::find_if(text.begin() + static_cast<int64_t>(from), text.end(), is_part);
  const auto end = std::find_if_not(begin, text.end(), is_part);
  text.replace(begin, end, pick(kExtremes, rng));
}

void cut_out(std::string& text, Rng& rng) { text.erase(place(text, rng), block_length(rng)); }

void repeat(std::string& text, Rng& rng) {
  const std::string block = text.substr(place(text, rng), block_length(rng));
  const size_t at = place(text, rng);
  for (int64_t times = rng.integer(1, 4); times > 0; --times) text.insert(at, block);
}

void overwrite(std::string& text, Rng& rng) {
  const std::string block = text.substr(place(text, rng), block_length(rng));
  text.replace(place(text, rng), block.size(), block);
}

void end_early(std::string& text, Rng& rng) { text.resize(place(text, rng)); }

}  // namespace

std::string mutate(std::string content, Rng& rng) {
  constexpr std::array kChanges{flip_bit,   set_byte, set_integer, set_number,
                                set_number, cut_out,  repeat,      overwrite};
  for (int64_t changes = rng.integer(1, 4); changes > 0; --changes)
    pick(kChanges, rng)(content, rng);
  if (rng.integer(0, 15) == 0) end_early(content, rng);
  return content;
}

}  // namespace kinegraph
