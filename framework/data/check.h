// Checks of an annotation store, each one .cpp in datasets/checks, registered under its file's
// name. `kinegraph doctor` runs them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "framework/io/annotation_store.h"
#include "framework/registry/registry.h"
#include "framework/skeleton/skeleton.h"

namespace kinegraph {

/// note: worth knowing. warning: results may suffer. error: results would be wrong.
enum class Severity { note, warning, error };
std::string_view name_of(Severity severity);

/// Something that is to be said about a store.
struct Finding {
  Severity severity;
  std::string text;  // "clips of a single frame": what `count` counts
  int64_t count = 0;
  std::vector<std::string> examples;  // the first of them, or all
  std::string remedy;                 // what to do
  std::string check = {};             // name of the check; find_faults() sets it
};

/// Counts faults and keeps what each is called.
class FaultCount {
 public:
  void add(const std::string& example) { examples_.push_back(example); }
  int64_t count() const { return static_cast<int64_t>(examples_.size()); }
  /// Appends a finding to `findings` unless the count is 0.
  void report(Severity severity, const std::string& text, const std::string& remedy,
              std::vector<Finding>& findings) const;

 private:
  std::vector<std::string> examples_;
};

class Check {
 public:
  static constexpr const char* kKind = "check";
  struct Context {
    AnnotationStore store;  // opened with Labels::any
    Skeleton skeleton;
  };
  using Conclusion = std::function<void()>;

  virtual ~Check() = default;

  /// Looks at a clip. Many threads call this at once, in any order, so it changes nothing; the
  /// conclusion that it returns (or none) may: those run on one thread, in the order of the clips.
  virtual Conclusion examine(int64_t index, const Clip& clip) {
    (void)index, (void)clip;
    return {};
  }

  /// Called once, after all clips.
  virtual std::vector<Finding> findings() = 0;
};

/// A check that looks at every clip by itself, for one kind of fault.
class ClipCheck : public Check {
 public:
  explicit ClipCheck(const Context& context) : context_(context) {}

  Conclusion examine(int64_t index, const Clip& clip) final;
  std::vector<Finding> findings() final;

 protected:
  /// What is wrong with the clip, to stand behind its id as an example, such as "frame 3, joint
  /// head"; may be empty.
  struct Fault {
    std::string detail;
  };
  virtual std::optional<Fault> find_fault(const Clip& clip) const = 0;
  /// What to report when clips have the fault; count and examples are filled in.
  virtual Finding finding() const = 0;

  const Context& context() const { return context_; }
  const StoreInfo& info() const { return context_.store.info(); }

 private:
  Context context_;
  FaultCount faults_;
};

/// Runs the checks over the store, which is read once, clip by clip, by `threads` threads (0: one
/// for each processor). Findings come with the gravest first. Throws DataError when the file fails.
std::vector<Finding> find_faults(const Check::Context& context,
                                 const std::vector<Component<Check>>& checks, int threads,
                                 const std::function<void(int64_t, int64_t)>& progress = {});

}  // namespace kinegraph
