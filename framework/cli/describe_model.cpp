#include "framework/cli/describe_model.h"

#include <ATen/ATen.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/base/runtime.h"
#include "framework/base/text.h"
#include "framework/cli/clip_options.h"
#include "framework/eval/text_table.h"
#include "framework/model/module_costs.h"
#include "framework/run/experiment.h"

namespace po = boost::program_options;

namespace kinegraph {
namespace {

using nlohmann::json;

constexpr int64_t kDefaultDepth = 2;
constexpr double kMib = 1024 * 1024;

/// Small models would be all zeros in units of large ones.
struct MacUnit {
  double size;
  const char* name;
};

MacUnit unit_for(const Cost& whole) {
  constexpr int64_t kGiga = 1'000'000'000;
  const int64_t published = whole.published.convolution + whole.published.graph;
  return std::max(published, whole.executed) >= kGiga ? MacUnit{1e9, "GMAC"} : MacUnit{1e6, "MMAC"};
}

std::string shape_text(const std::vector<int64_t>& shape) {
  return fmt::format("{}", fmt::join(shape, "x"));
}

std::string shapes_text(const std::vector<std::vector<int64_t>>& shapes) {
  std::vector<std::string> words;
  for (const auto& shape : shapes) words.push_back(shape_text(shape));
  return join(words);
}

/// Indented, and without the names that stand above it.
std::string label_of(const ModuleCost& row, const std::vector<std::string>& above) {
  if (row.name.empty()) return "model";
  const std::string& whole = above[row.depth - 1];
  return std::string(2 * row.depth, ' ') + row.name.substr(whole.empty() ? 0 : whole.size() + 1);
}

/// 3098832 as "3,098,832".
std::string grouped(int64_t count) {
  std::string text = std::to_string(count);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string macs_text(int64_t count, const MacUnit& unit) {
  return count == 0 ? "-" : fmt::format("{:.3f}", static_cast<double>(count) / unit.size);
}

std::vector<std::string> table_row(const ModuleCost& row, const std::string& label,
                                   const MacUnit& unit) {
  const Macs& published = row.cost.published;
  return {label,
          shapes_text(row.output_shapes),
          grouped(row.parameters),
          macs_text(published.convolution, unit),
          macs_text(published.graph, unit),
          macs_text(published.convolution + published.graph, unit),
          macs_text(row.cost.executed, unit),
          fmt::format("{:.2f}", static_cast<double>(row.cost.peak_bytes) / kMib)};
}

std::string table_of(const std::vector<ModuleCost>& rows, int64_t depth) {
  const MacUnit unit = unit_for(rows.front().cost);
  std::vector<std::vector<std::string>> cells{
      {"", "output", "parameters", "conv", "graph", "published", "executed", "peak"},
      {"", "", "", unit.name, unit.name, unit.name, unit.name, "MiB"}};
  std::vector<std::string> above;
  for (const auto& row : rows) {
    above.resize(row.depth + 1);
    above[row.depth] = row.name;
    if (static_cast<int64_t>(row.depth) <= depth)
      cells.push_back(table_row(row, label_of(row, above), unit));
  }
  return align_columns(cells);
}

json to_json(const ModuleCost& row) {
  return {{"name", row.name},
          {"outputs", row.output_shapes},
          {"parameters", row.parameters},
          {"published_macs",
           {{"convolution", row.cost.published.convolution}, {"graph", row.cost.published.graph}}},
          {"executed_macs", row.cost.executed},
          {"peak_bytes", row.cost.peak_bytes}};
}

json to_json(const std::vector<ModuleCost>& rows, const ModelContext& context,
             const std::string& backbone, const ParsedArguments& arguments) {
  json result{{"format", "kinegraph model description 1"},
              {"config", arguments.text("config")},
              {"set", arguments.list("set")},
              {"backbone", backbone},
              {"skeleton", context.backbone.skeleton.name},
              {"classes", context.num_classes}};
  for (const auto& [name, shape] : context.backbone.inputs)
    result["inputs"][name] = {shape.persons, shape.frames, shape.joints, shape.channels};
  for (const auto& row : rows) result["modules"].push_back(to_json(row));
  return result;
}

/// Throws Error for a shape that the model cannot take or that memory cannot hold.
std::vector<ModuleCost> measure(const ModelOptions& options, const ModelContext& context) {
  const auto& inputs = context.backbone.inputs;
  try {
    Recognizer model(options, context);
    return measure_modules(model, inputs);
  } catch (const c10::Error& error) {
    throw Error(fmt::format("the model cannot run on {}: {}", text_of(inputs),
                            error.what_without_backtrace()));
  }
}

}  // namespace

po::options_description model_description_options() {
  po::options_description options;
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()("config", text("FILE"), "with KIND model: the model and its data")(
      "stream", text("NAME"), "a stream of the config")(
      "set", po::value<Arguments>()->composing()->value_name("KEY=VALUE"),
      "override a config value; may be repeated");
  add_clip_options(options);
  options.add_options()("depth", text("N"), "levels of modules that are shown; default 2")(
      "json", text("FILE"), "write all levels there, too");
  return options;
}

void describe_model(const ParsedArguments& arguments) {
  if (arguments.has("NAME"))
    throw UsageError("'model' takes no name\n  --config FILE says which model is described.");
  require_config_option(arguments, "describe");
  const int64_t depth = number_of(arguments, "depth", kDefaultDepth, /*low=*/0);
  const ExperimentOptions experiment =
      load_config(arguments.text("config"), arguments.text("stream"), arguments.list("set"))
          .options;
  const ModelContext context = read_model_context(arguments, experiment);
  set_up_threads(1);
  at::manual_seed(static_cast<uint64_t>(experiment.seed));
  const auto rows = measure(experiment.model, context);
  const std::string backbone = experiment.model.backbone.type();
  if (arguments.has("json"))
    write_file(arguments.text("json"), to_json(rows, context, backbone, arguments).dump(2) + "\n");
  fmt::print(
      "model: {}, {} classes, one clip, {}\n\n{}\n"
      "published: multiply-accumulates in the order of operations that was published,\n"
      "  of convolutions and linear layers (conv) and of products with graphs (graph)\n"
      "executed: those of this program, in evaluation mode on the CPU\n"
      "peak: the most that activations and other temporary tensors held at once\n",
      backbone, context.num_classes, text_of(context.backbone.inputs), table_of(rows, depth));
}

}  // namespace kinegraph
