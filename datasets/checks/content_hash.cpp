#include "framework/data/check.h"

namespace kinegraph {
namespace {

class ContentHash : public Check {
 public:
  using Options = NoOptions;
  ContentHash(const Options&, const Context& context) : store_(context.store) {}

  std::vector<Finding> findings() override {
    const std::string found = store_.computed_sha256();
    if (found == store_.content_sha256()) return {};
    return {{Severity::error,
             "content that is not what was written (SHA-256)",
             1,
             {fmt::format("found {}, stored {}", found, store_.content_sha256())},
             "The file was damaged or edited; import the data again."}};
  }

 private:
  AnnotationStore store_;
};

KINEGRAPH_REGISTER(Check, "content_hash", ContentHash, "whether the content has its stored SHA-256")

}  // namespace
}  // namespace kinegraph
