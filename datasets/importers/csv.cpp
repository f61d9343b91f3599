#include "datasets/formats/keypoint_csv.h"

namespace kinegraph {
namespace {

/// One's own clips as CSV; keypoint_csv.h tells the columns, datasets/examples/stick_figure has an
/// example.
class CsvClips : public Importer {
 public:
  struct Options : OwnDataOptions {
    std::vector<std::string> ignore;

    template <class Fields>
    void describe(Fields& field) {
      OwnDataOptions::describe(field);
      field("ignore", ignore, "columns to pass over");
    }
  };

  CsvClips(const Options& options, const Context& context)
      : options_(options), context_(context), skeleton_(Skeleton::load(options.skeleton)) {}

  ImportReport import(const std::filesystem::path& source,
                      const std::filesystem::path& store) const override {
    return import_own_clips(
        source, store, ".csv", skeleton_, options_, context_, R"({"importer": "csv"})",
        [this](const std::filesystem::path& path, const std::string& id, bool with_values) {
          return read_keypoint_csv(path, id, skeleton_, options_.ignore, with_values);
        });
  }

 private:
  Options options_;
  Context context_;
  Skeleton skeleton_;
};

KINEGRAPH_REGISTER(Importer, "csv", CsvClips,
                   "your own clips: CSV with columns frame, clip, label and <joint>_x, <joint>_y")

}  // namespace
}  // namespace kinegraph
