// numpy's .npy files (versions 1 to 3) and the .npz archives of them.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "framework/io/ndarray.h"

namespace kinegraph {

struct NpyHeader {
  NdType type;
  bool is_fortran_order = false;
  std::vector<int64_t> shape;
  size_t data_offset = 0;  // bytes before the values
};

/// The header that `bytes`, the beginning of a file, has. Throws DataError, with `where` in front,
/// for anything else and for arrays of anything but real numbers.
NpyHeader parse_npy_header(std::string_view bytes, const std::string& where);

/// A view of a whole .npy file. Throws DataError when values are missing or left over, too.
NdArray read_npy(std::string_view bytes, const std::string& where);

/// Version 1 with values in row-major order to follow; its length is a multiple of 64.
std::string npy_header(const NdType& type, const std::vector<int64_t>& shape);

/// An array of an .npz archive, read from its beginning on: packed or not, it never needs to fit
/// into memory.
class NpzArray {
 public:
  /// Opens "<name>.npy". Throws DataError, also for an array in Fortran order.
  NpzArray(const std::filesystem::path& npz, const std::string& name);
  ~NpzArray();
  NpzArray(NpzArray&& other) noexcept;

  const NpyHeader& header() const;
  /// The part with first index `index`, which must rise from call to call. Throws DataError.
  NdArray row(int64_t index);
  /// All of it, at first. Throws DataError above `max_bytes`.
  NdArray all(size_t max_bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kinegraph
