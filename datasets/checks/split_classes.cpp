#include <set>

#include "framework/data/check.h"

namespace kinegraph {
namespace {

class SplitClasses : public Check {
 public:
  using Options = NoOptions;
  SplitClasses(const Options&, const Context& context) : store_(context.store) {}

  std::vector<Finding> findings() override {
    FaultCount empty, of_one_class;
    for (const auto& [name, clips] : store_.info().splits) {
      std::set<int64_t> labels;
      for (const int64_t clip : clips)
        for (const int64_t label : store_.clip(clip).labels) labels.insert(label);
      if (clips.empty()) empty.add(name);
      if (labels.size() == 1 && store_.info().num_classes() > 1) of_one_class.add(name);
    }
    std::vector<Finding> findings;
    empty.report(Severity::warning, "splits without clips",
                 "Was the import limited, or are files missing?", findings);
    of_one_class.report(Severity::warning, "splits with clips of one class only",
                        "Check the split, or the labels of its clips.", findings);
    return findings;
  }

 private:
  AnnotationStore store_;
};

KINEGRAPH_REGISTER(Check, "split_classes", SplitClasses, "splits with one class or no clip")

}  // namespace
}  // namespace kinegraph
