#include "models/layers/unit_trunk.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "framework/base/error.h"
#include "framework/model/output_trace.h"

namespace kinegraph {

UnitTrunk::UnitTrunk(torch::nn::Module& owner, const InputShape& input, const UnitTrunkParts& parts,
                     const std::string& backbone)
    : input_norm_kind_(parts.input_norm) {
  if (parts.channels.empty())
    throw ConfigError(fmt::format("backbone '{}': 'channels' is empty", backbone));
  data_bn_ = owner.register_module("data_bn", make_input_norm(input, parts.input_norm));
  torch::nn::Module* list = &owner;
  if (!parts.names.list.empty())
    list = owner.register_module(parts.names.list, std::make_shared<NamedGroup>()).get();
  UnitShape shape{input.channels, 0, 1};
  for (size_t i = 0; i < parts.channels.size(); ++i) {
    shape.out_channels = parts.channels[i];
    shape.stride = i > 0 && shape.out_channels > shape.in_channels ? 2 : 1;
    const auto name = parts.names.list.empty() ? fmt::format("l{}", i + 1) : std::to_string(i);
    add_unit(*list->register_module(name, std::make_shared<NamedGroup>()), shape, parts);
    shape.in_channels = shape.out_channels;
  }
  out_channels_ = shape.in_channels;
}

void UnitTrunk::add_unit(torch::nn::Module& unit_module, const UnitShape& shape,
                         const UnitTrunkParts& parts) {
  Unit unit;
  unit.module = &unit_module;
  unit.spatial = unit_module.register_module(parts.names.spatial, parts.make_spatial(shape));
  unit.temporal = unit_module.register_module(parts.names.temporal, parts.make_temporal(shape));
  unit.has_residual = !units_.empty();
  if (unit.has_residual && (shape.in_channels != shape.out_channels || shape.stride != 1)) {
    unit.projection = unit_module.register_module(
        "residual", TemporalConv(TemporalConvOptions{shape.in_channels, shape.out_channels,
                                                     /*kernel=*/1, shape.stride}));
    if (parts.init_projection) parts.init_projection(unit.projection);
  }
  units_.push_back(unit);
}

at::Tensor UnitTrunk::run(Unit& unit, const at::Tensor& x) {
  const auto spatial = unit.spatial->forward(x);
  show_output(*unit.spatial, spatial);
  Finish finish{{}, /*relu=*/true};
  if (unit.projection) {
    finish.add = unit.projection(x);
    show_output(*unit.projection, finish.add);
  } else if (unit.has_residual) {
    finish.add = x;
  }
  if (!is_traced()) return unit.temporal->forward_finished(spatial, finish);
  auto y = unit.temporal->forward(spatial);
  show_output(*unit.temporal, y);
  y = finished(y, finish);
  show_output(*unit.module, y);
  return y;
}

at::Tensor UnitTrunk::forward(const at::Tensor& x) {
  const PersonRows persons(data_bn_, input_norm_kind_, x);
  auto y = persons.rows();
  for (auto& unit : units_) y = run(unit, y);
  return persons.per_clip(y);
}

}  // namespace kinegraph
