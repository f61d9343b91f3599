// Which of the bodies in a recording act, and who is first: the rules of the published code bases.
#pragma once

#include <string>
#include <vector>

#include "datasets/ntu/benchmark.h"
#include "datasets/ntu/recording.h"
#include "framework/io/store_info.h"

namespace kinegraph::ntu {

/// Joint positions of the chosen bodies, (M, T, 25, 3), metres as recorded. Zero where a body is
/// not seen. M is 0 when no body is left.
struct Bodies {
  int64_t persons = 0, frames = 0;
  std::vector<double> joints;

  Bodies() = default;
  Bodies(int64_t num_persons, int64_t num_frames)
      : persons(num_persons),
        frames(num_frames),
        joints(static_cast<size_t>(num_persons * num_frames * kBodyValues)) {}

  double* at(int64_t person, int64_t frame) {
    return joints.data() + (person * frames + frame) * kBodyValues;
  }
  const double* at(int64_t person, int64_t frame) const {
    return joints.data() + (person * frames + frame) * kBodyValues;
  }
};

/// ST-GCN (Yan et al. 2018), tools/utils/ntu_read_skeleton.py: the first two places of each frame,
/// all frames, M = 2.
Bodies select_st_gcn(const Recording& recording, Benchmark);

/// 2s-AGCN (Shi et al. 2019), data_gen/ntu_gendata.py, which MS-G3D, DualHead-Net and Shift-GCN
/// share: of the first four places the two with the most energy, all frames, M = 2.
Bodies select_ms_g3d(const Recording& recording, Benchmark);

/// MMAction2, tools/data/skeleton/gen_ntu_rgbd_raw.py: as ms_g3d, without places that are empty
/// throughout; M is 1 or 2.
Bodies select_mmaction2(const Recording& recording, Benchmark);

/// PYSKL (Duan et al. 2022), tools/data/ntu_preproc.py: bodies by id, cleaned of short and of wide
/// ones, put one behind the other on two tracks; frames without a body are dropped. M is 1 or 2.
Bodies select_pyskl(const Recording& recording, Benchmark);

/// CTR-GCN (Chen et al. 2021), data/ntu*/get_raw_skes_data.py, get_raw_denoised_data.py and
/// align_frames() of seq_transformation.py: the ancestor of PYSKL's rule. M = 2; a lone body leaves
/// the second place empty in NTU-60 and stands in both in NTU-120, as the two scripts have it.
Bodies select_ctr_gcn(const Recording& recording, Benchmark benchmark);

struct BodyRule {
  const char* name;
  Bodies (*select)(const Recording& recording, Benchmark benchmark);
  Precision precision;  // that of the published arrays
};

const std::vector<BodyRule>& body_rules();

}  // namespace kinegraph::ntu
