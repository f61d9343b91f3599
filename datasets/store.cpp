#include "datasets/formats/store_split.h"
#include "framework/registry/registry.h"

namespace kinegraph {
namespace {

/// One split of an annotation store, or all of it.
class Store : public StoreSplit {
 public:
  struct Options : StoreSplitOptions {
    std::string path;

    template <class Fields>
    void describe(Fields& field) {
      field("path", path, "annotation store, relative to the current folder", Required{});
      StoreSplitOptions::describe(field);
    }
  };

  Store(const Options& options, const Context&) : StoreSplit(options.path, options) {}
};

KINEGRAPH_REGISTER(Dataset, "store", Store, "a split of an annotation store")

}  // namespace
}  // namespace kinegraph
