#include "framework/cli/import.h"

#include "framework/base/console.h"
#include "framework/base/interrupt.h"
#include "framework/config/compose.h"
#include "framework/io/annotation_store.h"

namespace po = boost::program_options;

namespace kinegraph {

Component<Importer> read_importer(const std::string& format, const Arguments& assignments) {
  Diagnostics diagnostics;
  const Location here{"import", 0, 0};
  Node tree = Node::make_map(here);
  tree.set("type", Node::make_scalar(format, here));
  for (const auto& assignment : assignments) apply_override(tree, assignment, diagnostics);
  Component<Importer> importer;
  importer.read(tree, diagnostics);
  diagnostics.throw_if_any();
  return importer;
}

void import_with_progress(const Component<Importer>& importer, const std::filesystem::path& source,
                          const std::filesystem::path& store, Importer::Context context) {
  const InterruptGuard interrupts;
  ProgressLine line;
  context.progress = [&](int64_t done, int64_t total) {
    if (is_interrupted()) throw Interrupted();
    const double share = static_cast<double>(done) / static_cast<double>(total);
    line.show(total > 0 ? fmt::format("importing {} {}/{} clips", progress_bar(share), done, total)
                        : fmt::format("importing {} clips", done));
  };
  const ImportReport report = importer.build(context)->import(source, store);
  line.clear();
  for (const auto& text : warnings_of(report)) log_warning(text);
}

namespace {

Importer::Context context_of(const ParsedArguments& arguments) {
  Importer::Context context;
  if (arguments.has("limit")) {
    context.limit = arguments.values["limit"].as<int64_t>();
    if (*context.limit < 1)
      throw UsageError(fmt::format("--limit is {}; expected 1 or more", *context.limit));
  }
  context.splits = arguments.list("split");
  context.is_strict = arguments.has("strict");
  return context;
}

struct ImportPaths {
  std::filesystem::path source, store;
};

/// Takes the words after FORMAT, of which a format without a source has one only.
ImportPaths paths_of(const ParsedArguments& arguments, const Component<Importer>& importer) {
  const bool needs_source = importer.build({})->needs_source();
  const std::string format = importer.type();
  const auto refuse = [&](const std::string& what) {
    throw UsageError(fmt::format("{}\n  usage: kinegraph import {} {} [options]", what, format,
                                 needs_source ? "SOURCE STORE" : "STORE"));
  };
  const std::string first = arguments.text("SOURCE"), second = arguments.text("STORE");
  if (!needs_source && !second.empty())
    refuse(
        fmt::format("{} makes its clips itself and takes no SOURCE, but two words follow it: "
                    "'{}' and '{}'",
                    format, first, second));
  if (first.empty()) refuse(needs_source ? "SOURCE is missing" : "STORE is missing");
  if (needs_source && second.empty())
    refuse(fmt::format("STORE is missing; {} reads a SOURCE, and only '{}' follows it", format,
                       first));
  return needs_source ? ImportPaths{first, second} : ImportPaths{"", first};
}

po::options_description import_options() {
  po::options_description options;
  options.add_options()("set", po::value<Arguments>()->composing()->value_name("KEY=VALUE"),
                        "an option of the format, see `kinegraph describe importer FORMAT`")(
      "split", po::value<Arguments>()->composing()->value_name("NAME"),
      "only this split and its clips; may be repeated")(
      "limit", po::value<int64_t>()->value_name("N"), "only the first N clips")(
      "strict", "stop at the first clip that cannot be used; without it such clips are left out")(
      "force", "replace the store if there is one");
  return options;
}

}  // namespace

int run_import(const Arguments& words) {
  const ParsedArguments arguments = parse_arguments(words, find_verb("import"), import_options(),
                                                    {"FORMAT", "SOURCE?", "STORE?"});
  if (arguments.is_help) return 0;
  const auto importer = read_importer(arguments.text("FORMAT"), arguments.list("set"));
  const auto [source, store] = paths_of(arguments, importer);
  if (std::filesystem::exists(store) && !arguments.has("force"))
    throw UsageError(store.string() + ": there is such a file already\n  --force replaces it.");
  import_with_progress(importer, source, store, context_of(arguments));
  fmt::print("{}", describe(AnnotationStore::open(store)));
  return 0;
}

}  // namespace kinegraph
