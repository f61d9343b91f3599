#include "datasets/ntu/body_rules.h"

namespace kinegraph::ntu {

const std::vector<BodyRule>& body_rules() {
  static const std::vector<BodyRule> kRules{
      {"st_gcn", select_st_gcn, Precision::float32},
      {"ms_g3d", select_ms_g3d, Precision::float32},
      {"mmaction2", select_mmaction2, Precision::float16},
      {"pyskl", select_pyskl, Precision::float16},
      {"ctr_gcn", select_ctr_gcn, Precision::float32},
  };
  return kRules;
}

}  // namespace kinegraph::ntu
