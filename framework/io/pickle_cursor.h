// The bytes of a pickle: what pickle_reader.cpp reads its opcodes and their arguments from.
#pragma once

#include <string>
#include <string_view>

#include "framework/io/pickle.h"

namespace kinegraph::pickle {

/// Reads forward and throws DataError at the end of the data.
class Cursor {
 public:
  explicit Cursor(const Input& input);

  uint8_t byte() { return static_cast<uint8_t>(take(1)[0]); }
  /// An unsigned little-endian number of `width` bytes.
  uint64_t number(size_t width);
  int32_t signed_number() { return static_cast<int32_t>(number(4)); }
  double big_endian_double();
  std::string_view take(uint64_t count);
  /// Up to the next line feed, which is skipped.
  std::string_view line();

  /// Offset of the next byte.
  size_t offset() const { return offset_; }
  /// Begins an opcode, which is the place that messages name.
  uint8_t opcode();
  [[noreturn]] void fail(const std::string& found, const std::string& expected = "") const;

 private:
  const Input& input_;
  size_t offset_;
  size_t opcode_offset_;
};

/// A quoted literal of Python 2, 'a\x00b', as protocol 0 has it. False when it is malformed.
bool parse_quoted(std::string_view literal, std::string& bytes);
/// Latin-1 with \uXXXX and \UXXXXXXXX, as protocol 0 has it, to UTF-8. False when malformed.
bool parse_raw_unicode(std::string_view literal, std::string& utf8);
/// UTF-8 of code points below 256 to one byte each. False for anything else.
bool utf8_to_latin1(std::string_view utf8, std::string& bytes);

}  // namespace kinegraph::pickle
