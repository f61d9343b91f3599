#include "framework/cli/trained_model.h"

#include <fmt/format.h>

#include "framework/base/error.h"

namespace po = boost::program_options;

namespace kinegraph {

void add_checkpoint_options(po::options_description& options) {
  options.add_options()(
      "checkpoint", po::value<std::string>()->value_name("FILE"),
      "trained weights; ours bring config, preparation and classes along, those of other code "
      "(.pth, .pt) need --config")("config", po::value<std::string>()->value_name("FILE"),
                                   "another config for model and data than the checkpoint's own")(
      "stream", po::value<std::string>()->value_name("NAME"), "a stream of --config")(
      "dialect", po::value<std::string>()->value_name("NAME"),
      "whose names a checkpoint of other code has, such as pyskl; default: found by the names");
}

void require_checkpoint_options(const ParsedArguments& arguments, const std::string& verb) {
  if (!arguments.has("checkpoint"))
    throw UsageError(
        fmt::format("--checkpoint FILE is missing\n  see `kinegraph {} --help`", verb));
  if (arguments.has("stream") && !arguments.has("config"))
    throw UsageError(
        "--stream needs --config\n  The config inside a checkpoint is that of the "
        "stream it was trained on.");
}

Weights read_weights(const ParsedArguments& arguments) {
  const std::string file = arguments.text("checkpoint");
  Weights weights = read_weights({file, arguments.text("dialect"), /*is_partial=*/false});
  if (!weights.own && !arguments.has("config"))
    throw UsageError(
        fmt::format("{}: a checkpoint of other code, which has no config of ours inside\n  "
                    "--config FILE says which model it is for and how its data are prepared.",
                    file));
  return weights;
}

LoadedConfig config_of(const ParsedArguments& arguments, const Weights& weights) {
  Arguments overrides = arguments.list("set");
  if (arguments.has("device")) overrides.push_back("device=" + arguments.text("device"));
  if (arguments.has("config"))
    return load_config(arguments.text("config"), arguments.text("stream"), overrides);
  return load_config_text(weights.own->config_yaml, weights.source() + ":config", overrides);
}

}  // namespace kinegraph
