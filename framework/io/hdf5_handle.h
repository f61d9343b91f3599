// What hdf5.cpp and hdf5_arrays.cpp share; nobody else includes it.
#pragma once

#include <hdf5.h>

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace kinegraph::hdf5_detail {

static_assert(std::is_same_v<hid_t, int64_t>, "Hdf5File keeps HDF5 handles as int64_t");

/// Throws a DataError "<where>: cannot <action> (<HDF5's innermost message>)".
[[noreturn]] void fail(const std::string& where, const std::string& action);
/// The same, with advice for files that are being written.
[[noreturn]] void fail_to_write(const std::string& where, const std::string& action);

/// Owns an HDF5 identifier.
class Handle {
 public:
  using Closer = herr_t (*)(hid_t);

  /// Throws as fail() when `id` is negative.
  Handle(hid_t id, Closer closer, const std::string& where, const std::string& action)
      : id_(id), closer_(closer) {
    if (id < 0) fail(where, action);
  }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), closer_(other.closer_) {}
  ~Handle() {
    if (id_ >= 0) closer_(id_);
  }

  hid_t get() const { return id_; }

 private:
  hid_t id_;
  Closer closer_;
};

/// Opens an existing group or data set, following no link out of the file.
Handle open_object(hid_t file, const std::string& path, const std::string& where);

/// As open_object, for data sets that keep their values in this very file.
Handle open_dataset(hid_t file, const std::string& path, const std::string& where);

/// Makes the groups above `path` that are not there.
void make_groups_above(hid_t file, const std::string& path, const std::string& where);

/// Contiguous, without time stamps, so that equal content gives equal bytes.
Handle contiguous_dataset_properties(const std::string& where);

std::vector<int64_t> shape_of(hid_t space, const std::string& where);
Handle space_of(const std::vector<int64_t>& shape, const std::string& where);

/// The number of values of a shape.
int64_t count_of(const std::vector<int64_t>& shape, const std::string& where);

/// The little-endian type that holds T in files; the hosts are little-endian too.
template <class T>
hid_t stored_type() {
  if constexpr (std::is_same_v<T, int32_t>) return H5T_STD_I32LE;
  if constexpr (std::is_same_v<T, int64_t>) return H5T_STD_I64LE;
  if constexpr (std::is_same_v<T, float>) return H5T_IEEE_F32LE;
  if constexpr (std::is_same_v<T, double>) return H5T_IEEE_F64LE;
}

/// The IEEE half type, little-endian, as h5py writes it.
Handle half_type(const std::string& where);

}  // namespace kinegraph::hdf5_detail
