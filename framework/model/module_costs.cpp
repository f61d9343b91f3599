#include "framework/model/module_costs.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "framework/model/output_trace.h"

namespace kinegraph {
namespace {

/// The meter sees one thread.
class OneThread {
 public:
  OneThread() : threads_(at::get_num_threads()) { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(threads_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int threads_;
};

NamedTensors random_clip(const std::map<std::string, InputShape>& inputs) {
  NamedTensors clip;
  for (const auto& [name, shape] : inputs)
    clip[name] = at::randn({1, shape.persons, shape.frames, shape.joints, shape.channels});
  return clip;
}

bool is_part_of(const std::string& name, const std::string& whole) {
  return whole.empty() || name.compare(0, whole.size() + 1, whole + ".") == 0;
}

/// Runs the model; each row has the cost of its own steps alone, in the order in which they ended.
std::vector<ModuleCost> run_measured(Recognizer& model, const NamedTensors& clip) {
  std::map<const torch::nn::Module*, std::string> names;
  // Without the model itself, which would have to be held by a shared_ptr.
  names[&model] = "";
  for (const auto& item : model.named_modules("", /*include_self=*/false))
    names[item.value().get()] = item.key();
  std::vector<ModuleCost> rows;
  const at::NoGradGuard no_grad;
  CostMeter meter;
  const OutputTrace observe([&](const torch::nn::Module& module, const at::Tensor& output) {
    const std::string& name = names.at(&module);
    auto row = std::find_if(rows.begin(), rows.end(),
                            [&](const ModuleCost& other) { return other.name == name; });
    if (row == rows.end()) {
      row = rows.emplace(rows.end());
      row->name = name;
      row->parameters = parameter_count(module);
    }
    row->output_shapes.push_back(output.sizes().vec());
    row->cost += meter.take();
  });
  const at::Tensor score = model.score(model.forward(clip));
  ModuleCost whole;
  whole.parameters = parameter_count(model);
  whole.output_shapes.push_back(score.sizes().vec());
  whole.cost = meter.take();
  rows.push_back(whole);
  return rows;
}

/// Moves the parts of `whole` from `rows` to `sorted`, each before its own parts.
void add_parts(const ModuleCost& whole, const std::vector<ModuleCost>& rows,
               std::vector<ModuleCost>& sorted) {
  for (const ModuleCost& row : rows) {
    const bool is_direct = !row.name.empty() && is_part_of(row.name, whole.name) &&
                           std::none_of(rows.begin(), rows.end(), [&](const ModuleCost& between) {
                             return !between.name.empty() && is_part_of(row.name, between.name) &&
                                    between.name != whole.name &&
                                    is_part_of(between.name, whole.name);
                           });
    if (!is_direct) continue;
    ModuleCost part = row;
    part.depth = whole.depth + 1;
    for (const ModuleCost& inner : rows)
      if (is_part_of(inner.name, row.name)) part.cost += inner.cost;
    sorted.push_back(part);
    add_parts(part, rows, sorted);
  }
}

}  // namespace

std::vector<ModuleCost> measure_modules(Recognizer& model,
                                        const std::map<std::string, InputShape>& inputs) {
  const OneThread one_thread;
  const NamedTensors clip = random_clip(inputs);
  model.eval();
  const auto rows = run_measured(model, clip);
  ModuleCost whole = rows.back();
  for (size_t i = 0; i + 1 < rows.size(); ++i) whole.cost += rows[i].cost;
  std::vector<ModuleCost> sorted{whole};
  add_parts(whole, rows, sorted);
  return sorted;
}

}  // namespace kinegraph
