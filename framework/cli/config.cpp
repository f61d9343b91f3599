#include <fmt/format.h>

#include "framework/cli/verb.h"
#include "framework/config/yaml.h"
#include "framework/run/experiment_options.h"

namespace po = boost::program_options;

namespace kinegraph {

int run_config(const Arguments& words) {
  po::options_description options;
  options.add_options()("set", po::value<Arguments>()->composing()->value_name("KEY=VALUE"),
                        "override a value; may be repeated")(
      "stream", po::value<std::string>()->value_name("NAME"), "apply a stream of the config")(
      "plain", "without the comments that say where values come from");
  const ParsedArguments arguments = parse_arguments(words, find_verb("config"), options, {"FILE"});
  if (arguments.is_help) return 0;
  const LoadedConfig config =
      load_config(arguments.text("FILE"), arguments.text("stream"), arguments.list("set"));
  fmt::print("{}", dump_yaml(config.resolved, /*with_origins=*/!arguments.has("plain")));
  return 0;
}

}  // namespace kinegraph
