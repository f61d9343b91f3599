// Fields of foreign formats that a store has no place of its own for, gathered clip by clip.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "framework/io/store_info.h"

namespace kinegraph {

using FieldValue = std::variant<std::monostate, int64_t, double, std::string>;

/// One clip's share; nothing where it has no such field.
using FieldsOfClip = std::map<std::string, FieldValue>;

class ExtraColumns {
 public:
  /// Of the next clip, which `where` names. Throws DataError when there are too many names.
  void add(const FieldsOfClip& fields, const std::string& where);

  /// Whole columns: integers where all values are (-1 where absent), else numbers (NaN), else texts
  /// ("").
  std::map<std::string, FieldValues> columns() const;

 private:
  size_t num_clips_ = 0;
  std::map<std::string, std::vector<FieldValue>> values_;  // shorter where the last clips lack it
};

}  // namespace kinegraph
