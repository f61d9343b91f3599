// Writes Python pickles: of protocol 2, which every Python and torch.load(weights_only=True) read,
// or of protocol 3, which has bytes and needs Python 3.
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
  explicit Writer(int protocol = 2);

  void none();
  void boolean(bool value);
  void integer(int64_t value);
  void real(double value);
  /// UTF-8 of less than 4 GiB. Throws DataError for more.
  void text(std::string_view value);
  /// Of less than 4 GiB; protocol 3. Throws DataError for more.
  void bytes(std::string_view value);
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
  /// Gives the object before the last value that value as its state.
  void build();
  /// Makes a persistent id of the last value.
  void persistent_id();

  /// What there is so far, to be followed by what comes: a long pickle need not fit into memory.
  std::string take();
  /// The pickle, or the rest of it; the writer then begins anew.
  std::string finish();

 private:
  void little_endian(uint64_t value, int width);
  void check_size(std::string_view value) const;

  std::string begin_;
  std::string bytes_;
};

}  // namespace kinegraph::pickle
