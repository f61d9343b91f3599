#include <filesystem>

#include "framework/base/console.h"
#include "framework/base/interrupt.h"
#include "framework/cli/verb.h"
#include "framework/config/compose.h"
#include "framework/data/exporter.h"
#include "framework/io/annotation_store.h"

namespace po = boost::program_options;

namespace kinegraph {
namespace {

Component<Exporter> read_exporter(const ParsedArguments& arguments) {
  if (!arguments.has("to"))
    throw UsageError("--to is missing\n  known: " + join(Registry<Exporter>::instance().names()));
  Diagnostics diagnostics;
  const Location here{"export", 0, 0};
  Node tree = Node::make_map(here);
  tree.set("type", Node::make_scalar(arguments.text("to"), here));
  for (const auto& assignment : arguments.list("set"))
    apply_override(tree, assignment, diagnostics);
  Component<Exporter> exporter;
  exporter.read(tree, diagnostics);
  diagnostics.throw_if_any();
  return exporter;
}

void export_with_progress(const Component<Exporter>& exporter, const AnnotationStore& store,
                          const std::filesystem::path& target) {
  const InterruptGuard interrupts;
  ProgressLine line;
  const auto show = [&](int64_t done, int64_t total) {
    if (is_interrupted()) throw Interrupted();
    const double share = static_cast<double>(done) / static_cast<double>(total);
    line.show(fmt::format("exporting {} {}/{} clips", progress_bar(share), done, total));
  };
  exporter.build({show})->write(store, target);
}

}  // namespace

int run_export(const Arguments& words) {
  po::options_description options;
  options.add_options()("to", po::value<std::string>()->value_name("FORMAT"),
                        "what to write, see `kinegraph list exporters`")(
      "set", po::value<Arguments>()->composing()->value_name("KEY=VALUE"),
      "an option of the format, see `kinegraph describe exporter FORMAT`")("force",
                                                                           "replace what is there");
  const ParsedArguments arguments =
      parse_arguments(words, find_verb("export"), options, {"STORE", "TARGET"});
  if (arguments.is_help) return 0;
  const std::filesystem::path target = arguments.text("TARGET");
  if (std::filesystem::exists(target) && !arguments.has("force"))
    throw UsageError(target.string() + ": it is there already\n  --force replaces it.");
  const Component<Exporter> exporter = read_exporter(arguments);
  export_with_progress(exporter, AnnotationStore::open(arguments.text("STORE")), target);
  fmt::print("wrote {}\n", target.string());
  return 0;
}

}  // namespace kinegraph
