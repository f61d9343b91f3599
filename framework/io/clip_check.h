// Whether a clip fits the store it is to be added to.
#pragma once

#include <string>

#include "framework/base/error.h"
#include "framework/io/store_info.h"

namespace kinegraph {

/// A clip that no store of its kind can hold; others can still be added.
class InvalidClip : public DataError {
 public:
  explicit InvalidClip(const DataError& why) : DataError(why) {}
};

namespace store_format {

/// Sizes that follow from a valid clip.
struct ClipSizes {
  int64_t person_frames = 0;
  int64_t num_persons = 0;
};

/// Throws InvalidClip, with `where` in front, unless `clip` is valid by itself. Its id must be
/// unique and its optional arrays those of the other clips besides: the writer sees to that.
ClipSizes check_clip(const Clip& clip, const StoreInfo& info, const std::string& where);

}  // namespace store_format
}  // namespace kinegraph
