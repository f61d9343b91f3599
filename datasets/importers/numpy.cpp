#include "datasets/formats/prepared_import.h"
#include "framework/registry/registry.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

/// Arrays that other code has prepared for training. What was done to them (padding, centring,
/// rotation) stays in them.
class Numpy : public Importer {
 public:
  struct Options : PreparedOptions {
    std::string third_channel = "auto";
    int64_t npz_joints = 25;

    template <class Fields>
    void describe(Fields& field) {
      PreparedOptions::describe(field);
      field("third_channel", third_channel,
            "what it is; auto: the score for 17 and 18 joints, as in Kinetics-skeleton",
            OneOf{{"auto", "coordinate", "score"}});
      field("npz_joints", npz_joints, "joints of a person in an .npz file", Range{1, 4096});
    }
  };

  Numpy(const Options& options, const Context& context) : options_(options), context_(context) {}

  ImportReport import(const fs::path& source, const fs::path& store) const override {
    auto splits = open_prepared_splits(source, options_.npz_joints);
    const PreparedSource from{source, "numpy", has_score_channel(*splits.front())};
    return import_prepared(std::move(splits), from, options_, store, context_);
  }

 private:
  bool has_score_channel(const PreparedSplit& split) const {
    if (options_.third_channel != "auto") return options_.third_channel == "score";
    return split.num_channels == 3 && (split.num_joints == 17 || split.num_joints == 18);
  }

  Options options_;
  Context context_;
};

KINEGRAPH_REGISTER(Importer, "numpy", Numpy,
                   "arrays prepared for ST-GCN, 2s-AGCN, MS-G3D (.npy) or CTR-GCN (.npz)")

}  // namespace
}  // namespace kinegraph
