#include <filesystem>

#include "framework/base/console.h"
#include "framework/base/interrupt.h"
#include "framework/cli/verb.h"
#include "framework/config/compose.h"
#include "framework/data/importer.h"
#include "framework/io/annotation_store.h"

namespace po = boost::program_options;

namespace kinegraph {

namespace {

Component<Importer> read_importer(const ParsedArguments& arguments) {
  Diagnostics diagnostics;
  const Location here{"import", 0, 0};
  Node tree = Node::make_map(here);
  tree.set("type", Node::make_scalar(arguments.text("FORMAT"), here));
  for (const auto& assignment : arguments.list("set"))
    apply_override(tree, assignment, diagnostics);
  Component<Importer> importer;
  importer.read(tree, diagnostics);
  diagnostics.throw_if_any();
  return importer;
}

ImportReport import_with_progress(const Component<Importer>& importer, const std::string& source,
                                  const std::filesystem::path& store) {
  const InterruptGuard interrupts;
  ProgressLine line;
  const auto show = [&](int64_t done, int64_t total) {
    if (is_interrupted()) throw Interrupted();
    const double share = static_cast<double>(done) / static_cast<double>(total);
    line.show(total > 0 ? fmt::format("importing {} {}/{} clips", progress_bar(share), done, total)
                        : fmt::format("importing {} clips", done));
  };
  return importer.build({show})->import(source, store);
}

}  // namespace

int run_import(const Arguments& words) {
  po::options_description options;
  options.add_options()("set", po::value<Arguments>()->composing()->value_name("KEY=VALUE"),
                        "an option of the format, see `kinegraph describe importer FORMAT`")(
      "force", "replace the store if there is one");
  const ParsedArguments arguments =
      parse_arguments(words, find_verb("import"), options, {"FORMAT", "SOURCE", "STORE"});
  if (arguments.is_help) return 0;
  const std::filesystem::path store = arguments.text("STORE");
  if (std::filesystem::exists(store) && !arguments.has("force"))
    throw UsageError(store.string() + ": there is such a file already\n  --force replaces it.");
  const Component<Importer> importer = read_importer(arguments);
  const ImportReport report = import_with_progress(importer, arguments.text("SOURCE"), store);
  for (const auto& [reason, count] : report.rejected)
    log_warning(
        fmt::format("{} clips left out: {} (such as {})", count.first, reason, count.second));
  fmt::print("{}", describe(AnnotationStore::open(store)));
  return 0;
}

}  // namespace kinegraph
