#pragma once

#include <torch/nn/modules/batchnorm.h>

#include "framework/model/backbone.h"

namespace kinegraph {

/// Whose statistics the first BatchNorm keeps: one set for every (joint, channel), or one for every
/// (person, joint, channel).
enum class InputNorm { kShared, kPerPerson };

/// BatchNorm over the channels of `shape`: V*C of them, index v*C+c, or M*V*C, index (m*V+v)*C+c.
torch::nn::BatchNorm1d make_input_norm(const InputShape& shape, InputNorm kind);

/// (N, M, T, V, C) -> normalised, as (N*M, C, T, V) in channels_last memory. Statistics run over
/// clips and frames, and with kShared over persons.
at::Tensor normalise_input(torch::nn::BatchNorm1d& norm, InputNorm kind, const at::Tensor& x);

}  // namespace kinegraph
