#include "datasets/formats/labelled_clips.h"

#include <algorithm>
#include <map>

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

/// By id.
std::map<std::string, fs::path> json_clips_in(const fs::path& folder) {
  std::map<std::string, fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ".json")
      files.emplace(entry.path().stem().string(), entry.path());
  return files;
}

}  // namespace

LabelledClips find_labelled_clips(const fs::path& source) {
  LabelledClips found;
  std::vector<LabelledClip> unlisted;
  for (const auto& pair : find_labelled_folders(source)) {
    auto entries = read_label_list(pair.list);
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    auto files = json_clips_in(pair.folder);
    auto& split = found.splits[pair.split];
    for (const auto& entry : entries) {
      found.classes.add(entry.label_index, entry.label, pair.list.string());
      const fs::path file = pair.folder.string() + "/" + entry.id + ".json";
      const bool has_file = files.erase(entry.id) > 0;
      found.clips.push_back({entry.id, file, entry.label_index, entry.has_skeleton, has_file});
      split.push_back(entry.id);
    }
    for (const auto& [id, file] : files) unlisted.push_back({id, file, {}, true});
  }
  found.clips.insert(found.clips.end(), unlisted.begin(), unlisted.end());
  return found;
}

}  // namespace kinegraph
