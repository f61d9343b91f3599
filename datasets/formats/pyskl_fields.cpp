#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "datasets/formats/pyskl_clip.h"
#include "framework/data/import_writer.h"
#include "framework/io/pickle_numpy.h"

namespace kinegraph {
namespace {

constexpr size_t kMaxFieldBytes = 4096;

/// JSON of plain data, given up once it is too long: shared nodes can make a small file expand.
class JsonText {
 public:
  /// `where` leads the messages about malformed arrays.
  explicit JsonText(const std::string& where) : where_(where) {}

  bool write(const pickle::Value& value) {
    if (text_.size() > kMaxFieldBytes) return false;
    if (value.is_none()) return append("null");
    if (const auto integer = pickle::to_integer(value)) return append(fmt::format("{}", *integer));
    if (const auto number = pickle::to_number(value)) return append(json_of(*number));
    if (const auto text = pickle::to_text(value)) return append(json_of(*text));
    if (const auto type = pickle::array_type(value)) return write_array(value);
    if (const auto* dict = value.get<pickle::Dict>()) return write_dict(dict->entries);
    if (const auto* list = value.get<pickle::List>()) return write_list(list->items);
    if (const auto* tuple = value.get<pickle::Tuple>()) return write_list(tuple->items);
    const auto* set = value.get<pickle::Set>();
    return set && write_list(set->items);
  }
  const std::string& text() const { return text_; }

 private:
  static std::string json_of(double number) {
    return std::isfinite(number) ? fmt::format("{}", number) : "null";
  }
  static std::string json_of(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  bool append(const std::string& text) {
    text_ += text;
    return text_.size() <= kMaxFieldBytes;
  }
  bool write_array(const pickle::Value& value) {
    const NdArray array = pickle::to_array(value, where_);
    if (static_cast<size_t>(array.size()) > kMaxFieldBytes) return false;
    if (!append("[")) return false;
    const char* separator = "";
    for (const double number : array.to_doubles()) {
      append(separator + json_of(number));
      separator = ",";
    }
    return append("]");
  }
  bool write_list(const std::vector<pickle::Ref>& items) {
    append("[");
    for (size_t i = 0; i < items.size(); ++i)
      if ((i > 0 && !append(",")) || !write(*items[i])) return false;
    return append("]");
  }
  bool write_dict(const pickle::Entries& entries) {
    append("{");
    for (size_t i = 0; i < entries.size(); ++i) {
      const auto& [key, value] = entries[i];
      const auto name = pickle::to_text(*key);
      const auto number = pickle::to_number(*key);
      if (!name && !number) return false;
      append((i > 0 ? "," : "") + json_of(name ? *name : fmt::format("{}", *number)) + ":");
      if (!write(*value)) return false;
    }
    return append("}");
  }

  const std::string& where_;
  std::string text_;
};

[[noreturn]] void refuse_field(const std::string& name, const std::string& where,
                               const pickle::Value& value) {
  throw UnusableClip(
      fmt::format("a field '{}' that cannot be kept", name),
      Fault{fmt::format("{}, {}", where, name), pickle::describe_kind(value),
            fmt::format("numbers and texts of at most {} bytes in all", kMaxFieldBytes),
            "Name it in the option 'leave_out'."});
}

/// JSON of a field that is no number or text.
std::string json_of_field(const std::string& name, const pickle::Value& value,
                          const std::string& where) {
  const std::string place = fmt::format("{}, {}", where, name);
  JsonText json(place);
  try {
    if (!json.write(value)) refuse_field(name, where, value);
  } catch (const UnusableClip&) {
    throw;
  } catch (const DataError& error) {
    throw UnusableClip(fmt::format("a malformed '{}'", name), error);
  }
  return json.text();
}

FieldValue simple_value(const pickle::Value& value) {
  if (const auto integer = pickle::to_integer(value)) return *integer;
  if (const auto number = pickle::to_number(value)) return *number;
  if (const auto text = pickle::to_text(value)) return *text;
  return {};
}

/// {0.5: 120, ...} as valid_0.5 = 120, ...
bool add_valid(const pickle::Value& value, FieldsOfClip& fields) {
  const auto* dict = value.get<pickle::Dict>();
  if (!dict) return false;
  for (const auto& [key, frames] : dict->entries) {
    const auto threshold = pickle::to_number(*key);
    const auto count = pickle::to_integer(*frames);
    if (!threshold || !count) return false;
    fields[fmt::format("valid_{}", *threshold)] = *count;
  }
  return true;
}

/// (height, width, ...).
bool add_original_shape(const pickle::Value& value, FieldsOfClip& fields) {
  const auto* tuple = value.get<pickle::Tuple>();
  const auto* list = value.get<pickle::List>();
  const auto* items = tuple ? &tuple->items : list ? &list->items : nullptr;
  if (!items || items->size() < 2) return false;
  const auto height = pickle::to_integer(*(*items)[0]), width = pickle::to_integer(*(*items)[1]);
  if (!height || !width) return false;
  fields["original_height"] = *height;
  fields["original_width"] = *width;
  return true;
}

/// Fields that a Clip holds, and how a store calls its own.
bool is_known(const std::string& name) {
  static constexpr std::array<const char*, 19> kKnown{
      "label",      "total_frames", "img_shape",   "keypoint",    "keypoint_score",
      "frame_inds", "box_score",    "timestamps",  "track_ids",   "subject",
      "camera",     "setup",        "fps",         "replication", "image_width",
      "id",         "num_frames",   "num_persons", "image_height"};
  return std::find(kKnown.begin(), kKnown.end(), name) != kKnown.end();
}

}  // namespace

FieldsOfClip read_other_fields(const PysklAnnotation& annotation,
                               const std::vector<std::string>& leave_out,
                               const std::string& where) {
  FieldsOfClip fields;
  const char* id_key = annotation.find("filename") ? "filename" : "frame_dir";
  for (const auto& [name, value] : annotation.all()) {
    const bool is_unwanted = std::find(leave_out.begin(), leave_out.end(), name) != leave_out.end();
    if (is_known(name) || is_unwanted || name == id_key || value->is_none()) continue;
    if (name == "valid" && add_valid(*value, fields)) continue;
    if (name == "original_shape" && add_original_shape(*value, fields)) continue;
    FieldValue simple = simple_value(*value);
    if (std::holds_alternative<std::monostate>(simple)) simple = json_of_field(name, *value, where);
    const auto* text = std::get_if<std::string>(&simple);
    if (text && text->size() > kMaxFieldBytes) refuse_field(name, where, *value);
    fields[name] = std::move(simple);
  }
  return fields;
}

}  // namespace kinegraph
