#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/custom_function.h>

#include <functional>

namespace kinegraph {

/// Makes a tensor of the forward pass once more, to the same bits, during the backward pass, from
/// what the function that made it keeps for itself. Empty where that cannot be done.
using Remake = std::function<at::Tensor()>;

/// The way `x` was made: batch_norm() without an addend, or aggregate_sparse(). Both take one pass
/// over memory, little beside the product that `x` is an operand of. It cannot be made once the
/// backward pass has freed what its own function keeps, and nobody would notice that `x` was
/// changed in place without autograd.
Remake remake_of(const at::Tensor& x);

/// `then` applied to what `remake` makes; empty when that is.
template <class Then>
Remake followed_by(const Remake& remake, Then then) {
  if (!remake) return {};
  return [remake, then] { return then(remake()); };
}

/// Keeps the tensor `x` for the backward pass, or only `remake` when there is one: the way that `x`
/// was made, or what `x` is a view or copy of. Once in a forward(), with the other tensors to save.
void save_for_backward(torch::autograd::AutogradContext& context, const at::Tensor& x,
                       const Remake& remake, torch::autograd::variable_list others);

/// What save_for_backward() kept: `x` first, which is made only if `needs_first`.
torch::autograd::variable_list saved_variables(torch::autograd::AutogradContext& context,
                                               bool needs_first = true);

}  // namespace kinegraph
