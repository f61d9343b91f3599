#include "framework/model/cost_meter.h"

#include <ATen/record_function.h>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace kinegraph {

struct CostMeter::State {
  Cost cost;
  int64_t held_bytes = 0;
  bool is_in_product = false;
  int published_scopes = 0;
  State* previous = nullptr;
  at::CallbackHandle callback = 0;
  std::optional<c10::DebugInfoGuard> memory_reports;
};

namespace {

thread_local CostMeter::State* current_meter = nullptr;

/// Terms of the sum behind every element of a product's output.
struct Product : at::ObserverContext {
  int64_t terms = 0;
  bool is_convolution = false;
};

/// Which argument of a matrix product has the summed dimension last.
const std::map<std::string_view, size_t>& matrix_products() {
  static const std::map<std::string_view, size_t> products{
      {"aten::mm", 0}, {"aten::bmm", 0},   {"aten::addmm", 1}, {"aten::baddbmm", 1},
      {"aten::mv", 0}, {"aten::addmv", 1}, {"aten::dot", 0}};
  return products;
}

/// Null for what is no product, or is the inside of one.
std::unique_ptr<at::ObserverContext> begin_operation(const at::RecordFunction& function) {
  if (current_meter == nullptr || current_meter->is_in_product) return nullptr;
  const std::string_view name = function.name();
  auto product = std::make_unique<Product>();
  const auto matrix_product = matrix_products().find(name);
  if (name == "aten::convolution" || name == "aten::mkldnn_convolution") {
    const at::Tensor weight = function.inputs()[1].toTensor();
    product->terms = weight.numel() / weight.size(0);
    product->is_convolution = true;
  } else if (matrix_product != matrix_products().end()) {
    product->terms = function.inputs()[matrix_product->second].toTensor().sizes().back();
    // As linear layers are computed; graphs have nothing to add.
    product->is_convolution = name == "aten::addmm";
  } else {
    return nullptr;
  }
  current_meter->is_in_product = true;
  return product;
}

void end_operation(const at::RecordFunction& function, at::ObserverContext* context) {
  if (current_meter == nullptr || context == nullptr) return;
  current_meter->is_in_product = false;
  if (function.outputs().empty()) return;  // it threw
  const auto& product = static_cast<const Product&>(*context);
  const int64_t macs = product.terms * function.outputs().front().toTensor().numel();
  Cost& cost = current_meter->cost;
  cost.executed += macs;
  if (current_meter->published_scopes > 0) return;
  (product.is_convolution ? cost.published.convolution : cost.published.graph) += macs;
}

/// The type of the totals that allocators report, which differs between versions of LibTorch.
template <class Size>
Size size_of_reports(void (c10::MemoryReportingInfoBase::*)(void*, int64_t, Size, Size,
                                                            c10::Device));
using ReportedSize = decltype(size_of_reports(&c10::MemoryReportingInfoBase::reportMemoryUsage));

class MemoryReports : public c10::MemoryReportingInfoBase {
 public:
  explicit MemoryReports(CostMeter::State& state) : state_(state) {}

  bool memoryProfilingEnabled() const override { return true; }

  /// `bytes` is negative when memory is freed.
  void reportMemoryUsage(void* pointer, int64_t bytes, ReportedSize /*allocated*/,
                         ReportedSize /*reserved*/, c10::Device /*device*/) override {
    if (bytes > 0) {
      sizes_[pointer] = bytes;
      state_.held_bytes += bytes;
      state_.cost.peak_bytes = std::max(state_.cost.peak_bytes, state_.held_bytes);
    } else if (const auto found = sizes_.find(pointer); found != sizes_.end()) {
      state_.held_bytes -= found->second;
      sizes_.erase(found);
    }
  }

 private:
  CostMeter::State& state_;
  std::unordered_map<void*, int64_t> sizes_;
};

}  // namespace

Cost& Cost::operator+=(const Cost& other) {
  published.convolution += other.published.convolution;
  published.graph += other.published.graph;
  executed += other.executed;
  peak_bytes = std::max(peak_bytes, other.peak_bytes);
  return *this;
}

CostMeter::CostMeter() : state_(std::make_unique<State>()) {
  state_->previous = current_meter;
  current_meter = state_.get();
  state_->callback =
      at::addThreadLocalCallback(at::RecordFunctionCallback(begin_operation, end_operation)
                                     .needsInputs(true)
                                     .needsOutputs(true)
                                     .scopes({at::RecordScope::FUNCTION}));
  state_->memory_reports.emplace(c10::DebugInfoKind::PROFILER_STATE,
                                 std::make_shared<MemoryReports>(*state_));
}

CostMeter::~CostMeter() {
  state_->memory_reports.reset();
  at::removeCallback(state_->callback);
  current_meter = state_->previous;
}

Cost CostMeter::take() {
  const Cost taken = state_->cost;
  state_->cost = Cost();
  state_->cost.peak_bytes = state_->held_bytes;
  return taken;
}

PublishedMacs::PublishedMacs(const Macs& macs) : state_(current_meter) {
  if (state_ == nullptr || state_->published_scopes++ > 0) return;
  state_->cost.published.convolution += macs.convolution;
  state_->cost.published.graph += macs.graph;
}

PublishedMacs::~PublishedMacs() {
  if (state_ != nullptr) --state_->published_scopes;
}

void count_executed_macs(int64_t macs) {
  if (current_meter == nullptr) return;
  current_meter->cost.executed += macs;
  if (current_meter->published_scopes == 0) current_meter->cost.published.graph += macs;
}

}  // namespace kinegraph
