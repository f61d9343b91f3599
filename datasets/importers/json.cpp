#include "datasets/formats/keypoint_json.h"

namespace kinegraph {
namespace {

/// One's own clips as JSON; keypoint_json.h tells the form.
class JsonClips : public Importer {
 public:
  using Options = OwnDataOptions;

  JsonClips(const Options& options, const Context& context)
      : options_(options), context_(context), skeleton_(Skeleton::load(options.skeleton)) {}

  ImportReport import(const std::filesystem::path& source,
                      const std::filesystem::path& store) const override {
    return import_own_clips(
        source, store, ".json", skeleton_, options_, context_, R"({"importer": "json"})",
        [this](const std::filesystem::path& path, const std::string& id, bool with_values) {
          return read_keypoint_json(path, id, skeleton_, with_values);
        });
  }

 private:
  Options options_;
  Context context_;
  Skeleton skeleton_;
};

KINEGRAPH_REGISTER(Importer, "json", JsonClips,
                   "your own clips: JSON with keypoints as nested lists, in one file or many")

}  // namespace
}  // namespace kinegraph
