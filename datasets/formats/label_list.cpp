#include "datasets/formats/label_list.h"

#include <fmt/format.h>

#include <algorithm>

#include "datasets/formats/json_reader.h"
#include "framework/base/error.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

constexpr char kListEnding[] = "_label.json";

LabelEntry read_entry(JsonReader& reader, std::string_view id, JsonObject object) {
  LabelEntry entry;
  entry.id = std::string(id);
  bool has_index = false;
  for (auto field : object) {
    const std::string_view key = field.unescaped_key();
    if (key == "label") {
      entry.label = std::string(std::string_view(field.value().get_string()));
    } else if (key == "label_index") {
      entry.label_index = field.value().get_int64();
      has_index = true;
    } else if (key == "has_skeleton") {
      entry.has_skeleton = field.value().get_bool();
    }
  }
  if (!has_index) reader.fail(fmt::format("no 'label_index' of clip '{}'", entry.id));
  return entry;
}

bool ends_with(const std::string& text, const std::string& ending) {
  return text.size() > ending.size() &&
         text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}

std::string split_name(const std::string& folder) {
  const std::string prefix = "kinetics_";
  return folder.rfind(prefix, 0) == 0 && folder.size() > prefix.size()
             ? folder.substr(prefix.size())
             : folder;
}

}  // namespace

std::vector<LabelEntry> read_label_list(const fs::path& path) {
  JsonReader reader(path, R"({"<clip>": {"label", "label_index", "has_skeleton"}, ...})",
                    "Download the file again.");
  std::vector<LabelEntry> entries;
  reader.read([&](JsonDocument& document) {
    for (auto field : document.get_object()) {
      const std::string id(std::string_view(field.unescaped_key()));
      entries.push_back(read_entry(reader, id, field.value().get_object()));
    }
  });
  return entries;
}

std::vector<LabelledFolder> find_labelled_folders(const fs::path& source) {
  std::vector<LabelledFolder> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(source, error)) {
    std::string name = entry.path().filename().string();
    if (!ends_with(name, kListEnding)) continue;
    name.resize(name.size() - sizeof kListEnding + 1);
    found.push_back({source / name, entry.path(), split_name(name)});
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.list < b.list; });
  if (!found.empty()) return found;
  const fs::path folder = (source / "").parent_path();
  const fs::path list = folder.string() + kListEnding;
  if (fs::is_regular_file(list, error))
    found.push_back({folder, list, split_name(folder.filename().string())});
  return found;
}

void IndexedClasses::add(int64_t index, const std::string& name, const std::string& where) {
  if (index < 0 || index >= kMostClasses)
    throw DataError(Fault{where, fmt::format("label_index {}", index),
                          fmt::format("0..{}", kMostClasses - 1), "Mend the label list."});
  auto& known = names_[index];
  if (known.empty()) known = name;
  if (!name.empty() && known != name)
    throw DataError(Fault{where, fmt::format("class {} is '{}' and '{}'", index, known, name),
                          "one name for each label_index", "Mend the label list."});
}

std::vector<std::string> IndexedClasses::names() const {
  std::vector<std::string> names;
  for (const auto& [index, name] : names_) {
    while (static_cast<int64_t>(names.size()) < index)
      names.push_back(fmt::format("class {}", names.size()));
    names.push_back(name.empty() ? fmt::format("class {}", index) : name);
  }
  return names;
}

}  // namespace kinegraph
