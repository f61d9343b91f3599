// What the modules of a model cost.
#pragma once

#include <string>
#include <vector>

#include "framework/model/cost_meter.h"
#include "framework/model/recognizer.h"

namespace kinegraph {

/// One module with all that is in it.
struct ModuleCost {
  std::string name;  // as in state keys, "backbone.l1.gcn1"; empty for the whole model
  size_t depth = 0;  // modules around it that have rows, too
  std::vector<std::vector<int64_t>> output_shapes;
  int64_t parameters = 0;
  Cost cost;
};

/// Runs `model` once in evaluation mode, on the CPU and one thread, on one made-up clip of the
/// shapes `inputs`. Returns the whole model, then the modules that show their outputs, in the order
/// in which they ran, each before its parts. What runs between two such modules counts to the
/// module that ends next.
std::vector<ModuleCost> measure_modules(Recognizer& model,
                                        const std::map<std::string, InputShape>& inputs);

}  // namespace kinegraph
