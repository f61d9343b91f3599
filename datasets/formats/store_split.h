// A split of an annotation store, or all of it, as a data set: for all data sets that rest on one.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "framework/config/options.h"
#include "framework/data/dataset.h"
#include "framework/io/annotation_store.h"

namespace kinegraph {

struct StoreSplitOptions {
  std::string missing = "error";
  std::optional<std::string> split;
  int64_t repeat = 1;
  std::optional<int64_t> max_persons;
  double valid_ratio = 0, box_thr = 0.5;
  bool squeeze = false, pads_persons = true, lists_persons = false;

  template <class Fields>
  void describe(Fields& field) {
    field("split", split, "name of a split in the store; null: every clip", Required{});
    field("repeat", repeat, "times that an epoch visits each clip, with draws of its own",
          Range{1, 1000});
    field("max_persons", max_persons,
          "persons kept of each clip, where they are listed by frame those with the highest "
          "scores; null: as many as the largest clip of the store has",
          Range{1, 100});
    field("pad_persons", pads_persons,
          "absent persons are zero; false: left out, until a step such as format_gcn adds them");
    field("missing", missing, "a joint that is NaN or infinite: refuse the clip, or set it to 0",
          OneOf{{"error", "zero"}});
    field("valid_ratio", valid_ratio,
          "above 0: only clips with a person above box_thr in that share of their frames, and only "
          "those persons",
          Range{0, 1});
    field("box_thr", box_thr, "confidence that a person needs; see valid_ratio", Range{0, 1});
    field("squeeze", squeeze,
          "whether frames without persons are left out (persons by frame only)");
    field("list_persons", lists_persons,
          "persons by frame are handed out as they are listed, with their box scores, for "
          "decompress_pose; valid_ratio chooses clips only");
  }
};

/// Clips are read from the file one by one, when they are asked for; the operating system keeps
/// them in memory.
class StoreSplit : public Dataset {
 public:
  /// Throws DataError.
  StoreSplit(const std::filesystem::path& store, const StoreSplitOptions& options);

  const DataInfo& info() const override { return info_; }
  int64_t size() const override { return static_cast<int64_t>(clips_.size()) * options_.repeat; }
  void read(int64_t index, Sample& sample) const override;

 private:
  void check_joints() const;
  void keep_valid_clips();
  void read_dense(int64_t clip, const ClipInfo& about, Sample& sample) const;
  void read_by_frame(int64_t clip, Sample& sample) const;
  void treat_missing(Sample& sample) const;

  StoreSplitOptions options_;
  AnnotationStore store_;
  std::vector<int64_t> clips_;
  int64_t persons_ = 1;
  DataInfo info_;
};

}  // namespace kinegraph
