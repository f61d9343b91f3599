#pragma once

#include <torch/nn/modules/batchnorm.h>

#include "framework/model/backbone.h"

namespace kinegraph {

/// Whose statistics the first BatchNorm keeps: one set for every (joint, channel), or one for every
/// (person, joint, channel).
enum class InputNorm { kShared, kPerPerson };

/// BatchNorm over the channels of `shape`: V*C of them, index v*C+c, or M*V*C, index (m*V+v)*C+c.
torch::nn::BatchNorm1d make_input_norm(const InputShape& shape, InputNorm kind);

/// The persons of a batch, normalised, as the rows of a network that treats each by itself.
///
/// A place for a person that is empty (all zero) gives the same result in every clip: in
/// evaluation, without gradients and without a trace, one such row stands for all clips.
class PersonRows {
 public:
  /// x: (N, M, T, V, C). Statistics run over clips and frames, and with kShared over persons.
  PersonRows(torch::nn::BatchNorm1d& norm, InputNorm kind, const at::Tensor& x);

  /// (R, C, T, V) in channels_last memory; R = N*M, or less where one row stands for several.
  const at::Tensor& rows() const { return rows_; }

  /// What the network made of the rows, (R, C', T', V') -> (N, M, C', T', V')
  at::Tensor per_clip(const at::Tensor& features) const;

 private:
  int64_t clips_, persons_;
  at::Tensor rows_;
  at::Tensor row_of_;  // (N*M) int64; undefined when every person has a row of its own
};

}  // namespace kinegraph
