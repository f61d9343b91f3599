#include "models/kernels/dropout.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <mutex>

#include "models/kernels/multiversion.h"

namespace kinegraph {
namespace {

/// Two rounds of a 32-bit finaliser (lowbias32 of Ettinger & Wellons), one for each half of the
/// key.
inline uint32_t hash(uint32_t x, uint32_t key_low, uint32_t key_high) {
  x ^= key_low;
  x = (x ^ (x >> 16)) * 0x7feb352du;
  x = (x ^ (x >> 15)) * 0x846ca68bu;
  x ^= (x >> 16) ^ key_high;
  x = (x ^ (x >> 16)) * 0x7feb352du;
  x = (x ^ (x >> 15)) * 0x846ca68bu;
  return x ^ (x >> 16);
}

KINEGRAPH_MULTIVERSION void mask_block(const float* from, float* to, uint32_t first, int64_t count,
                                       uint64_t key, uint32_t threshold, float scale) {
  const auto low = static_cast<uint32_t>(key), high = static_cast<uint32_t>(key >> 32);
  for (int64_t i = 0; i < count; ++i)
    to[i] = hash(first + static_cast<uint32_t>(i), low, high) < threshold ? 0.0f : scale * from[i];
}

KINEGRAPH_MULTIVERSION void mask_block(const double* from, double* to, uint32_t first,
                                       int64_t count, uint64_t key, uint32_t threshold,
                                       double scale) {
  const auto low = static_cast<uint32_t>(key), high = static_cast<uint32_t>(key >> 32);
  for (int64_t i = 0; i < count; ++i)
    to[i] = hash(first + static_cast<uint32_t>(i), low, high) < threshold ? 0.0 : scale * from[i];
}

/// x with the mask of `key` applied, in x's own memory order. x is dense.
at::Tensor masked(const at::Tensor& x, uint64_t key, double p) {
  auto result = at::empty_like(x);
  const auto threshold = static_cast<uint32_t>(std::min(p * 0x1p32, 0x1p32 - 1));
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "dropout", [&] {
    const auto* from = x.data_ptr<scalar_t>();
    auto* to = result.data_ptr<scalar_t>();
    at::parallel_for(0, x.numel(), 1 << 15, [&](int64_t begin, int64_t end) {
      mask_block(from + begin, to + begin, static_cast<uint32_t>(begin), end - begin, key,
                 threshold, static_cast<scalar_t>(1 / (1 - p)));
    });
  });
  return result;
}

class Dropout : public torch::autograd::Function<Dropout> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            int64_t key, double p) {
    context->saved_data["key"] = key;
    context->saved_data["p"] = p;
    context->saved_data["format"] = static_cast<int64_t>(x.suggest_memory_format());
    return masked(x, static_cast<uint64_t>(key), p);
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list grads) {
    // The place in memory decides, so the gradient must lie as x did.
    const auto format = static_cast<at::MemoryFormat>(context->saved_data["format"].toInt());
    const auto key = static_cast<uint64_t>(context->saved_data["key"].toInt());
    return {masked(grads[0].contiguous(format), key, context->saved_data["p"].toDouble()),
            at::Tensor(), at::Tensor()};
  }
};

uint64_t draw_key() {
  auto generator = at::detail::getDefaultCPUGenerator();
  const std::lock_guard<std::mutex> lock(generator.mutex());
  return at::check_generator<at::CPUGeneratorImpl>(generator)->random64();
}

}  // namespace

at::Tensor parallel_dropout(const at::Tensor& x, double p, bool is_training) {
  if (!is_training || p == 0) return x;
  const bool is_plain = x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble;
  // Above 2^32 elements the hash would repeat.
  if (!x.device().is_cpu() || !is_plain || p >= 1 || x.numel() > (int64_t{1} << 32))
    return at::dropout(x, p, true);
  return Dropout::apply(x.contiguous(x.suggest_memory_format()), static_cast<int64_t>(draw_key()),
                        p);
}

}  // namespace kinegraph
