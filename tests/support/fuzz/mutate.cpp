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

/// A part of a text: from `begin`, `size` bytes.
struct Span {
  size_t begin = 0, size = 0;
};

/// The next run of characters for which `belongs` gives true, from a random place on.
template <class Belongs>
Span find_span(const std::string& text, Rng& rng, const Belongs& belongs) {
  const auto from = text.begin() + static_cast<std::ptrdiff_t>(place(text, rng));
  const auto begin = std::find_if(from, text.end(), belongs);
  const auto end = std::find_if_not(begin, text.end(), belongs);
  return {static_cast<size_t>(begin - text.begin()), static_cast<size_t>(end - begin)};
}

bool is_part_of_number(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) || c == '.' || c == '-';
}

/// What stands between the separators of JSON, CSV, YAML and the lists of words.
bool is_part_of_word(char c) {
  return std::string_view(" \t\r\n,:;[]{}()'\"").find(c) == std::string_view::npos;
}

bool is_part_of_line(char c) { return c != '\n'; }

void set_number(std::string& text, Rng& rng) {
  constexpr std::array<std::string_view, 12> kExtremes{
      "0", "-1",   "4294967296", "99999999999999999999", "1e308", "-1e999", "nan", "1.5",
      "",  "\"\"", "1e-320",     "9223372036854775807"};
  const Span span = find_span(text, rng, is_part_of_number);
  text.replace(span.begin, span.size, pick(kExtremes, rng));
}

/// Another number of as many digits.
void set_digit(std::string& text, Rng& rng) {
  const Span span =
      find_span(text, rng, [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; });
  if (span.size == 0) return;
  const auto at = span.begin + static_cast<size_t>(rng.integer(0, int64_t(span.size) - 1));
  text[at] = static_cast<char>('0' + rng.integer(0, 9));
}

/// Drops, repeats or exchanges a run of characters.
template <class Belongs>
void change_span(std::string& text, Rng& rng, const Belongs& belongs, char separator) {
  const Span span = find_span(text, rng, belongs);
  if (span.size == 0) return;
  switch (rng.integer(0, 2)) {
    case 0:  // with one separator, so that a list gets shorter
      text.erase(span.begin, span.size + 1);
      break;
    case 1:
      text.insert(span.begin, text.substr(span.begin, span.size) + separator);
      break;
    default: {
      const Span other = find_span(text, rng, belongs);
      text.replace(span.begin, span.size, text.substr(other.begin, other.size));
    }
  }
}

void change_word(std::string& text, Rng& rng) {
  constexpr std::string_view kSeparators(", \n");
  change_span(text, rng, is_part_of_word, pick(kSeparators, rng));
}

void change_line(std::string& text, Rng& rng) { change_span(text, rng, is_part_of_line, '\n'); }

void change_bytes(std::string& text, Rng& rng) {
  constexpr std::array kChanges{flip_bit, set_byte, set_integer, set_number,
                                cut_out,  repeat,   overwrite};
  pick(kChanges, rng)(text, rng);
}

void change_text(std::string& text, Rng& rng) {
  constexpr std::array kChanges{set_digit, set_digit, set_number, change_word, change_line};
  pick(kChanges, rng)(text, rng);
}

}  // namespace

std::string mutate(std::string content, Rng& rng) {
  const bool keeps_form = rng.integer(0, 1) == 0;
  for (int64_t changes = std::max<int64_t>(rng.integer(-2, 4), 1); changes > 0; --changes)
    (keeps_form ? change_text : change_bytes)(content, rng);
  if (!keeps_form && rng.integer(0, 7) == 0) end_early(content, rng);
  return content;
}

}  // namespace kinegraph
