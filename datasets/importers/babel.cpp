#include "datasets/formats/prepared_import.h"
#include "framework/registry/registry.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

/// BABEL's features for action recognition: motion capture of AMASS on NTU's 25 joints, centred and
/// turned as 2s-AGCN does, in chunks of 5 s.  Punnakkal et al. 2021.
class Babel : public Importer {
 public:
  struct Options : PreparedOptions {
    int64_t classes = 60;

    template <class Fields>
    void describe(Fields& field) {
      PreparedOptions::describe(field);
      field("classes", classes, "the set of actions: 60 or 120, as in the file names",
            Range{1, 1000});
    }
  };

  Babel(const Options& options, const Context& context) : options_(options), context_(context) {}

  ImportReport import(const fs::path& source, const fs::path& store) const override {
    return import_prepared(open_babel_splits(source, options_.classes), {source, "babel", false},
                           options_, store, context_);
  }

 private:
  Options options_;
  Context context_;
};

KINEGRAPH_REGISTER(Importer, "babel", Babel,
                   "BABEL: <split>_ntu_sk_60.npy with <split>_label_60.pkl, or 120")

}  // namespace
}  // namespace kinegraph
