#include "framework/run/classifier.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "framework/run/checkpoint.h"
#include "framework/run/experiment.h"
#include "framework/run/scoring.h"

namespace kinegraph {
namespace {

/// A data set of one clip in memory.
class OneClip : public Dataset {
 public:
  OneClip(const DataInfo& info, Sample clip) : info_(info), clip_(std::move(clip)) {}
  const DataInfo& info() const override { return info_; }
  int64_t size() const override { return 1; }
  void read(int64_t, Sample& sample) const override { sample = clip_; }

 private:
  const DataInfo& info_;
  Sample clip_;
};

/// For messages.
std::string place_of(const Sample& clip, const std::string& source) {
  return clip.id.empty() ? source + ": the clip" : source + ": clip " + clip.id;
}

void require_finite(const Sample& clip, const Skeleton& skeleton, const std::string& source) {
  const KeypointArray& x = clip.keypoints;
  const auto bad = std::find_if_not(x.values.begin(), x.values.end(),
                                    [](double value) { return std::isfinite(value); });
  if (bad == x.values.end()) return;
  const int64_t at = (bad - x.values.begin()) / x.channels, joint = at % x.joints;
  throw DataError(
      Fault{fmt::format("{}, person {}, frame {}, joint {} ({})", place_of(clip, source),
                        at / (x.joints * x.frames), at / x.joints % x.frames, joint,
                        skeleton.joints[static_cast<size_t>(joint)]),
            fmt::format("the coordinate is {}", *bad), "a finite number",
            "Give 0 for a joint that was not seen."});
}

void require_clip(const Sample& clip, const Skeleton& skeleton, const std::string& source) {
  const KeypointArray& x = clip.keypoints;
  const auto fail = [&](const std::string& found, const std::string& expected) {
    throw DataError(Fault{place_of(clip, source), found, expected,
                          "See KeypointArray in framework/data/sample.h."});
  };
  if (x.joints != skeleton.joint_count())
    throw DataError(
        Fault{place_of(clip, source), fmt::format("{} joints", x.joints),
              fmt::format("the {} of the skeleton '{}'", skeleton.joint_count(), skeleton.name),
              "Give the joints in the order of Classifier::skeleton()."});
  if (std::min({x.persons, x.frames, x.channels}) < 1)
    fail("keypoints " + x.shape_text(), "at least one person, frame and channel");
  const int64_t joints = x.persons * x.frames * x.joints;
  const auto values = static_cast<int64_t>(x.values.size());
  if (values != joints * x.channels)
    fail(fmt::format("{} values", values),
         fmt::format("{} for keypoints {}", joints * x.channels, x.shape_text()));
  const auto scores = static_cast<int64_t>(clip.scores.size());
  if (scores != 0 && scores != joints)
    fail(fmt::format("{} scores", scores), fmt::format("none or {}", joints));
  require_finite(clip, skeleton, source);
}

/// The clip with persons of zeros up to `persons`.
Sample with_persons(Sample clip, int64_t persons) {
  KeypointArray& x = clip.keypoints;
  if (x.persons >= persons) return clip;
  x.persons = persons;
  x.values.resize(static_cast<size_t>(persons * x.frames * x.joints * x.channels));
  if (!clip.scores.empty()) clip.scores.resize(static_cast<size_t>(persons * x.frames * x.joints));
  return clip;
}

}  // namespace

struct Classifier::Parts {
  Parts(const Checkpoint& checkpoint, const std::string& file, const std::string& device_name)
      : config(load_config_text(checkpoint.config_yaml, file + ":config")),
        options(config.options),
        backbone(trained_context(checkpoint, file).backbone),
        info{file, backbone.skeleton, checkpoint.class_names, checkpoint.data_hash},
        pipeline(options.data.test.value_or(options.data.val).pipeline, info.skeleton),
        device(choose_device(device_name)),
        model(build_trained_model(config, checkpoint, file)) {
    model->to(device);
    model->eval();
  }

  /// One row for each test clip that the pipeline makes of the clip.
  at::Tensor logits(const Sample& clip) {
    LoaderOptions loading;
    loading.seed = static_cast<uint64_t>(options.seed);
    const auto persons = backbone.input("keypoints").persons;
    Loader loader(std::make_shared<OneClip>(info, with_persons(clip, persons)), pipeline, loading);
    require_trained_shapes(loader, clip);
    loader.start(0);
    const NamedTensors batch = to_device(loader.next()->inputs, device);
    return model->score(model->forward(batch)).to(at::kCPU, at::kDouble);
  }

  /// Of any length: whether a model minds is its own affair.
  void require_trained_shapes(const Loader& loader, const Sample& clip) const {
    for (const auto& [name, shape] : loader.input_shapes()) {
      const auto known = backbone.inputs.find(name);
      if (known == backbone.inputs.end()) continue;
      const InputShape& trained = known->second;
      if (shape[0] == trained.persons && shape[2] == trained.joints && shape[3] == trained.channels)
        continue;
      throw DataError(
          Fault{place_of(clip, info.source),
                fmt::format("the pipeline gives {}x{}x{}x{} (M,T,V,C) for '{}'", shape[0], shape[1],
                            shape[2], shape[3], name),
                fmt::format("{}x{}x{}x{}, on which the model was trained", trained.persons,
                            trained.frames, trained.joints, trained.channels),
                "Give as many channels as the training data have, and no more persons."});
    }
  }

  LoadedConfig config;
  const ExperimentOptions& options;
  Backbone::Context backbone;
  DataInfo info;
  Pipeline pipeline;
  c10::Device device;
  std::shared_ptr<Recognizer> model;
};

Classifier::Classifier(const std::filesystem::path& checkpoint, const std::string& device) {
  throw_registration_faults();
  parts_ = std::make_unique<Parts>(read_checkpoint(checkpoint), checkpoint.string(), device);
}

Classifier::~Classifier() = default;
Classifier::Classifier(Classifier&&) noexcept = default;
Classifier& Classifier::operator=(Classifier&&) noexcept = default;

const Skeleton& Classifier::skeleton() const { return parts_->info.skeleton; }

const std::vector<std::string>& Classifier::class_names() const { return parts_->info.class_names; }

std::vector<double> Classifier::probabilities(const Sample& clip) {
  require_clip(clip, skeleton(), parts_->info.source);
  const at::NoGradGuard no_grad;
  const at::Tensor rows = parts_->logits(clip);
  const bool averages_probabilities = parts_->options.clip_average == "probabilities";
  const at::Tensor mean =
      (averages_probabilities ? rows.softmax(1).mean(0) : rows.mean(0).softmax(0)).contiguous();
  return {mean.data_ptr<double>(), mean.data_ptr<double>() + mean.numel()};
}

std::vector<std::pair<std::string, double>> Classifier::top_k(const Sample& clip, int64_t k) {
  const std::vector<double> p = probabilities(clip);
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] > p[b]; });
  order.resize(std::min(order.size(), static_cast<size_t>(std::max<int64_t>(k, 0))));
  std::vector<std::pair<std::string, double>> best;
  for (const size_t label : order) best.emplace_back(class_names()[label], p[label]);
  return best;
}

}  // namespace kinegraph
