#include "framework/io/npy.h"

#include <fmt/format.h>

#include <charconv>

#include "framework/base/error.h"

namespace kinegraph {
namespace {

constexpr std::string_view kNpyMagic = "\x93NUMPY";

[[noreturn]] void refuse_npy(const std::string& where, const std::string& found,
                             const std::string& expected) {
  throw DataError(
      Fault{where, found, expected, "The file is damaged or of another form; save it again."});
}

/// The Python literal in a header: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }.
class NpyDict {
 public:
  NpyDict(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  NpyHeader parse() {
    NpyHeader header;
    bool has_type = false, has_order = false, has_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr" && !has_type) {
        has_type = true;
        header.type = type();
      } else if (key == "fortran_order" && !has_order) {
        has_order = true;
        header.is_fortran_order = boolean();
      } else if (key == "shape" && !has_shape) {
        has_shape = true;
        header.shape = tuple();
      } else {
        fail();
      }
      if (!accept(',') && peek() != '}') fail();
    }
    if (!has_type || !has_order || !has_shape) fail();
    return header;
  }

 private:
  [[noreturn]] void fail() const {
    refuse_npy(where_, "a malformed header", "{'descr', 'fortran_order', 'shape'}");
  }
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail();
  }
  std::string quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail();
    const size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) fail();
    std::string content(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return content;
  }
  NdType type() {
    if (peek() == '[') refuse_npy(where_, "an array of records", "an array of numbers");
    const std::string text = quoted();
    const auto type = NdType::parse(text);
    if (!type)
      refuse_npy(where_, fmt::format("an array of type '{}'", text), "an array of numbers");
    return *type;
  }
  bool boolean() {
    peek();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return value;
    }
    fail();
  }
  std::vector<int64_t> tuple() {
    constexpr size_t kMaxAxes = 32;
    std::vector<int64_t> values;
    expect('(');
    while (!accept(')')) {
      peek();
      int64_t value = 0;
      const char* const end = text_.data() + text_.size();
      const auto [stop, error] = std::from_chars(text_.data() + at_, end, value);
      if (error != std::errc() || value < 0 || values.size() == kMaxAxes) fail();
      at_ = static_cast<size_t>(stop - text_.data());
      values.push_back(value);
      accept('L');  // Python 2
      if (!accept(',') && peek() != ')') fail();
    }
    return values;
  }

  std::string_view text_;
  const std::string& where_;
  size_t at_ = 0;
};

}  // namespace

NpyHeader parse_npy_header(std::string_view bytes, const std::string& where) {
  constexpr size_t kMaxHeader = 1 << 16;
  const auto byte = [&](size_t at) { return static_cast<uint8_t>(bytes[at]); };
  const size_t version_at = kNpyMagic.size(), length_at = version_at + 2;
  if (bytes.substr(0, version_at) != kNpyMagic || bytes.size() < length_at + 4)
    refuse_npy(where, "no .npy file", "one of numpy.save");
  const int version = byte(version_at);
  if (version < 1 || version > 3)
    refuse_npy(where, fmt::format("version {} of .npy", version), "1 to 3");
  const size_t width = version == 1 ? 2 : 4;
  size_t length = 0;
  for (size_t i = 0; i < width; ++i) length |= size_t{byte(length_at + i)} << (8 * i);
  const size_t begin = length_at + width;
  if (length > kMaxHeader || length > bytes.size() - begin)
    refuse_npy(where, fmt::format("a header of {} bytes", length), "a whole header");
  NpyHeader header = NpyDict(bytes.substr(begin, length), where).parse();
  header.data_offset = begin + length;
  return header;
}

NdArray read_npy(std::string_view bytes, const std::string& where) {
  const NpyHeader header = parse_npy_header(bytes, where);
  return NdArray::over(header.type, header.shape, header.is_fortran_order,
                       bytes.substr(header.data_offset), where);
}

std::string npy_header(const NdType& type, const std::vector<int64_t>& shape) {
  std::string extents;
  for (const int64_t extent : shape) extents += fmt::format("{}, ", extent);
  std::string dict = fmt::format("{{'descr': '<{}{}', 'fortran_order': False, 'shape': ({}), }}",
                                 type.kind, type.width, extents);
  constexpr size_t kAlignment = 64, kPrefix = 10;
  const size_t total = (kPrefix + dict.size() + kAlignment) / kAlignment * kAlignment;
  dict.resize(total - kPrefix - 1, ' ');
  dict += '\n';
  std::string header(kNpyMagic);
  header +=
      {'\x01', '\x00', static_cast<char>(dict.size() & 0xff), static_cast<char>(dict.size() >> 8)};
  return header + dict;
}

}  // namespace kinegraph
