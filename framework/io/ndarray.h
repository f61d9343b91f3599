// Arrays as numpy lays them out, looked at in place.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kinegraph {

/// A number type of numpy.
struct NdType {
  char kind = 'f';  // f: floating point, i, u: integers, b: boolean
  int width = 4;    // bytes
  bool is_big_endian = false;

  /// From "<f4", "f4", "|b1", ... ("=" counts as little-endian). Nothing for types that are no
  /// numbers, and for longdouble and complex ones.
  static std::optional<NdType> parse(std::string_view text);
  /// "float16", "int64", "bool".
  std::string name() const;
  bool is_floating() const { return kind == 'f'; }
};

/// A strided view of bytes that lie elsewhere, unless `owned` holds them.
struct NdArray {
  NdType type;
  std::vector<int64_t> shape, strides;  // strides in bytes
  const char* data = nullptr;
  std::shared_ptr<const std::string> owned;

  /// A view of `bytes`. Throws DataError, with `where` in front, when a dimension is negative,
  /// there are more than 32, or the bytes are not exactly those of the shape.
  static NdArray over(const NdType& type, std::vector<int64_t> shape, bool is_fortran_order,
                      std::string_view bytes, const std::string& where);

  int64_t size() const;
  /// "2x30x25x3".
  std::string shape_text() const;
  /// The part with this first index, which must be there.
  NdArray at(int64_t index) const;
  /// Axis i of the result is axis order[i] of this.
  NdArray permuted(const std::vector<size_t>& order) const;
  /// One axis of the same values, split in several: {75} to {25, 3}. The axis must be the last and
  /// the product of `parts`.
  NdArray split_last(const std::vector<int64_t>& parts) const;

  /// All values in row-major order. Integers beyond 2^53 are rounded.
  std::vector<double> to_doubles() const;
  /// The same for integers and booleans; nothing for other types and for values beyond int64_t.
  std::optional<std::vector<int64_t>> to_integers() const;
};

/// The little-endian bytes of values as numbers of this floating type.
std::string to_bytes(const std::vector<double>& values, const NdType& type);

}  // namespace kinegraph
