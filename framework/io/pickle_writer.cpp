#include "framework/io/pickle_writer.h"

#include <cstring>
#include <utility>

#include "framework/base/error.h"

namespace kinegraph::pickle {

Writer::Writer(int protocol) : begin_{'\x80', static_cast<char>(protocol)}, bytes_(begin_) {}

void Writer::none() { bytes_ += 'N'; }

void Writer::boolean(bool value) { bytes_ += value ? '\x88' : '\x89'; }

void Writer::integer(int64_t value) {
  if (value >= 0 && value <= UINT8_MAX) {
    bytes_ += 'K';
    little_endian(static_cast<uint64_t>(value), 1);
  } else if (value >= INT32_MIN && value <= INT32_MAX) {
    bytes_ += 'J';
    little_endian(static_cast<uint64_t>(value), 4);
  } else {
    bytes_ += "\x8a\x08";
    little_endian(static_cast<uint64_t>(value), 8);
  }
}

void Writer::real(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  bytes_ += 'G';
  for (int shift = 56; shift >= 0; shift -= 8) bytes_ += static_cast<char>(bits >> shift);
}

void Writer::text(std::string_view value) {
  check_size(value);
  bytes_ += 'X';
  little_endian(value.size(), 4);
  bytes_ += value;
}

void Writer::bytes(std::string_view value) {
  check_size(value);
  bytes_ += 'B';
  little_endian(value.size(), 4);
  bytes_ += value;
}

void Writer::begin_tuple() { bytes_ += '('; }
void Writer::end_tuple() { bytes_ += 't'; }
void Writer::begin_list() { bytes_ += "]("; }
void Writer::end_list() { bytes_ += 'e'; }
void Writer::begin_dict() { bytes_ += "}("; }
void Writer::end_dict() { bytes_ += 'u'; }

void Writer::global(std::string_view module, std::string_view name) {
  bytes_ += 'c';
  bytes_ += module;
  bytes_ += '\n';
  bytes_ += name;
  bytes_ += '\n';
}

void Writer::reduce() { bytes_ += 'R'; }
void Writer::build() { bytes_ += 'b'; }
void Writer::persistent_id() { bytes_ += 'Q'; }

std::string Writer::take() { return std::exchange(bytes_, {}); }

std::string Writer::finish() {
  bytes_ += '.';
  return std::exchange(bytes_, begin_);
}

void Writer::check_size(std::string_view value) const {
  if (value.size() > UINT32_MAX)
    throw DataError(Fault{"pickle", "a value of more than 4 GiB", "less", "Store it in parts."});
}

void Writer::little_endian(uint64_t value, int width) {
  for (int i = 0; i < width; ++i) bytes_ += static_cast<char>(value >> (8 * i));
}

}  // namespace kinegraph::pickle
