// Writes Python pickles of protocol 2, which every Python and torch.load(weights_only=True) read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kinegraph::pickle {

/// Emits values in order; containers are opened, filled by further calls, and closed. The calls
/// must nest: an ill-formed sequence gives an ill-formed pickle.
///
///   writer.begin_dict(); writer.text("epoch"); writer.integer(3); writer.end_dict();
class Writer {
 public:
  Writer();

  void none();
  void boolean(bool value);
  void integer(int64_t value);
  void real(double value);
  /// UTF-8 of less than 4 GiB. Throws DataError for more.
  void text(std::string_view value);
  void begin_tuple();
  void end_tuple();
  void begin_list();
  void end_list();
  /// A dict's keys and values follow each other.
  void begin_dict();
  void end_dict();
  /// The class or function `name` of `module`.
  void global(std::string_view module, std::string_view name);
  /// Calls the function before the last tuple with it: global, tuple, reduce.
  void reduce();
  /// Makes a persistent id of the last value.
  void persistent_id();

  /// The pickle; the writer then begins anew.
  std::string finish();

 private:
  void little_endian(uint64_t value, int width);

  std::string bytes_;
};

}  // namespace kinegraph::pickle
