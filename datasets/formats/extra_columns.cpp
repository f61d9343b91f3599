#include "datasets/formats/extra_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "framework/base/error.h"

namespace kinegraph {
namespace {

template <class T>
bool any_is(const std::vector<FieldValue>& values) {
  return std::any_of(values.begin(), values.end(),
                     [](const FieldValue& value) { return std::holds_alternative<T>(value); });
}

std::string field_text(const FieldValue& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return fmt::format("{}", *integer);
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  const auto* text = std::get_if<std::string>(&value);
  return text ? *text : "";
}

double field_number(const FieldValue& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return static_cast<double>(*integer);
  const auto* number = std::get_if<double>(&value);
  return number ? *number : std::numeric_limits<double>::quiet_NaN();
}

int64_t field_integer(const FieldValue& value) {
  const auto* integer = std::get_if<int64_t>(&value);
  return integer ? *integer : -1;
}

template <class T>
std::vector<T> convert_column(const std::vector<FieldValue>& values,
                              T (*convert_one)(const FieldValue&)) {
  std::vector<T> column;
  for (const auto& value : values) column.push_back(convert_one(value));
  return column;
}

}  // namespace

void ExtraColumns::add(const FieldsOfClip& fields, const std::string& where) {
  constexpr size_t kMostColumns = 256;  // each is as long as there are clips
  for (const auto& [name, value] : fields) {
    auto& column = values_[name];
    if (values_.size() > kMostColumns)
      throw DataError(Fault{where, fmt::format("the field '{}', one of too many", name),
                            fmt::format("at most {} of different names", kMostColumns),
                            "Are the names of the fields damaged?"});
    column.resize(num_clips_);
    column.push_back(value);
  }
  ++num_clips_;
}

std::map<std::string, FieldValues> ExtraColumns::columns() const {
  std::map<std::string, FieldValues> columns;
  for (const auto& [name, stored] : values_) {
    auto values = stored;
    values.resize(num_clips_);
    if (any_is<std::string>(values))
      columns[name] = convert_column(values, field_text);
    else if (any_is<double>(values))
      columns[name] = convert_column(values, field_number);
    else
      columns[name] = convert_column(values, field_integer);
  }
  return columns;
}

}  // namespace kinegraph
