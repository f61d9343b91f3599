// HDF5 files by path: arrays, texts, attributes. Every failure is a DataError that names the file
// and the path inside it; HDF5 itself prints nothing.
//
// One Hdf5File belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kinegraph {

enum class ElementType { float16, float32, float64, int32, int64 };

std::string_view name_of(ElementType type);
int64_t bytes_of(ElementType type);

/// An array in row-major order; an empty shape is a scalar.
template <class T>
struct Hdf5Array {
  std::vector<int64_t> shape;
  std::vector<T> values;
};

struct Hdf5DatasetInfo {
  std::vector<int64_t> shape;
  bool is_text = false;
  bool is_floating = false;
  /// Empty for texts and for numbers of another width, signedness or byte order.
  std::optional<ElementType> type;
  /// Where its bytes lie in the file; empty unless they lie in one unfiltered, allocated piece that
  /// ends within the file. 0 for a data set without elements.
  std::optional<int64_t> file_offset;
};

/// Texts of variable length sit in a heap whose damage crashes HDF5 1.10. Accept them only in files
/// of known origin; texts of fixed length are safe in any.
enum class VariableTexts { accept, refuse };

/// The element type T of arrays and attributes is int32_t, int64_t, float, double or std::string.
///
/// Reading converts where no value can change (integers to wider ones or to floating point, any
/// floating point to float or double, rounding to float); everything else is refused. Texts may be
/// of fixed or variable length, ASCII or UTF-8. Links to other files are refused.
class Hdf5File {
 public:
  /// Opens for reading only.
  static Hdf5File open(const std::filesystem::path& path,
                       VariableTexts variable_texts = VariableTexts::accept);

  /// Creates or empties a file for writing. Use it on the part_path() of a PendingFile.
  static Hdf5File create(const std::filesystem::path& path);

  Hdf5File(Hdf5File&& other) noexcept;
  Hdf5File& operator=(Hdf5File&& other) noexcept;
  ~Hdf5File();

  /// Flushes and closes; a writer calls it to learn of errors, which the destructor swallows.
  void close();

  /// Whether a group or a data set is there.
  bool exists(const std::string& path) const;

  /// Names in a group, sorted.
  std::vector<std::string> list(const std::string& group = "/") const;

  Hdf5DatasetInfo inspect(const std::string& path) const;

  template <class T>
  Hdf5Array<T> read(const std::string& path) const;

  /// The values of a one-dimensional data set.
  template <class T>
  std::vector<T> read_vector(const std::string& path) const;

  /// Writes contiguously, groups above made as needed; texts get fixed length, UTF-8, NUL padded.
  template <class T>
  void write(const std::string& path, const Hdf5Array<T>& array);
  template <class T>
  void write(const std::string& path, const std::vector<T>& values) {
    write(path, Hdf5Array<T>{{static_cast<int64_t>(values.size())}, values});
  }

  /// Makes a contiguous data set with space but undefined content, to be filled at
  /// inspect(path).file_offset once this file is closed.
  void allocate(const std::string& path, ElementType type, const std::vector<int64_t>& shape);

  /// Attributes sit on a group or data set; "/" is the file's own.
  bool has_attribute(const std::string& object, const std::string& name) const;
  template <class T>
  Hdf5Array<T> read_attribute_array(const std::string& object, const std::string& name) const;
  /// A single value.
  template <class T>
  T read_attribute(const std::string& object, const std::string& name) const;
  template <class T>
  void write_attribute(const std::string& object, const std::string& name, const T& value);

  /// A new descriptor of the very file that is open here, for positioned reads after close().
  int duplicate_descriptor() const;

  /// "file.h5: /path", the place that error messages name.
  std::string where(const std::string& path) const;
  std::string where(const std::string& object, const std::string& attribute) const;

 private:
  Hdf5File(std::string name, int64_t id, VariableTexts variable_texts)
      : name_(std::move(name)), id_(id), variable_texts_(variable_texts) {}

  std::string name_;
  int64_t id_;
  VariableTexts variable_texts_;
};

}  // namespace kinegraph
