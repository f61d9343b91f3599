#include "framework/io/pickle_cursor.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>

#include "framework/base/error.h"

namespace kinegraph::pickle {
namespace {

void append_utf8(uint32_t point, std::string& utf8) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((point >> shift) & 0x3F)); };
  if (point < 0x80) {
    utf8 += static_cast<char>(point);
  } else if (point < 0x800) {
    utf8 += {static_cast<char>(0xC0 | (point >> 6)), tail(0)};
  } else if (point < 0x10000) {
    utf8 += {static_cast<char>(0xE0 | (point >> 12)), tail(6), tail(0)};
  } else {
    utf8 += {static_cast<char>(0xF0 | (point >> 18)), tail(12), tail(6), tail(0)};
  }
}

/// Removes exactly `count` hexadecimal digits from the front of `text`.
bool take_hex(std::string_view& text, size_t count, uint32_t& value) {
  if (text.size() < count) return false;
  const auto result = std::from_chars(text.data(), text.data() + count, value, 16);
  if (result.ec != std::errc() || result.ptr != text.data() + count) return false;
  text.remove_prefix(count);
  return true;
}

/// Removes an escape, less its backslash, from the front of `text`.
bool take_escape(std::string_view& text, std::string& bytes) {
  static constexpr std::string_view kLetters = "\\'\"abfnrtv";
  static constexpr std::string_view kBytes = "\\'\"\a\b\f\n\r\t\v";
  if (text.empty()) return false;
  const char letter = text[0];
  uint32_t code = 0;
  if (letter == 'x') {
    text.remove_prefix(1);
    if (!take_hex(text, 2, code)) return false;
  } else if (const size_t index = kLetters.find(letter); index != std::string_view::npos) {
    text.remove_prefix(1);
    code = static_cast<unsigned char>(kBytes[index]);
  } else {
    const char* end = text.data() + std::min<size_t>(3, text.size());
    const auto result = std::from_chars(text.data(), end, code, 8);
    if (result.ec != std::errc()) return false;
    text.remove_prefix(static_cast<size_t>(result.ptr - text.data()));
  }
  bytes += static_cast<char>(code);
  return true;
}

}  // namespace

Cursor::Cursor(const Input& input)
    : input_(input), offset_(std::min(input.start, input.data.size())), opcode_offset_(offset_) {}

uint8_t Cursor::opcode() {
  opcode_offset_ = offset_;
  return byte();
}

void Cursor::fail(const std::string& found, const std::string& expected) const {
  throw DataError(Fault{fmt::format("{}: byte {}", input_.name, opcode_offset_), found, expected,
                        "The file is damaged or no plain pickle; download or write it again."});
}

std::string_view Cursor::take(uint64_t count) {
  const size_t left = input_.data.size() - offset_;
  if (count > left)
    fail(fmt::format("the pickle ends {} bytes later", input_.data.size() - opcode_offset_),
         fmt::format("{} more", count - left));
  const std::string_view bytes = input_.data.substr(offset_, static_cast<size_t>(count));
  offset_ += bytes.size();
  return bytes;
}

uint64_t Cursor::number(size_t width) {
  uint64_t value = 0;
  int shift = 0;
  for (const char c : take(width)) {
    value |= uint64_t{static_cast<uint8_t>(c)} << shift;
    shift += 8;
  }
  return value;
}

double Cursor::big_endian_double() {
  uint64_t bits = 0;
  for (const char c : take(8)) bits = bits << 8 | static_cast<uint8_t>(c);
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

std::string_view Cursor::line() {
  const size_t end = input_.data.find('\n', offset_);
  if (end == std::string_view::npos) fail("the pickle ends within a line", "a line feed");
  const std::string_view text = take(end - offset_);
  ++offset_;
  return text;
}

bool parse_quoted(std::string_view literal, std::string& bytes) {
  if (literal.size() < 2 || literal.front() != literal.back()) return false;
  if (literal.front() != '\'' && literal.front() != '"') return false;
  literal = literal.substr(1, literal.size() - 2);
  while (!literal.empty()) {
    const char c = literal[0];
    literal.remove_prefix(1);
    if (c != '\\')
      bytes += c;
    else if (!take_escape(literal, bytes))
      return false;
  }
  return true;
}

bool parse_raw_unicode(std::string_view literal, std::string& utf8) {
  while (!literal.empty()) {
    const auto byte = static_cast<unsigned char>(literal[0]);
    const char kind = literal.size() > 1 && byte == '\\' ? literal[1] : '\0';
    uint32_t point = byte;
    if (kind == 'u' || kind == 'U') {
      literal.remove_prefix(2);
      if (!take_hex(literal, kind == 'u' ? 4 : 8, point) || point > 0x10FFFF) return false;
    } else {
      literal.remove_prefix(1);
    }
    append_utf8(point, utf8);
  }
  return true;
}

bool utf8_to_latin1(std::string_view utf8, std::string& bytes) {
  bytes.reserve(utf8.size());
  for (size_t i = 0; i < utf8.size(); ++i) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    if (lead < 0x80) {
      bytes += utf8[i];
      continue;
    }
    // Two bytes hold the code points 0x80..0xFF: C2 or C3, then the low six bits.
    if ((lead & 0xFE) != 0xC2 || ++i == utf8.size()) return false;
    const auto tail = static_cast<unsigned char>(utf8[i]);
    if ((tail & 0xC0) != 0x80) return false;
    bytes += static_cast<char>((lead & 0x03) << 6 | (tail & 0x3F));
  }
  return true;
}

}  // namespace kinegraph::pickle
