// Several streams (joint, bone, ...) of the same test clips as one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "framework/eval/scores.h"

namespace kinegraph {

struct ScoredStream {
  std::string name;  // for messages: the file
  Scores scores;
  double weight = 1;  // finite, above 0
};

/// What is summed: probabilities in PYSKL; logits in 2s-AGCN, MS-G3D and CTR-GCN.
enum class Summand { probabilities, logits };

std::string_view name_of(Summand summand);

/// Clip by clip, sum_i weight_i * scores_i, not divided by the sum of the weights; the clips stand
/// in the order of the first stream. Logits are turned into probabilities where these are summed.
///
/// Throws DataError, naming the streams, unless all have the same classes in the same order and the
/// same clips with the same labels, and for scores that are not what is to be summed.
Scores fuse(const std::vector<ScoredStream>& streams, Summand summand);

}  // namespace kinegraph
