#include <ATen/ATen.h>

#include "framework/model/backbone.h"

namespace kinegraph {
namespace {

/// Cross-entropy of logits, averaged over the batch (weighted by class when weights are given).
class CrossEntropy : public Loss {
 public:
  struct Options {
    std::string target = "score";
    double label_smoothing = 0.0;
    std::vector<double> class_weights;

    template <class Fields>
    void describe(Fields& field) {
      field("target", target,
            "'score': of the combined score; 'heads': the mean of every head's own loss",
            OneOf{{"score", "heads"}});
      field("label_smoothing", label_smoothing, "share of the label given to all classes alike",
            Range{0, 1});
      field("class_weights", class_weights, "one factor for each class; empty: all 1", Range{0});
    }
  };

  CrossEntropy(const Options& options, const Context& context) : options_(options) {
    if (options.class_weights.empty()) return;
    const auto count = static_cast<int64_t>(options.class_weights.size());
    if (count != context.num_classes)
      throw ConfigError(Fault{"loss 'cross_entropy'", fmt::format("{} class_weights", count),
                              fmt::format("one for each of the {} classes", context.num_classes),
                              ""});
    class_weights_ = at::tensor(options.class_weights, at::kDouble).to(at::kFloat);
  }

  at::Tensor forward(const NamedTensors& outputs, const at::Tensor& score,
                     const at::Tensor& labels) override {
    if (options_.target == "score") return loss_of(score, labels);
    at::Tensor sum;
    for (const auto& [name, logits] : outputs) {
      const auto loss = loss_of(logits, labels);
      sum = sum.defined() ? sum + loss : loss;
    }
    return sum / static_cast<double>(outputs.size());
  }

 private:
  at::Tensor loss_of(const at::Tensor& logits, const at::Tensor& labels) {
    if (class_weights_.defined()) class_weights_ = class_weights_.to(logits.options());
    return at::cross_entropy_loss(logits, labels, class_weights_, at::Reduction::Mean,
                                  /*ignore_index=*/-100, options_.label_smoothing);
  }

  Options options_;
  // No buffer: checkpoints keep those, and a resumed run takes the weights from its config.
  at::Tensor class_weights_;
};

KINEGRAPH_REGISTER(Loss, "cross_entropy", CrossEntropy,
                   "cross-entropy with label smoothing and class weights")

}  // namespace
}  // namespace kinegraph
