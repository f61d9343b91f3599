#include "datasets/formats/pyskl_pickle.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "framework/base/error.h"
#include "framework/io/pickle_numpy.h"

namespace kinegraph {
namespace {

pickle::Limits annotation_limits() {
  pickle::Limits limits;
  limits.max_depth = 20;
  limits.max_nodes = 60'000'000;
  limits.max_bytes = size_t{512} << 20;  // texts, and the arrays of protocol 0
  limits.min_view = 256;
  limits.allows_global = pickle::is_plain_or_numpy;
  return limits;
}

[[noreturn]] void refuse_pickle(const std::string& where, const std::string& found,
                                const std::string& expected) {
  throw DataError(Fault{where, found, expected, "Is it an annotation file of PYSKL or MMAction2?"});
}

const std::vector<pickle::Ref>* items_of(const pickle::Value& value) {
  if (const auto* list = value.get<pickle::List>()) return &list->items;
  if (const auto* tuple = value.get<pickle::Tuple>()) return &tuple->items;
  const auto* set = value.get<pickle::Set>();
  return set ? &set->items : nullptr;
}

}  // namespace

pickle::Ref PysklAnnotation::find(std::string_view name) const {
  for (const auto* dict : {keypoint_file_, fields_}) {
    const pickle::Ref value = dict ? pickle::find(*dict, name) : nullptr;
    if (value && !value->is_none()) return value;
  }
  return nullptr;
}

std::vector<std::pair<std::string, pickle::Ref>> PysklAnnotation::all() const {
  std::vector<std::pair<std::string, pickle::Ref>> fields;
  for (const auto* dict : {fields_, keypoint_file_})
    if (dict)
      for (const auto& [key, value] : dict->entries)
        if (const auto name = pickle::to_text(*key)) fields.emplace_back(*name, value);
  return fields;
}

PickleFile::PickleFile(const std::filesystem::path& path)
    : file_(path), document_(pickle::read({file_.bytes(), path.string()}, annotation_limits())) {}

PysklPickle::PysklPickle(const std::filesystem::path& path) : name_(path.string()), file_(path) {
  const pickle::Value& root = file_.root();
  const auto* dict = root.get<pickle::Dict>();
  if (!dict) {
    read_annotations(root);
    return;
  }
  const pickle::Ref list = pickle::find(*dict, "annotations");
  if (!list)
    refuse_pickle(name_, "a dict without 'annotations'", "{'split', 'annotations'} or a list");
  read_annotations(*list);
  const pickle::Ref splits = pickle::find(*dict, "split");
  if (splits && !splits->is_none()) read_splits(*splits);
}

void PysklPickle::read_annotations(const pickle::Value& list) {
  const auto* items = items_of(list);
  if (!items)
    refuse_pickle(name_, pickle::describe_kind(list) + " where the annotations should be",
                  "a list of dicts");
  if (items->empty()) refuse_pickle(name_, "an empty list of annotations", "at least one");
  for (const pickle::Ref item : *items) {
    const auto* fields = item->get<pickle::Dict>();
    const std::string where = fmt::format("{}: annotation {}", name_, annotations_.size());
    if (!fields) refuse_pickle(where, pickle::describe_kind(*item), "a dict");
    annotations_.emplace_back(fields);
    // The first annotation decides for all, as in both sources.
    const char* key = annotations_.front().find("filename") ? "filename" : "frame_dir";
    const pickle::Ref id = annotations_.back().find(key);
    auto text = id ? pickle::to_text(*id) : std::nullopt;
    if (!text) refuse_pickle(where, fmt::format("no text '{}'", key), "the name of the clip");
    ids_.push_back(std::move(*text));
  }
}

void PysklPickle::read_splits(const pickle::Value& splits) {
  const auto* dict = splits.get<pickle::Dict>();
  if (!dict)
    refuse_pickle(name_, pickle::describe_kind(splits) + " as 'split'", "{name: [id, ...]}");
  has_splits_ = true;
  const std::unordered_set<std::string> known(ids_.begin(), ids_.end());
  for (const auto& [key, value] : dict->entries) {
    const auto name = pickle::to_text(*key);
    const auto* items = items_of(*value);
    if (!name || !items)
      refuse_pickle(fmt::format("{}: split {}", name_, name ? "'" + *name + "'" : "name"),
                    pickle::describe_kind(name ? *value : *key),
                    name ? "a list of clip names" : "text");
    std::unordered_set<std::string> members;
    for (const pickle::Ref item : *items) {
      const auto id = pickle::to_text(*item);
      if (!id)
        refuse_pickle(fmt::format("{}: split '{}'", name_, *name), pickle::describe_kind(*item),
                      "clip names");
      if (known.count(*id) == 0 && absent_[*name].first++ == 0) absent_[*name].second = *id;
      members.insert(*id);
    }
    auto& in_order = splits_[*name];
    // Erasing keeps the first of two clips with one name, as the store does.
    std::copy_if(ids_.begin(), ids_.end(), std::back_inserter(in_order),
                 [&](const std::string& id) { return members.erase(id) > 0; });
  }
}

std::string PysklPickle::text(std::string_view key) const {
  const auto* dict = file_.root().get<pickle::Dict>();
  const pickle::Ref value = dict ? pickle::find(*dict, key) : nullptr;
  return value ? pickle::to_text(*value).value_or("") : "";
}

std::vector<std::string> PysklPickle::class_names() const {
  const auto* dict = file_.root().get<pickle::Dict>();
  const pickle::Ref value = dict ? pickle::find(*dict, "class_names") : nullptr;
  const auto* items = value ? items_of(*value) : nullptr;
  std::vector<std::string> names;
  for (size_t i = 0; items && i < items->size(); ++i)
    names.push_back(pickle::to_text(*(*items)[i]).value_or(fmt::format("class {}", i)));
  return names;
}

std::string PysklPickle::where(int64_t clip) const {
  return fmt::format("{}: annotation {} ({})", name_, clip, id(clip));
}

}  // namespace kinegraph
