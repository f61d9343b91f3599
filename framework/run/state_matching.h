// Which tensors of a file fit which of a model.
#pragma once

#include <torch/nn/module.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace kinegraph {

/// Tensors by name, in order.
using NamedState = std::vector<std::pair<std::string, at::Tensor>>;

/// A tensor of a file: our name for it and that of the file.
struct StateEntry {
  std::string name, file_name;
  at::Tensor tensor;
};

struct StateMatch {
  std::vector<std::pair<at::Tensor, at::Tensor>> fitting;  // the model's, the file's
  std::vector<std::string> faults;  // a line for each tensor that only one has, or that differs
};

/// Compares names, shapes, and whether tensors are of floating point or not. `file_name` gives the
/// name by which the file would have a tensor of the model; `role` says in messages what `model`
/// is.
StateMatch match_state(const torch::nn::Module& model, const std::vector<StateEntry>& entries,
                       const std::string& role,
                       const std::function<std::string(const std::string&)>& file_name = {});

/// "3 tensors do not fit the model:", then the first dozen of `faults`, a line each.
std::string describe_faults(const std::vector<std::string>& faults, const std::string& role);

/// Overwrites the model's tensors of the fitting pairs.
void copy_state(const StateMatch& match);

}  // namespace kinegraph
