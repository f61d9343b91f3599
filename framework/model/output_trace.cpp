#include "framework/model/output_trace.h"

#include <utility>

namespace kinegraph {
namespace {

thread_local OutputTrace* current_trace = nullptr;

}  // namespace

OutputTrace::OutputTrace(Observer observer)
    : observer_(std::move(observer)), previous_(current_trace) {
  current_trace = this;
}

OutputTrace::~OutputTrace() { current_trace = previous_; }

void show_output(const torch::nn::Module& module, const at::Tensor& output) {
  if (current_trace != nullptr) current_trace->observer_(module, output);
}

bool is_traced() { return current_trace != nullptr; }

}  // namespace kinegraph
