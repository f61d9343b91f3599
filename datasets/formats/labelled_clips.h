// Sources with label lists: folder by folder, which clips they name and which there are.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "datasets/formats/import_clips.h"
#include "datasets/formats/label_list.h"

namespace kinegraph {

struct LabelledClip {
  std::string id;
  std::filesystem::path file;    // where it is or should be
  std::optional<int64_t> label;  // of the list; none: not in it
  bool has_skeleton = true, has_file = true;
};

struct LabelledClips {
  std::vector<LabelledClip> clips;  // of each list by id; those not in a list at the end
  SplitIds splits;
  IndexedClasses classes;
};

/// The clips of find_labelled_folders(source); none where there is no list.
LabelledClips find_labelled_clips(const std::filesystem::path& source);

/// Adds read(clip), a Clip, for each clip of a list that has a skeleton and a file, and accounts
/// for the others. A clip with a label but no file is rejected, as is one without entry in the list
/// when `are_listed`.
template <class Read>
void import_labelled_clips(ImportWriter& writer, const std::vector<LabelledClip>& clips,
                           bool are_listed, int64_t threads, const Read& read) {
  std::vector<std::string> ids;
  std::vector<const LabelledClip*> present;
  for (const auto& clip : clips) {
    if (clip.has_skeleton) {
      ids.push_back(clip.id);
      present.push_back(&clip);
    } else if (writer.wants(clip.id)) {
      writer.leave_out(clip.id, "has_skeleton is false in the label list");
    }
  }
  import_clips(writer, ids, threads, [&](size_t i) -> Clip {
    const LabelledClip& clip = *present[i];
    if (!clip.has_file)
      throw UnusableClip(
          "no file", Fault{clip.file.string(), "no such file", "a file for each clip of the list",
                           "Download the data again, or import without --strict."});
    if (are_listed && !clip.label)
      throw UnusableClip("not in the label list",
                         Fault{clip.file.string(), "a clip that is not in the label list",
                               "an entry for it", "Complete the list, or remove the file."});
    return read(clip);
  });
}

}  // namespace kinegraph
