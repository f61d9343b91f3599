#include <algorithm>
#include <stdexcept>

#include "framework/io/hdf5.h"
#include "framework/io/hdf5_handle.h"

namespace kinegraph {
namespace {

using namespace hdf5_detail;

Handle text_type(const std::vector<std::string>& texts, const std::string& where) {
  size_t longest = 1;
  for (const auto& text : texts) longest = std::max(longest, text.size());
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose, where, "make a text type");
  if (H5Tset_size(type.get(), longest) < 0 || H5Tset_strpad(type.get(), H5T_STR_NULLPAD) < 0 ||
      H5Tset_cset(type.get(), H5T_CSET_UTF8) < 0)
    fail(where, "make a text type");
  return type;
}

/// The texts one after the other, each padded with NUL to `size` bytes.
std::string padded(const std::vector<std::string>& texts, size_t size) {
  std::string bytes(texts.size() * size, '\0');
  for (size_t i = 0; i < texts.size(); ++i) texts[i].copy(bytes.data() + i * size, size);
  return bytes;
}

Handle create_dataset(hid_t file, const std::string& path, hid_t type, hid_t space,
                      hid_t properties, const std::string& where) {
  make_groups_above(file, path, where);
  return {H5Dcreate2(file, path.c_str(), type, space, H5P_DEFAULT, properties, H5P_DEFAULT),
          H5Dclose, where, "make the data set"};
}

}  // namespace

template <class T>
void Hdf5File::write(const std::string& path, const Hdf5Array<T>& array) {
  const std::string place = where(path);
  if (count_of(array.shape, place) != static_cast<int64_t>(array.values.size()))
    throw std::logic_error(place + ": the shape does not fit the number of values");
  const Handle space = space_of(array.shape, place);
  const Handle properties = contiguous_dataset_properties(place);
  const auto write_as = [&](hid_t type, const void* data) {
    const Handle dataset = create_dataset(id_, path, type, space.get(), properties.get(), place);
    if (!array.values.empty() &&
        H5Dwrite(dataset.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
      fail_to_write(place, "write it");
  };
  if constexpr (std::is_same_v<T, std::string>) {
    const Handle type = text_type(array.values, place);
    write_as(type.get(), padded(array.values, H5Tget_size(type.get())).data());
  } else {
    write_as(stored_type<T>(), array.values.data());
  }
}

void Hdf5File::allocate(const std::string& path, ElementType type,
                        const std::vector<int64_t>& shape) {
  const std::string place = where(path);
  const Handle half = half_type(place);
  const hid_t types[] = {half.get(), H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_STD_I32LE, H5T_STD_I64LE};
  const Handle properties = contiguous_dataset_properties(place);
  H5Pset_alloc_time(properties.get(), H5D_ALLOC_TIME_EARLY);
  H5Pset_fill_time(properties.get(), H5D_FILL_TIME_NEVER);
  create_dataset(id_, path, types[static_cast<int>(type)], space_of(shape, place).get(),
                 properties.get(), place);
}

template <class T>
void Hdf5File::write_attribute(const std::string& object, const std::string& name, const T& value) {
  const std::string place = where(object, name);
  const Handle owner = open_object(id_, object, where(object));
  const Handle space = space_of({}, place);
  const auto write_as = [&](hid_t type, const void* data) {
    const Handle attribute(
        H5Acreate2(owner.get(), name.c_str(), type, space.get(), H5P_DEFAULT, H5P_DEFAULT),
        H5Aclose, place, "make it");
    if (H5Awrite(attribute.get(), type, data) < 0) fail_to_write(place, "write it");
  };
  if constexpr (std::is_same_v<T, std::string>) {
    const Handle type = text_type({value}, place);
    write_as(type.get(), padded({value}, H5Tget_size(type.get())).data());
  } else {
    write_as(stored_type<T>(), &value);
  }
}

#define KINEGRAPH_HDF5_ELEMENT(T)                                         \
  template void Hdf5File::write(const std::string&, const Hdf5Array<T>&); \
  template void Hdf5File::write_attribute(const std::string&, const std::string&, const T&)

KINEGRAPH_HDF5_ELEMENT(int32_t);
KINEGRAPH_HDF5_ELEMENT(int64_t);
KINEGRAPH_HDF5_ELEMENT(float);
KINEGRAPH_HDF5_ELEMENT(double);
KINEGRAPH_HDF5_ELEMENT(std::string);
#undef KINEGRAPH_HDF5_ELEMENT

}  // namespace kinegraph
