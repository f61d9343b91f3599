#include "datasets/formats/pyskl_import.h"
#include "framework/data/importer.h"

namespace kinegraph {
namespace {

/// Annotation pickles of PYSKL and MMAction2, of any protocol and Python: NTU (2D and 3D), FineGYM,
/// UCF101, HMDB51, Diving48, Kinetics-400 with its keypoint files, and one's own.
class Pyskl : public Importer {
 public:
  using Options = PysklOptions;

  Pyskl(const Options& options, const Context& context) : options_(options), context_(context) {}

  ImportReport import(const std::filesystem::path& source,
                      const std::filesystem::path& store) const override {
    return import_pyskl(source, store, options_, context_);
  }

 private:
  Options options_;
  Context context_;
};

KINEGRAPH_REGISTER(Importer, "pyskl", Pyskl, "PYSKL, MMAction2: an annotation pickle")

}  // namespace
}  // namespace kinegraph
