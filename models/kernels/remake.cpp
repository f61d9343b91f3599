#include "models/kernels/remake.h"

#include <utility>

#include "models/kernels/aggregate_kernel.h"
#include "models/kernels/batch_norm.h"

namespace kinegraph {
namespace {

constexpr char kKey[] = "remake";

struct Holder : torch::CustomClassHolder {
  explicit Holder(Remake made) : remake(std::move(made)) {}

  Remake remake;
};

}  // namespace

Remake remake_of(const at::Tensor& x) {
  auto remake = remake_of_batch_norm(x);
  return remake ? remake : remake_of_aggregate_sparse(x);
}

void save_for_backward(torch::autograd::AutogradContext& context, const at::Tensor& x,
                       const Remake& remake, torch::autograd::variable_list others) {
  if (remake)
    context.saved_data[kKey] = c10::IValue::make_capsule(c10::make_intrusive<Holder>(remake));
  else
    others.insert(others.begin(), x);
  context.save_for_backward(std::move(others));
}

torch::autograd::variable_list saved_variables(torch::autograd::AutogradContext& context,
                                               bool needs_first) {
  auto variables = context.get_saved_variables();
  const auto found = context.saved_data.find(kKey);
  if (found == context.saved_data.end()) return variables;
  const auto holder = found->second.toCapsule();
  variables.insert(variables.begin(),
                   needs_first ? static_cast<Holder&>(*holder).remake() : at::Tensor());
  return variables;
}

}  // namespace kinegraph
