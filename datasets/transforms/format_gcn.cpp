#include <algorithm>

#include "datasets/transforms/compat.h"
#include "framework/data/transform.h"

namespace kinegraph {
namespace {

/// The input of a graph network: exactly `num_persons` persons, scores as the last channel:
/// (M, T, V, C) -> (num_persons, T, V, C or C + 1), as FormatGCNInput of PYSKL and MMAction2.
/// A person without any coordinate but 0 counts as absent.
class FormatGcn : public Transform {
 public:
  struct Options {
    int64_t num_persons = 2;
    std::string pad = "zero", compat = "none";

    template <class Fields>
    void describe(Fields& field) {
      field("num_persons", num_persons, "persons of the result; those beyond are left out",
            Range{1, 100});
      field("pad", pad, "absent persons are zero, or copies of the first", OneOf{{"zero", "loop"}});
      field("compat", compat,
            "none: as above; mmaction2: 'loop' copies only where the first is alone; pyskl: "
            "'loop' pads with zeros all the same",
            compat_names());
    }
  };

  FormatGcn(const Options& options, const Context&) : options_(options) {}

  void apply(Sample& sample, RandomSource&) const override {
    KeypointArray& x = sample.keypoints;
    if (x.persons == 0)
      throw clip_error(sample, "format_gcn", "at least one person", "Drop the clip.");
    if (x.frames % sample.num_clips != 0)
      throw clip_error(sample, "format_gcn",
                       fmt::format("a multiple of the {} test clips", sample.num_clips), "",
                       fmt::format("{} frames", x.frames));
    sample.append_scores();
    sample.resize_persons(options_.num_persons);
    if (options_.pad == "zero" || options_.compat == "pyskl") return;
    std::vector<int64_t> absent;
    for (int64_t m = 1; m < x.persons; ++m)
      if (!x.is_present(m)) absent.push_back(m);
    if (options_.compat == "mmaction2" && static_cast<int64_t>(absent.size()) + 1 < x.persons)
      return;
    for (const int64_t m : absent) std::copy(x.frame(0, 0), x.frame(1, 0), x.frame(m, 0));
  }

 private:
  Options options_;
};

KINEGRAPH_REGISTER(Transform, "format_gcn", FormatGcn,
                   "a fixed number of persons, scores as the last channel")

}  // namespace
}  // namespace kinegraph
