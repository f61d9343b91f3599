#include <algorithm>
#include <set>

#include "framework/data/check.h"
#include "framework/data/split_pairs.h"

namespace kinegraph {
namespace {

using Clips = std::vector<int64_t>;
using Field = std::optional<int64_t> ClipInfo::*;

/// Clips, and persons, that are both trained and tested on. Splits by camera or setup share persons
/// on purpose; so persons are looked at where the split's name speaks of them, and where it keeps
/// nothing else apart either.
class SplitOverlap : public Check {
 public:
  using Options = NoOptions;
  SplitOverlap(const Options&, const Context& context) : store_(context.store) {}

  std::vector<Finding> findings() override {
    std::vector<Finding> findings;
    for (const SplitPair& pair : split_pairs(store_.info().splits)) {
      const std::string names = fmt::format("both {} and {}", pair.train, pair.test);
      const Clips shared = report_clips(pair, names, findings);
      report_subjects(pair, names, shared, findings);
    }
    return findings;
  }

 private:
  /// What it returns is sorted.
  Clips report_clips(const SplitPair& pair, const std::string& names,
                     std::vector<Finding>& findings) const {
    Clips train = store_.split(pair.train), test = store_.split(pair.test), shared;
    std::sort(train.begin(), train.end());
    std::sort(test.begin(), test.end());
    test.erase(std::unique(test.begin(), test.end()), test.end());
    std::set_intersection(test.begin(), test.end(), train.begin(), train.end(),
                          std::back_inserter(shared));
    FaultCount faults;
    for (const int64_t clip : shared) faults.add(store_.id(clip));
    faults.report(Severity::error, "clips in " + names,
                  "Test results on them mean nothing. Take them out of one split.", findings);
    return shared;
  }

  void report_subjects(const SplitPair& pair, const std::string& names, const Clips& shared,
                       std::vector<Finding>& findings) const {
    const auto train = without(store_.split(pair.train), shared);
    const auto test = without(store_.split(pair.test), shared);
    const bool is_by_subject = pair.protocol.find("sub") != std::string::npos ||
                               pair.protocol.find("person") != std::string::npos;
    const bool is_by_other =
        are_apart(train, test, &ClipInfo::camera) || are_apart(train, test, &ClipInfo::setup);
    if (!is_by_subject && is_by_other) return;
    FaultCount faults;
    const auto trained = values_of(train, &ClipInfo::subject);
    for (const int64_t subject : values_of(test, &ClipInfo::subject))
      if (trained.count(subject) > 0) faults.add(fmt::format("subject {}", subject));
    faults.report(is_by_subject ? Severity::error : Severity::warning, "subjects in " + names,
                  "The test tells nothing about new persons. Split by subject.", findings);
  }

  static Clips without(const Clips& clips, const Clips& sorted) {
    Clips rest;
    for (const int64_t clip : clips)
      if (!std::binary_search(sorted.begin(), sorted.end(), clip)) rest.push_back(clip);
    return rest;
  }

  std::set<int64_t> values_of(const Clips& clips, Field field) const {
    std::set<int64_t> values;
    for (const int64_t clip : clips)
      if (const auto value = store_.clip(clip).*field) values.insert(*value);
    return values;
  }

  /// Whether both have values of the field, and none in common.
  bool are_apart(const Clips& train, const Clips& test, Field field) const {
    const auto a = values_of(train, field), b = values_of(test, field);
    return !a.empty() && !b.empty() &&
           std::none_of(b.begin(), b.end(), [&](int64_t value) { return a.count(value) > 0; });
  }

  AnnotationStore store_;
};

KINEGRAPH_REGISTER(Check, "split_overlap", SplitOverlap,
                   "clips and subjects that are both trained and tested on")

}  // namespace
}  // namespace kinegraph
