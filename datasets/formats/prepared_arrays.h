// Prepared arrays of whole data sets: <split>_data[_joint].npy with <split>_label.pkl (ST-GCN,
// 2s-AGCN, MS-G3D, DualHead), .npz with x_train, y_train, x_test, y_test (CTR-GCN), and
// <split>_ntu_sk_<classes>.npy with <split>_label_<classes>.pkl (BABEL).
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "framework/io/ndarray.h"

namespace kinegraph {

/// One split. Clips are to be taken in order.
class PreparedSplit {
 public:
  std::string name;    // "train", "val", "test"
  std::string source;  // leads messages
  std::vector<std::string> ids;
  std::vector<int64_t> labels;
  int64_t num_classes = 0;  // of one-hot labels; 0: not told
  int64_t num_joints = 0, num_channels = 0;
  NdType type;

  virtual ~PreparedSplit() = default;
  int64_t num_clips() const { return static_cast<int64_t>(ids.size()); }
  /// (M,T,V,C), valid until the next call.
  virtual NdArray clip(int64_t index) = 0;
};

/// All splits of a folder of .npy files or of an .npz file with `npz_joints` joints of 3
/// coordinates. Throws DataError.
std::vector<std::unique_ptr<PreparedSplit>> open_prepared_splits(
    const std::filesystem::path& source, int64_t npz_joints);

/// All splits that BABEL's folder has for so many classes (60, 120): train, val, train_extra, ...
/// A clip is called <segment>_<sequence>_<chunk>_<annotator>, as in MMAction2, with _2, _3, ...
/// behind where a segment with several actions is listed for each. Throws DataError.
std::vector<std::unique_ptr<PreparedSplit>> open_babel_splits(const std::filesystem::path& folder,
                                                              int64_t num_classes);

}  // namespace kinegraph
