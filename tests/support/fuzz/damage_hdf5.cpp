#include "tests/support/fuzz/damage_hdf5.h"

#include <hdf5.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace kinegraph {
namespace {

template <class Choices>
const auto& pick(const Choices& choices, Rng& rng) {
  return choices[static_cast<size_t>(rng.integer(0, static_cast<int64_t>(choices.size()) - 1))];
}

/// All groups and data sets below the root.
std::vector<std::string> objects_in(hid_t file) {
  std::vector<std::string> names;
  const auto take = [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
    static_cast<std::vector<std::string>*>(out)->emplace_back(name);
    return 0;
  };
  H5Lvisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, take, &names);
  return names;
}

std::vector<std::string> attributes_of(hid_t object) {
  std::vector<std::string> names;
  const auto take = [](hid_t, const char* name, const H5A_info_t*, void* out) -> herr_t {
    static_cast<std::vector<std::string>*>(out)->emplace_back(name);
    return 0;
  };
  hsize_t at = 0;
  H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, &at, take, &names);
  return names;
}

hid_t any_type(Rng& rng) {
  const std::array types{H5T_STD_I8LE,   H5T_STD_I32LE, H5T_STD_I64LE,
                         H5T_STD_U64LE,  H5T_STD_I64BE, H5T_IEEE_F32LE,
                         H5T_IEEE_F64LE, H5T_C_S1,      H5T_STD_REF_OBJ};
  const hid_t type = H5Tcopy(pick(types, rng));
  if (H5Tget_class(type) == H5T_STRING) {
    constexpr std::array<size_t, 4> kSizes{1, 40, 60000, H5T_VARIABLE};
    H5Tset_size(type, pick(kSizes, rng));
  }
  return type;
}

hid_t any_space(Rng& rng, bool is_small) {
  constexpr std::array<hsize_t, 8> kExtents{0, 1, 2, 3, 60, 1000, 1 << 20, hsize_t{1} << 40};
  std::vector<hsize_t> extents(static_cast<size_t>(rng.integer(0, 3)));
  for (auto& extent : extents) extent = is_small ? kExtents[rng.next() % 5] : pick(kExtents, rng);
  return extents.empty()
             ? H5Screate(rng.integer(0, 1) == 0 ? H5S_SCALAR : H5S_NULL)
             : H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr);
}

/// A data set whose values were never written takes no room, however large.
void replace_object(hid_t file, const std::string& name, Rng& rng) {
  H5Ldelete(file, name.c_str(), H5P_DEFAULT);
  const hid_t type = any_type(rng), space = any_space(rng, false);
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  if (rng.integer(0, 1) == 0) {
    const std::array<hsize_t, 3> chunk{1, 1, 1};
    const int rank = H5Sget_simple_extent_ndims(space);
    if (rank > 0) H5Pset_chunk(properties, rank, chunk.data());
  }
  H5Dclose(H5Dcreate2(file, name.c_str(), type, space, H5P_DEFAULT, properties, H5P_DEFAULT));
  H5Pclose(properties);
  H5Sclose(space);
  H5Tclose(type);
}

void link_to_another(hid_t file, const std::string& name, const std::string& other, Rng& rng) {
  H5Ldelete(file, name.c_str(), H5P_DEFAULT);
  switch (rng.integer(0, 3)) {
    case 0:
      H5Lcreate_soft(("/" + other).c_str(), file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
      break;
    case 1:  // perhaps to itself
      H5Lcreate_soft(("/" + name).c_str(), file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
      break;
    case 2:
      H5Lcreate_external("/dev/zero", "/x", file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
      break;
    default:
      H5Lcreate_hard(file, other.c_str(), file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
  }
}

/// Other bytes for one or a few values of an array that is not large.
template <class Read, class Write>
void set_values(hid_t type, hid_t space, Rng& rng, const Read& read, const Write& write) {
  constexpr std::array<uint64_t, 8> kExtremes{
      0, 1, 2, 60, 0x7fffffffu, 0xffffffffu, 0x7fffffffffffffffu, 0xffffffffffffffffu};
  constexpr hssize_t kMostBytes = 1 << 20;
  const auto size = static_cast<hssize_t>(H5Tget_size(type));
  const hssize_t count = H5Sget_simple_extent_npoints(space);
  if (H5Tis_variable_str(type) > 0 || count <= 0 || count > kMostBytes / size) return;
  std::vector<char> bytes(static_cast<size_t>(count * size));
  if (read(bytes.data()) < 0) return;
  for (int64_t changes = rng.integer(1, 3); changes > 0; --changes) {
    const uint64_t value = pick(kExtremes, rng);
    const int64_t first = rng.integer(0, count - 1) * size;
    for (int64_t i = 0; i < std::min<int64_t>(size, 8); ++i)
      bytes[static_cast<size_t>(first + i)] = static_cast<char>(value >> (8 * i));
  }
  write(bytes.data());
}

void set_object_values(hid_t file, const std::string& name, Rng& rng) {
  const hid_t dataset = H5Dopen2(file, name.c_str(), H5P_DEFAULT);
  if (dataset < 0) return;  // a group
  const hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
  set_values(
      type, space, rng,
      [&](void* out) { return H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out); },
      [&](const void* in) { H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, in); });
  H5Sclose(space);
  H5Tclose(type);
  H5Dclose(dataset);
}

void set_attribute_values(hid_t object, const std::string& name, Rng& rng) {
  const hid_t attribute = H5Aopen(object, name.c_str(), H5P_DEFAULT);
  const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  set_values(
      type, space, rng, [&](void* out) { return H5Aread(attribute, type, out); },
      [&](const void* in) { H5Awrite(attribute, type, in); });
  H5Sclose(space);
  H5Tclose(type);
  H5Aclose(attribute);
}

void change_attribute(hid_t file, const std::vector<std::string>& objects, Rng& rng) {
  const bool is_of_file = objects.empty() || rng.integer(0, 2) > 0;
  const std::string owner = is_of_file ? "/" : pick(objects, rng);
  const hid_t object = H5Oopen(file, owner.c_str(), H5P_DEFAULT);
  if (object < 0) return;
  const auto names = attributes_of(object);
  if (!names.empty()) {
    const std::string name = pick(names, rng);
    const int64_t change = rng.integer(0, 3);
    if (change > 1) {
      set_attribute_values(object, name, rng);
    } else {
      H5Adelete(object, name.c_str());
      if (change == 1) {
        const hid_t type = any_type(rng), space = any_space(rng, true);
        H5Aclose(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT));
        H5Sclose(space);
        H5Tclose(type);
      }
    }
  }
  H5Oclose(object);
}

void change_object(hid_t file, const std::vector<std::string>& objects, Rng& rng) {
  const std::string name = pick(objects, rng);
  switch (rng.integer(0, 5)) {
    case 0:
      H5Ldelete(file, name.c_str(), H5P_DEFAULT);
      break;
    case 1:
      replace_object(file, name, rng);
      break;
    case 2:
      link_to_another(file, name, pick(objects, rng), rng);
      break;
    default:
      set_object_values(file, name, rng);
  }
}

}  // namespace

void damage_hdf5(const std::filesystem::path& path, Rng& rng) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // some changes are impossible, and left out then
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  for (int64_t changes = std::max<int64_t>(rng.integer(-1, 3), 1); changes > 0; --changes) {
    const auto objects = objects_in(file);
    if (objects.empty() || rng.integer(0, 2) == 0)
      change_attribute(file, objects, rng);
    else
      change_object(file, objects, rng);
  }
  H5Fclose(file);
}

}  // namespace kinegraph
