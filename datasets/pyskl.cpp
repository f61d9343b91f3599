#include <fmt/format.h>

#include "datasets/formats/pyskl_import.h"
#include "datasets/formats/store_cache.h"
#include "datasets/formats/store_split.h"
#include "framework/base/console.h"
#include "framework/base/interrupt.h"
#include "framework/config/yaml.h"
#include "framework/registry/registry.h"

namespace kinegraph {
namespace {

/// An annotation pickle of PYSKL or MMAction2, named in a config as there. It becomes a store once,
/// beside the pickle or in the user's cache.
class PysklDataset : public StoreSplit {
 public:
  struct Options : StoreSplitOptions {
    std::string ann_file, path;
    PysklOptions import;

    template <class Fields>
    void describe(Fields& field) {
      field("ann_file", ann_file, "annotation pickle, relative to the current folder", Required{});
      field("path", path, "annotation store that takes the place of ann_file, as in a prediction");
      StoreSplitOptions::describe(field);
      field("import", import, "how the pickle is read, as `kinegraph import pyskl` does");
    }
  };

  PysklDataset(const Options& options, const Context&) : StoreSplit(store_of(options), options) {}

 private:
  static std::filesystem::path store_of(const Options& options) {
    if (!options.path.empty()) return options.path;
    const std::string how = dump_yaml(Codec<PysklOptions>::write(options.import, nullptr));
    return cached_store(options.ann_file, how, [&](const std::filesystem::path& store) {
      log_info(fmt::format("converting {} to {}, once", options.ann_file, store.string()));
      Importer::Context context;
      context.progress = [](int64_t, int64_t) {
        if (is_interrupted()) throw Interrupted();
      };
      const ImportReport report = import_pyskl(options.ann_file, store, options.import, context);
      for (const auto& line : warnings_of(report)) log_warning(line);
    });
  }
};

KINEGRAPH_REGISTER(Dataset, "pyskl", PysklDataset, "a split of a PYSKL annotation pickle")

}  // namespace
}  // namespace kinegraph
