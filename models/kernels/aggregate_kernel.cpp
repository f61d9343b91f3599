#include "models/kernels/aggregate_kernel.h"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <memory>
#include <vector>

#include "framework/model/cost_meter.h"
#include "models/kernels/divide_up.h"

namespace kinegraph {
namespace {

struct Edge {
  int64_t k, v, w;
};

std::vector<Edge> edges_of(const at::Tensor& is_edge) {
  std::vector<Edge> edges;
  const auto mask = is_edge.contiguous();
  const auto* flag = mask.data_ptr<bool>();
  const int64_t v = mask.size(1);
  for (int64_t i = 0; i < mask.numel(); ++i)
    if (flag[i]) edges.push_back({i / (v * v), i / v % v, i % v});
  return edges;
}

std::vector<double> weights_of(const at::Tensor& adjacency, const std::vector<Edge>& edges) {
  const auto dense = adjacency.detach().to(at::kDouble).contiguous();
  const auto* a = dense.data_ptr<double>();
  const int64_t v = dense.size(1);
  std::vector<double> weights;
  for (const auto& edge : edges) weights.push_back(a[(edge.k * v + edge.v) * v + edge.w]);
  return weights;
}

/// NTVC rows of an (N, C, T, V) tensor, without a copy when it is channels_last.
at::Tensor channel_rows(const at::Tensor& x) { return x.permute({0, 2, 3, 1}).contiguous(); }

template <class Scalar>
void add_scaled(Scalar* __restrict to, const Scalar* __restrict from, Scalar factor,
                int64_t count) {
  for (int64_t c = 0; c < count; ++c) to[c] += factor * from[c];
}

template <class Scalar>
Scalar dot(const Scalar* __restrict a, const Scalar* __restrict b, int64_t count) {
  Scalar sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t c = 0; c < count; ++c) sum += a[c] * b[c];
  return sum;
}

class AggregateSparse : public torch::autograd::Function<AggregateSparse> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& adjacency, const at::Tensor& is_edge) {
    const auto rows = channel_rows(x);
    context->save_for_backward({rows, adjacency, is_edge});
    const auto edges = edges_of(is_edge);
    count_executed_macs(x.numel() / x.size(3) * static_cast<int64_t>(edges.size()));
    return aggregated(rows, adjacency, edges);
  }

  /// The result once more, of the function that `context` belongs to.
  static at::Tensor remade(torch::autograd::AutogradContext& context) {
    const at::NoGradGuard no_grad;
    const auto saved = context.get_saved_variables();
    return aggregated(saved[0], saved[1], edges_of(saved[2]));
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list grads) {
    const auto saved = context->get_saved_variables();
    const auto grad = channel_rows(grads[0]);
    const auto edges = edges_of(saved[2]);
    return {
        context->needs_input_grad(0) ? grad_input(grad, saved[0], saved[1], edges) : at::Tensor(),
        context->needs_input_grad(1) ? grad_adjacency(grad, saved[0], saved[1], edges)
                                     : at::Tensor(),
        at::Tensor()};
  }

 private:
  static int64_t grain(int64_t row) { return std::max<int64_t>(1, 16384 / row); }

  static at::Tensor aggregated(const at::Tensor& rows, const at::Tensor& adjacency,
                               const std::vector<Edge>& edges) {
    const auto weights = weights_of(adjacency, edges);
    const int64_t n = rows.size(0), t = rows.size(1), v = rows.size(2), c = rows.size(3);
    const int64_t k = adjacency.size(0);
    auto out = at::empty({n, t, v, k * c}, rows.options());
    AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "aggregate_sparse", [&] {
      const auto* from = rows.data_ptr<scalar_t>();
      auto* to = out.data_ptr<scalar_t>();
      at::parallel_for(0, n * t, grain(v * c), [&](int64_t begin, int64_t end) {
        for (int64_t frame = begin; frame < end; ++frame) {
          auto* to_frame = to + frame * v * k * c;
          const auto* from_frame = from + frame * v * c;
          std::fill(to_frame, to_frame + v * k * c, scalar_t(0));
          for (size_t e = 0; e < edges.size(); ++e)
            add_scaled(to_frame + (edges[e].w * k + edges[e].k) * c, from_frame + edges[e].v * c,
                       static_cast<scalar_t>(weights[e]), c);
        }
      });
    });
    return out.permute({0, 3, 1, 2});
  }

  static at::Tensor grad_input(const at::Tensor& grad, const at::Tensor& rows,
                               const at::Tensor& adjacency, const std::vector<Edge>& edges) {
    const auto weights = weights_of(adjacency, edges);
    const int64_t frames = rows.size(0) * rows.size(1), v = rows.size(2), c = rows.size(3);
    const int64_t k = adjacency.size(0);
    auto result = at::empty_like(rows);
    AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "aggregate_sparse_grad", [&] {
      const auto* from = grad.data_ptr<scalar_t>();
      auto* to = result.data_ptr<scalar_t>();
      at::parallel_for(0, frames, grain(v * c), [&](int64_t begin, int64_t end) {
        for (int64_t frame = begin; frame < end; ++frame) {
          auto* to_frame = to + frame * v * c;
          const auto* from_frame = from + frame * v * k * c;
          std::fill(to_frame, to_frame + v * c, scalar_t(0));
          for (size_t e = 0; e < edges.size(); ++e)
            add_scaled(to_frame + edges[e].v * c, from_frame + (edges[e].w * k + edges[e].k) * c,
                       static_cast<scalar_t>(weights[e]), c);
        }
      });
    });
    return result.permute({0, 3, 1, 2});
  }

  static at::Tensor grad_adjacency(const at::Tensor& grad, const at::Tensor& rows,
                                   const at::Tensor& adjacency, const std::vector<Edge>& edges) {
    const int64_t frames = rows.size(0) * rows.size(1), v = rows.size(2), c = rows.size(3);
    const int64_t k = adjacency.size(0);
    auto result = at::zeros(adjacency.sizes(), adjacency.options());
    AT_DISPATCH_FLOATING_TYPES(rows.scalar_type(), "aggregate_sparse_grad", [&] {
      const auto* x = rows.data_ptr<scalar_t>();
      const auto* g = grad.data_ptr<scalar_t>();
      auto* to = result.data_ptr<scalar_t>();
      // Blocks of a fixed size, summed in order: the same bits for any number of threads.
      constexpr int64_t kBlock = 64;
      const int64_t blocks = divide_up(frames, kBlock);
      std::vector<double> partial(static_cast<size_t>(blocks) * edges.size(), 0.0);
      at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
        for (int64_t block = begin; block < end; ++block)
          for (int64_t frame = block * kBlock; frame < std::min(frames, (block + 1) * kBlock);
               ++frame)
            for (size_t e = 0; e < edges.size(); ++e)
              partial[static_cast<size_t>(block) * edges.size() + e] +=
                  dot(x + (frame * v + edges[e].v) * c,
                      g + (frame * v + edges[e].w) * k * c + edges[e].k * c, c);
      });
      for (size_t e = 0; e < edges.size(); ++e) {
        double sum = 0;
        for (int64_t block = 0; block < blocks; ++block)
          sum += partial[static_cast<size_t>(block) * edges.size() + e];
        to[(edges[e].k * v + edges[e].v) * v + edges[e].w] = static_cast<scalar_t>(sum);
      }
    });
    return result;
  }
};

}  // namespace

at::Tensor aggregate_sparse(const at::Tensor& x, const at::Tensor& adjacency,
                            const at::Tensor& is_edge) {
  return AggregateSparse::apply(x, adjacency, is_edge);
}

Remake remake_of_aggregate_sparse(const at::Tensor& y) {
  const auto node =
      std::dynamic_pointer_cast<torch::autograd::CppNode<AggregateSparse>>(y.grad_fn());
  if (!node) return {};
  return [node] { return AggregateSparse::remade(node->ctx_); };
}

}  // namespace kinegraph
