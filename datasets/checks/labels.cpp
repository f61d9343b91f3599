#include <algorithm>
#include <nlohmann/json.hpp>

#include "framework/data/check.h"

namespace kinegraph {
namespace {

/// Labels against the class list. Labels that count from 1 leave class 0 empty, and its last class
/// may lie outside the list.
class Labels : public Check {
 public:
  using Options = NoOptions;
  Labels(const Options&, const Context& context)
      : info_(context.store.info()), clips_(static_cast<size_t>(info_.num_classes())) {
    const auto provenance = nlohmann::json::parse(info_.provenance, nullptr, false);
    if (provenance.is_object() && provenance.contains("labels_start_at"))
      source_starts_at_one_ = provenance["labels_start_at"] == 1;
  }

  Conclusion examine(int64_t, const Clip& clip) override {
    return [this, id = clip.id, labels = clip.labels] { count(id, labels); };
  }

  std::vector<Finding> findings() override {
    std::vector<Finding> findings;
    if (counts_from_one()) {
      findings.push_back({outside_.count() > 0 ? Severity::error : Severity::warning,
                          "labels that count from 1", num_labels_, first_,
                          "No clip has label 0. Import again with classes counted from 1 (option "
                          "labels_start_at), or correct the labels."});
    } else {
      outside_.report(
          Severity::error, "labels outside the class list",
          fmt::format("There are {} classes; labels count from 0. Correct the labels or "
                      "the class names.",
                      info_.num_classes()),
          findings);
    }
    if (source_starts_at_one_)
      findings.push_back({Severity::note, "labels that counted from 1 in the source", num_labels_,
                          first_,
                          "In the store they count from 0. Scores made elsewhere may not."});
    report_empty_classes(findings);
    return findings;
  }

 private:
  void count(const std::string& id, const std::vector<int64_t>& labels) {
    for (const int64_t label : labels) {
      const std::string example = fmt::format("{} ({})", id, label);
      if (num_labels_++ < kMaxExamples) first_.push_back(example);
      largest_ = std::max(largest_, label);
      smallest_ = num_labels_ == 1 ? label : std::min(smallest_, label);
      if (label >= 0 && label < info_.num_classes())
        ++clips_[static_cast<size_t>(label)];
      else
        outside_.add(example);
    }
  }

  /// The labels are 1..K-1 with a made-up class 0, or 1..K with the last outside the list.
  bool counts_from_one() const {
    return info_.num_classes() > 1 && num_labels_ > 0 && smallest_ == 1 &&
           (largest_ == info_.num_classes() - 1 || largest_ == info_.num_classes());
  }

  void report_empty_classes(std::vector<Finding>& findings) const {
    if (num_labels_ == 0) return;  // nothing is labelled, so nothing is missing
    FaultCount empty;
    for (size_t label = counts_from_one() ? 1 : 0; label < clips_.size(); ++label)
      if (clips_[label] == 0) empty.add(fmt::format("{} ({})", info_.class_names[label], label));
    empty.report(Severity::warning, "classes without clips",
                 "Is part of the data missing? Else take them out of the class list.", findings);
  }

  static constexpr int64_t kMaxExamples = 5;

  StoreInfo info_;
  bool source_starts_at_one_ = false;
  std::vector<int64_t> clips_;  // of each class
  int64_t num_labels_ = 0, smallest_ = 0, largest_ = -1;
  std::vector<std::string> first_;
  FaultCount outside_;
};

KINEGRAPH_REGISTER(Check, "labels", Labels,
                   "labels outside the class list or counted from 1; classes without clips")

}  // namespace
}  // namespace kinegraph
