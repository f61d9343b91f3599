// What numpy leaves in pickles: arrays and scalars, read without numpy.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "framework/io/ndarray.h"
#include "framework/io/pickle.h"
#include "framework/io/pickle_writer.h"

namespace kinegraph::pickle {

/// Whether plain containers or numpy's arrays, types and scalars need this global in a pickle; for
/// Limits::allows_global.
bool is_plain_or_numpy(std::string_view path);

/// Whether the value is a numpy array, sound or not.
bool is_array(const Value& value);

/// The type of an array of numbers; nothing for anything else.
std::optional<NdType> array_type(const Value& value);

/// The array, in place where the document kept a View (the document and its input must then outlive
/// it). Throws DataError, with `where` in front, for a malformed one and for arrays of anything but
/// numbers.
NdArray to_array(const Value& value, const std::string& where);

/// Writes a row-major array of little-endian bytes; the writer must have protocol 3.
void write_array(Writer& writer, const NdType& type, const std::vector<int64_t>& shape,
                 std::string_view bytes);

/// An int or bool, or numpy's scalar of that kind; nothing for others, and for malformed ones.
std::optional<int64_t> to_integer(const Value& value);
/// The same for any real number.
std::optional<double> to_number(const Value& value);
/// Text, the bytes of Python 2's str, or numpy's str_ and bytes_.
std::optional<std::string> to_text(const Value& value);

}  // namespace kinegraph::pickle
