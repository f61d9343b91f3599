#include <fmt/format.h>

#include <filesystem>

#include "framework/base/error.h"
#include "framework/base/text.h"
#include "framework/cli/verb.h"
#include "framework/run/experiment.h"
#include "framework/run/state_translation.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace kinegraph {
namespace {

po::options_description export_checkpoint_options() {
  po::options_description options;
  options.add_options()("to", po::value<std::string>()->value_name("NAME"),
                        "whose code is to load it: pyskl, mmaction2, msg3d, ...")(
      "force", "replace what is there");
  return options;
}

/// The state, and where they look for class names those too.
CheckpointValue file_content(const NamedState& state, const StateDialect& dialect,
                             const std::vector<std::string>& class_names) {
  CheckpointMap tensors;
  for (const auto& [name, tensor] : state) tensors.emplace_back(name, tensor);
  if (!dialect.is_wrapped()) return tensors;
  const CheckpointList classes(class_names.begin(), class_names.end());
  CheckpointMap meta{{"CLASSES", classes}, {"dataset_meta", CheckpointMap{{"classes", classes}}}};
  return CheckpointMap{{"meta", std::move(meta)}, {"state_dict", std::move(tensors)}};
}

StateDialect dialect_of(const ParsedArguments& arguments, const std::string& backbone) {
  if (!arguments.has("to"))
    throw UsageError(fmt::format("--to is missing\n  the backbone '{}' is known to: {}", backbone,
                                 join(StateDialect::sources_of(backbone))));
  return StateDialect::load(arguments.text("to"), backbone);
}

}  // namespace

int run_export_checkpoint(const Arguments& words) {
  const ParsedArguments arguments = parse_arguments(words, find_verb("export-checkpoint"),
                                                    export_checkpoint_options(), {"FILE", "OUT"});
  if (arguments.is_help) return 0;
  const std::string file = arguments.text("FILE");
  const fs::path target = arguments.text("OUT");
  if (fs::exists(target) && !arguments.has("force"))
    throw UsageError(target.string() + ": it is there already\n  --force replaces it.");
  const Checkpoint checkpoint = read_checkpoint(file);
  const LoadedConfig config = load_config_text(checkpoint.config_yaml, file + ":config");
  const Component<Backbone>& backbone = config.options.model.backbone;
  const StateDialect dialect = dialect_of(arguments, backbone.type());
  dialect.require_form(backbone.resolved());
  const auto model = build_trained_model(config, checkpoint, file);
  const NamedState state = export_state(*model, dialect);
  write_checkpoint_file(target, file_content(state, dialect, checkpoint.class_names));
  fmt::print("{} tensors in {}, named as by {}\n", state.size(), target.string(), dialect.source());
  if (const auto unseen = dialect.describe_unseen(backbone.resolved()); !unseen.empty())
    fmt::print("  not in the file, but needed there too: {}\n", unseen);
  return 0;
}

}  // namespace kinegraph
