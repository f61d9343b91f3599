#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_set>

#include "datasets/formats/import_clips.h"
#include "datasets/ntu/benchmark.h"
#include "datasets/ntu/body_rules.h"
#include "datasets/ntu/missing_list.h"
#include "datasets/ntu/recording.h"
#include "datasets/ntu/recordings.h"
#include "framework/base/text.h"
#include "framework/skeleton/skeleton.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

std::vector<std::string> rule_names() {
  std::vector<std::string> names;
  for (const auto& rule : ntu::body_rules()) names.emplace_back(rule.name);
  return names;
}

/// A recording that is to become a clip.
struct Job {
  int64_t recording = 0;
  std::optional<ntu::ClipName> name;  // none only for a single file
};

/// The raw skeletons of NTU RGB+D (60 or 120 actions) as the Kinect v2 gave them; a rule of one of
/// the published code bases says which bodies act. Splits by the definition of the benchmark, clips
/// sorted by name. Positions stay as recorded: centring, turning and padding are transforms.
class NtuRaw : public Importer {
 public:
  struct Options {
    std::string rule = "ms_g3d";
    std::string benchmark = "auto";
    std::vector<std::string> missing;
    std::string precision = "published";
    int64_t threads = 0;

    template <class Fields>
    void describe(Fields& field) {
      field("rule", rule, "whose choice of bodies; ms_g3d: also 2s-AGCN, DualHead-Net, Shift-GCN",
            OneOf{rule_names()});
      field("benchmark", benchmark, "auto: ntu120 if there is an action above 60",
            OneOf{{"auto", "ntu60", "ntu120"}});
      field("missing", missing,
            "[FILE, ...]: the data set's lists of samples with missing skeletons, which are left "
            "out");
      field("precision", precision, "published: float16 for pyskl and mmaction2, else float32",
            OneOf{{"published", "float16", "float32", "float64"}});
      field("threads", threads, "that read and parse; 0: one for each processor", Range{0, 256});
    }
  };

  NtuRaw(const Options& options, const Context& context) : options_(options), context_(context) {
    const auto& rules = ntu::body_rules();
    rule_ = *std::find_if(rules.begin(), rules.end(),
                          [&](const ntu::BodyRule& rule) { return rule.name == options.rule; });
  }

  ImportReport import(const fs::path& source, const fs::path& store) const override {
    const ntu::Recordings recordings(source);
    std::vector<Job> jobs = jobs_of(recordings, context_.is_strict);
    const ntu::Benchmark benchmark = benchmark_of(jobs);
    const ImportReport left_out = leave_out(jobs, recordings, benchmark);
    if (jobs.empty())
      throw DataError(Fault{source.string(), join(warnings_of(left_out)), "a clip that is left",
                            "Is the source the right one?"});
    ImportWriter writer(source, store, store_info(benchmark), context_);
    writer.set_splits(splits_of(jobs, recordings, benchmark), static_cast<int64_t>(jobs.size()));
    std::vector<std::string> ids;
    for (const Job& job : jobs) ids.push_back(recordings.id(job.recording));
    import_clips(writer, ids, options_.threads,
                 [&](size_t i) { return read(jobs[i], recordings, benchmark); });
    ImportReport report = writer.finish();
    report.rejected.insert(left_out.rejected.begin(), left_out.rejected.end());
    return report;
  }

 private:
  /// Throws DataError when none of several recordings has a name of NTU RGB+D; when `is_strict`,
  /// also when one of them has not.
  static std::vector<Job> jobs_of(const ntu::Recordings& recordings, bool is_strict) {
    std::vector<Job> jobs;
    for (int64_t i = 0; i < recordings.size(); ++i)
      jobs.push_back({i, ntu::ClipName::parse(recordings.id(i))});
    const auto is_nameless = [](const Job& job) { return !job.name; };
    const auto first = std::find_if(jobs.begin(), jobs.end(), is_nameless);
    const bool are_none_named = std::all_of(jobs.begin(), jobs.end(), is_nameless);
    if (first != jobs.end() && !recordings.is_single_file() && (is_strict || are_none_named))
      throw DataError(Fault{recordings.where(first->recording),
                            fmt::format("the clip name '{}'", recordings.id(first->recording)),
                            "SsssCcccPpppRrrrAaaa of NTU RGB+D, such as S001C002P003R002A013",
                            "Is this NTU RGB+D? A file of another name can be imported alone."});
    return jobs;
  }

  ntu::Benchmark benchmark_of(const std::vector<Job>& jobs) const {
    if (options_.benchmark == "ntu60") return ntu::Benchmark::ntu60;
    if (options_.benchmark == "ntu120") return ntu::Benchmark::ntu120;
    const bool is_beyond = std::any_of(jobs.begin(), jobs.end(), [](const Job& job) {
      return job.name && job.name->action > ntu::num_actions(ntu::Benchmark::ntu60);
    });
    return is_beyond ? ntu::Benchmark::ntu120 : ntu::Benchmark::ntu60;
  }

  /// Removes the jobs without a name of NTU RGB+D, missing skeletons and actions beyond the
  /// benchmark; says how many and why.
  ImportReport leave_out(std::vector<Job>& jobs, const ntu::Recordings& recordings,
                         ntu::Benchmark benchmark) const {
    std::unordered_set<std::string> missing;
    for (const auto& path : options_.missing)
      for (auto& id : ntu::read_missing_list(path)) missing.insert(std::move(id));
    ImportReport report;
    const auto is_out = [&](const Job& job) {
      const std::string& id = recordings.id(job.recording);
      std::string reason;
      if (missing.count(id) > 0)
        reason = "listed as having missing skeletons";
      else if (!job.name && !recordings.is_single_file())
        reason = "a name that is no clip's of NTU RGB+D";
      else if (job.name && job.name->action > ntu::num_actions(benchmark))
        reason = "an action beyond the 60 of benchmark ntu60";
      else
        return false;
      auto& [count, example] = report.rejected[reason];
      if (count++ == 0) example = id;
      return true;
    };
    jobs.erase(std::remove_if(jobs.begin(), jobs.end(), is_out), jobs.end());
    return report;
  }

  static SplitIds splits_of(const std::vector<Job>& jobs, const ntu::Recordings& recordings,
                            ntu::Benchmark benchmark) {
    SplitIds splits;
    for (const auto& name : ntu::split_names(benchmark)) splits[name];
    for (const Job& job : jobs)
      if (job.name)
        for (const auto& split : ntu::splits_of(*job.name, benchmark))
          splits[split].push_back(recordings.id(job.recording));
    return splits;
  }

  Clip read(const Job& job, const ntu::Recordings& recordings, ntu::Benchmark benchmark) const {
    Clip clip;
    clip.id = recordings.id(job.recording);
    if (job.name) {
      clip.labels = {job.name->action - 1};
      clip.subject = job.name->subject;
      clip.camera = job.name->camera;
      clip.setup = job.name->setup;
      clip.replication = job.name->replication;
    }
    const std::string where = recordings.where(job.recording);
    const ntu::Recording recording = ntu::parse_recording(recordings.read(job.recording), where);
    if (recording.num_bodies() == 0) refuse(where, "no body in any frame");
    ntu::Bodies bodies = rule_.select(recording, benchmark);
    if (bodies.persons == 0 || bodies.frames == 0)
      refuse(where, fmt::format("no body that rule {} takes for a person", rule_.name));
    clip.num_persons = bodies.persons;
    clip.num_frames = bodies.frames;
    clip.keypoints = std::move(bodies.joints);
    return clip;
  }

  [[noreturn]] static void refuse(const std::string& where, const std::string& found) {
    throw UnusableClip(found,
                       Fault{where, found, "a recording of at least one person",
                             "Name the data set's lists of missing skeletons in 'missing'."});
  }

  StoreInfo store_info(ntu::Benchmark benchmark) const {
    const Skeleton skeleton = Skeleton::load("ntu25");
    StoreInfo info;
    info.skeleton = skeleton.name;
    info.skeleton_layout = skeleton.to_yaml();
    info.num_joints = ntu::kJoints;
    info.coordinates = Coordinates::metres;
    info.precision = options_.precision == "float64"   ? Precision::float64
                     : options_.precision == "float32" ? Precision::float32
                     : options_.precision == "float16" ? Precision::float16
                                                       : rule_.precision;
    info.class_names = ntu::action_names(benchmark);
    info.provenance =
        nlohmann::json{{"importer", "ntu_raw"},
                       {"rule", options_.rule},
                       {"benchmark", benchmark == ntu::Benchmark::ntu60 ? "ntu60" : "ntu120"}}
            .dump();
    return info;
  }

  Options options_;
  Context context_;
  ntu::BodyRule rule_;
};

KINEGRAPH_REGISTER(Importer, "ntu_raw", NtuRaw,
                   "NTU RGB+D 60 and 120: folders, zips or one file of raw .skeleton recordings")

}  // namespace
}  // namespace kinegraph
