// From one annotation of PYSKL or MMAction2 to one clip.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "datasets/formats/extra_columns.h"
#include "datasets/formats/pyskl_pickle.h"
#include "framework/io/ndarray.h"
#include "framework/io/store_info.h"

namespace kinegraph {

/// What all clips of a store have in common.
struct PysklForm {
  /// Whether keypoints are (N,V,C) with the frame of each in frame_inds (Kinetics-400), or
  /// (M,T,V,C).
  PersonLayout layout = PersonLayout::dense;
  int64_t num_joints = 0, num_channels = 0;  // V, C without a score among the channels
  bool has_score_channel = false;            // the last channel of (N,V,3) is the score
  bool has_scores = false, has_box_scores = false;
  bool has_timestamps = false, has_track_ids = false;  // of an exported store
  int64_t labels_start_at = 0;

  /// As this annotation is. Throws UnusableClip when it has no keypoints of either form.
  static PysklForm of(const PysklAnnotation& annotation, const std::string& where);
};

/// Whether an annotation lists persons by frame.
bool lists_persons_by_frame(const PysklAnnotation& annotation);

/// The types of the arrays that a store must be able to hold, widened together; nothing when the
/// annotation has none.
std::optional<NdType> keypoint_type(const PysklAnnotation& annotation);

/// The labels, counted from 0; none when the annotation has no label. Throws UnusableClip.
std::vector<int64_t> read_labels(const PysklAnnotation& annotation, int64_t labels_start_at,
                                 const std::string& where);

/// The clip, with `id`. Throws UnusableClip, with `where` in front.
Clip read_clip(const PysklAnnotation& annotation, const std::string& id, const PysklForm& form,
               const std::string& where);

/// The fields that a Clip has no place for: numbers and texts as they are; `valid` as valid_0.5,
/// ...; original_shape as original_height and original_width; anything else as JSON; without those
/// named in `leave_out`. Throws UnusableClip for more than 4096 bytes of text.
FieldsOfClip read_other_fields(const PysklAnnotation& annotation,
                               const std::vector<std::string>& leave_out, const std::string& where);

}  // namespace kinegraph
