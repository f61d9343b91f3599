#include "framework/data/check.h"

#include <algorithm>
#include <iterator>

#include "framework/base/parallel.h"

namespace kinegraph {

std::string_view name_of(Severity severity) {
  constexpr std::string_view kNames[] = {"note", "warning", "error"};
  return kNames[static_cast<size_t>(severity)];
}

void FaultCount::report(Severity severity, const std::string& text, const std::string& remedy,
                        std::vector<Finding>& findings) const {
  if (count() > 0) findings.push_back({severity, text, count(), examples_, remedy});
}

Check::Conclusion ClipCheck::examine(int64_t, const Clip& clip) {
  const auto fault = find_fault(clip);
  if (!fault) return {};
  const std::string example =
      fault->detail.empty() ? clip.id : fmt::format("{} ({})", clip.id, fault->detail);
  return [this, example] { faults_.add(example); };
}

std::vector<Finding> ClipCheck::findings() {
  std::vector<Finding> findings;
  const Finding what = finding();
  faults_.report(what.severity, what.text, what.remedy, findings);
  return findings;
}

std::vector<Finding> find_faults(const Check::Context& context,
                                 const std::vector<Component<Check>>& checks, int threads,
                                 const std::function<void(int64_t, int64_t)>& progress) {
  const AnnotationStore& store = context.store;
  std::vector<std::shared_ptr<Check>> running;
  for (const auto& check : checks) running.push_back(check.build(context));
  using Conclusions = std::vector<Check::Conclusion>;
  ordered_parallel(
      store.num_clips(), threads,
      [&](int64_t index) {
        const Clip clip = store.read(index);
        Conclusions conclusions;
        for (const auto& check : running)
          if (auto conclusion = check->examine(index, clip))
            conclusions.push_back(std::move(conclusion));
        return conclusions;
      },
      [&](int64_t index, const Conclusions& conclusions) {
        for (const auto& conclude : conclusions) conclude();
        if (progress) progress(index + 1, store.num_clips());
      });
  std::vector<Finding> findings;
  for (size_t i = 0; i < checks.size(); ++i)
    for (Finding& finding : running[i]->findings()) {
      finding.check = checks[i].type();
      findings.push_back(std::move(finding));
    }
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  return findings;
}

}  // namespace kinegraph
