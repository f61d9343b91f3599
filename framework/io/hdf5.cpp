#include "framework/io/hdf5.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "framework/base/error.h"
#include "framework/base/text.h"
#include "framework/io/hdf5_handle.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace hdf5_detail {
namespace {

// HDF5's error stack, with its printing, belongs to a thread when the library is built thread safe.
void silence_errors() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

std::string innermost_message() {
  std::string message;
  const auto take_first = [](unsigned, const H5E_error2_t* error, void* out) -> herr_t {
    auto& text = *static_cast<std::string*>(out);
    if (text.empty() && error->desc) text = error->desc;
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, &message);
  return message;
}

std::string what_failed(const std::string& action) {
  const std::string message = innermost_message();
  return fmt::format("cannot {}{}", action, message.empty() ? "" : " (HDF5: " + message + ")");
}

/// Without time stamps, and with links and attributes in the one place that has a checksum.
void prefer_plain_objects(hid_t group_properties) {
  constexpr unsigned kMostInHeader = 65535;
  H5Pset_obj_track_times(group_properties, false);
  H5Pset_attr_phase_change(group_properties, kMostInHeader, 0);
  H5Pset_link_phase_change(group_properties, kMostInHeader, 0);
}

bool has_link(hid_t file, const std::string& path, const std::string& where) {
  if (H5Lexists(file, path.c_str(), H5P_DEFAULT) <= 0) return false;
  H5L_info_t link;
  if (H5Lget_info(file, path.c_str(), &link, H5P_DEFAULT) < 0) fail(where, "read the link");
  if (link.type != H5L_TYPE_HARD && link.type != H5L_TYPE_SOFT)
    throw DataError(Fault{where, fmt::format("'{}' is a link to another file", path),
                          "data inside this file", "Copy the data into one file."});
  return H5Oexists_by_name(file, path.c_str(), H5P_DEFAULT) > 0;
}

/// Whether all of `path` is there; `last` becomes its longest part that was looked at.
bool object_exists(hid_t file, const std::string& path, const std::string& where,
                   std::string* last) {
  last->clear();
  for (const auto& word : split(path, '/')) {
    if (word.empty()) continue;
    *last += "/" + word;
    if (!has_link(file, *last, where)) return false;
  }
  return true;
}

std::vector<std::string> names_in(hid_t group, const std::string& where) {
  std::vector<std::string> names;
  const auto take = [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
    static_cast<std::vector<std::string>*>(out)->emplace_back(name);
    return 0;
  };
  // In any other order HDF5 1.10 builds a table first, and frees wild pointers when that fails.
  if (H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, take, &names) < 0)
    fail(where, "list the group");
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

void fail(const std::string& where, const std::string& action) {
  throw DataError(Fault{where, what_failed(action), "",
                        "The file may be damaged, cut short or of another kind."});
}

void fail_to_write(const std::string& where, const std::string& action) {
  throw DataError(Fault{where, what_failed(action), "",
                        "Check the folder, the permissions and the free space."});
}

Handle open_object(hid_t file, const std::string& path, const std::string& where) {
  std::string last;
  if (!object_exists(file, path, where, &last)) {
    const size_t slash = last.rfind('/');
    const std::string parent = slash == 0 ? "/" : last.substr(0, slash);
    const Handle group(H5Oopen(file, parent.c_str(), H5P_DEFAULT), H5Oclose, where, "open it");
    std::string hint;
    if (H5Iget_type(group.get()) == H5I_GROUP)
      hint = near_name_hint(last.substr(slash + 1), names_in(group.get(), where));
    throw DataError(Fault{where, "it is not there" + hint, "", "Is this the right file?"});
  }
  const std::string target = last.empty() ? "/" : last;
  return {H5Oopen(file, target.c_str(), H5P_DEFAULT), H5Oclose, where, "open it"};
}

Handle open_dataset(hid_t file, const std::string& path, const std::string& where) {
  Handle object = open_object(file, path, where);
  if (H5Iget_type(object.get()) != H5I_DATASET)
    throw DataError(Fault{where, "not a data set", "a data set", "Is this the right file?"});
  const Handle properties(H5Dget_create_plist(object.get()), H5Pclose, where, "read its layout");
  const H5D_layout_t layout = H5Pget_layout(properties.get());
  if (layout == H5D_VIRTUAL || H5Pget_external_count(properties.get()) > 0)
    throw DataError(Fault{where, "a data set with its values in another file",
                          "values inside this file", "Copy the data into one file."});
  return object;
}

void make_groups_above(hid_t file, const std::string& path, const std::string& where) {
  const Handle properties(H5Pcreate(H5P_GROUP_CREATE), H5Pclose, where, "make a group");
  prefer_plain_objects(properties.get());
  const size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "" : path.substr(0, slash);
  std::string last;
  while (!object_exists(file, parent, where, &last))
    Handle(H5Gcreate2(file, last.c_str(), H5P_DEFAULT, properties.get(), H5P_DEFAULT), H5Gclose,
           where, "make the group " + last);
}

Handle contiguous_dataset_properties(const std::string& where) {
  Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, where, "make the data set");
  H5Pset_layout(properties.get(), H5D_CONTIGUOUS);
  H5Pset_obj_track_times(properties.get(), false);
  return properties;
}

std::vector<int64_t> shape_of(hid_t space, const std::string& where) {
  hsize_t sizes[H5S_MAX_RANK];
  const int rank = H5Sget_simple_extent_dims(space, sizes, nullptr);
  if (rank < 0 || H5Sget_simple_extent_type(space) == H5S_NULL) fail(where, "read its shape");
  std::vector<int64_t> shape;
  for (int i = 0; i < rank; ++i) {
    if (sizes[i] > static_cast<hsize_t>(INT64_MAX)) fail(where, "use a shape this large");
    shape.push_back(static_cast<int64_t>(sizes[i]));
  }
  return shape;
}

Handle space_of(const std::vector<int64_t>& shape, const std::string& where) {
  if (shape.empty()) return {H5Screate(H5S_SCALAR), H5Sclose, where, "make a scalar"};
  const std::vector<hsize_t> sizes(shape.begin(), shape.end());
  return {H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr), H5Sclose, where,
          "make a shape"};
}

int64_t count_of(const std::vector<int64_t>& shape, const std::string& where) {
  int64_t count = 1;
  for (const int64_t size : shape)
    if (__builtin_mul_overflow(count, size, &count)) fail(where, "use a shape this large");
  return count;
}

Handle half_type(const std::string& where) {
  Handle type(H5Tcopy(H5T_IEEE_F32LE), H5Tclose, where, "make the float16 type");
  if (H5Tset_fields(type.get(), 15, 10, 5, 0, 10) < 0 || H5Tset_size(type.get(), 2) < 0 ||
      H5Tset_ebias(type.get(), 15) < 0)
    fail(where, "make the float16 type");
  return type;
}

}  // namespace hdf5_detail

using hdf5_detail::fail;
using hdf5_detail::Handle;

std::string_view name_of(ElementType type) {
  constexpr std::string_view kNames[] = {"float16", "float32", "float64", "int32", "int64"};
  return kNames[static_cast<int>(type)];
}

int64_t bytes_of(ElementType type) {
  constexpr int64_t kBytes[] = {2, 4, 8, 4, 8};
  return kBytes[static_cast<int>(type)];
}

Hdf5File Hdf5File::open(const fs::path& path, VariableTexts variable_texts) {
  hdf5_detail::silence_errors();
  std::error_code error;
  if (!fs::exists(path, error))
    throw DataError(Fault{path.string(), "no such file", "", "Check the path."});
  if (!fs::is_regular_file(path, error))
    throw DataError(Fault{path.string(), "not a file", "an HDF5 file", "Check the path."});
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, path.string(), "open it");
#if H5_VERSION_GE(1, 10, 7)
  // Finished files are never changed in place, and many network file systems know no locks.
  H5Pset_file_locking(access.get(), false, true);
#endif
  const hid_t id = H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get());
  if (id < 0) fail(path.string(), "open it as an HDF5 file");
  return {path.string(), id, variable_texts};
}

Hdf5File Hdf5File::create(const fs::path& path) {
  hdf5_detail::silence_errors();
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, path.string(), "create it");
  // Metadata of this format carries checksums, so that damage is an error and not a surprise.
  H5Pset_libver_bounds(access.get(), H5F_LIBVER_V110, H5F_LIBVER_V110);
  const Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose, path.string(), "create it");
  hdf5_detail::prefer_plain_objects(creation.get());
  const hid_t id = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.get(), access.get());
  if (id < 0) hdf5_detail::fail_to_write(path.string(), "create it");
  return {path.string(), id, VariableTexts::refuse};
}

Hdf5File::Hdf5File(Hdf5File&& other) noexcept
    : name_(std::move(other.name_)),
      id_(std::exchange(other.id_, -1)),
      variable_texts_(other.variable_texts_) {}

Hdf5File& Hdf5File::operator=(Hdf5File&& other) noexcept {
  std::swap(name_, other.name_);
  std::swap(id_, other.id_);
  std::swap(variable_texts_, other.variable_texts_);
  return *this;
}

Hdf5File::~Hdf5File() {
  if (id_ >= 0) H5Fclose(id_);
}

void Hdf5File::close() {
  if (id_ >= 0 && H5Fclose(std::exchange(id_, -1)) < 0)
    hdf5_detail::fail_to_write(name_, "write it to disk");
}

bool Hdf5File::exists(const std::string& path) const {
  std::string last;
  return hdf5_detail::object_exists(id_, path, where(path), &last);
}

std::vector<std::string> Hdf5File::list(const std::string& group) const {
  const Handle object = hdf5_detail::open_object(id_, group, where(group));
  if (H5Iget_type(object.get()) != H5I_GROUP)
    throw DataError(Fault{where(group), "not a group", "a group", "Is this the right file?"});
  return hdf5_detail::names_in(object.get(), where(group));
}

int Hdf5File::duplicate_descriptor() const {
  void* handle = nullptr;
  if (H5Fget_vfd_handle(id_, H5P_DEFAULT, &handle) < 0 || !handle) fail(name_, "read it");
  const int descriptor = ::fcntl(*static_cast<int*>(handle), F_DUPFD_CLOEXEC, 0);
  if (descriptor < 0)
    throw DataError(Fault{name_, fmt::format("cannot open it once more: {}", std::strerror(errno)),
                          "", "Close other files or raise the limit (ulimit -n)."});
  return descriptor;
}

std::string Hdf5File::where(const std::string& path) const {
  return fmt::format("{}: {}{}", name_, path.empty() || path[0] != '/' ? "/" : "", path);
}

std::string Hdf5File::where(const std::string& object, const std::string& attribute) const {
  return fmt::format("{}, attribute '{}'", where(object), attribute);
}

}  // namespace kinegraph
