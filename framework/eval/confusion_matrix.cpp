#include "framework/eval/confusion_matrix.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace kinegraph {
namespace {

double share(int64_t part, int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::vector<int64_t> count_pairs(const Scores& scores) {
  require_labels(scores);
  const auto predictions = predicted_classes(scores);
  std::vector<int64_t> counts(scores.num_classes() * scores.num_classes());
  for (int64_t clip = 0; clip < scores.num_clips(); ++clip)
    ++counts[scores.labels[clip] * scores.num_classes() + predictions[clip]];
  return counts;
}

}  // namespace

ConfusionMatrix::ConfusionMatrix(const Scores& scores)
    : ConfusionMatrix(scores.num_classes(), count_pairs(scores)) {}

ConfusionMatrix::ConfusionMatrix(int64_t num_classes, std::vector<int64_t> counts)
    : num_classes_(num_classes),
      total_(std::accumulate(counts.begin(), counts.end(), int64_t{0})),
      counts_(std::move(counts)),
      support_(num_classes_),
      predicted_(num_classes_) {
  for (int64_t truth = 0; truth < num_classes_; ++truth)
    for (int64_t predicted = 0; predicted < num_classes_; ++predicted) {
      support_[truth] += count(truth, predicted);
      predicted_[predicted] += count(truth, predicted);
    }
}

std::string_view name_of(Normalize normalize) {
  constexpr std::string_view kNames[] = {"none", "true", "pred", "all"};
  return kNames[static_cast<size_t>(normalize)];
}

std::vector<int64_t> ConfusionMatrix::occurring_classes() const {
  std::vector<int64_t> classes;
  for (int64_t label = 0; label < num_classes_; ++label)
    if (support_[label] + predicted_[label] > 0) classes.push_back(label);
  return classes;
}

std::vector<double> normalized_cells(const ConfusionMatrix& matrix, Normalize normalize) {
  const auto whole = [&](int64_t truth, int64_t predicted) -> int64_t {
    switch (normalize) {
      case Normalize::by_truth:
        return matrix.support(truth);
      case Normalize::by_predicted:
        return matrix.predicted(predicted);
      case Normalize::by_all:
        return matrix.total();
      case Normalize::none:
        break;
    }
    return 1;
  };
  std::vector<double> cells;
  cells.reserve(matrix.num_classes() * matrix.num_classes());
  for (int64_t truth = 0; truth < matrix.num_classes(); ++truth)
    for (int64_t predicted = 0; predicted < matrix.num_classes(); ++predicted)
      cells.push_back(share(matrix.count(truth, predicted), whole(truth, predicted)));
  return cells;
}

std::vector<ConfusedPair> most_confused(const ConfusionMatrix& matrix, size_t limit) {
  std::vector<ConfusedPair> pairs;
  for (int64_t truth = 0; truth < matrix.num_classes(); ++truth)
    for (int64_t predicted = 0; predicted < matrix.num_classes(); ++predicted)
      if (truth != predicted && matrix.count(truth, predicted) > 0)
        pairs.push_back({truth, predicted, matrix.count(truth, predicted)});
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const ConfusedPair& a, const ConfusedPair& b) { return a.count > b.count; });
  if (pairs.size() > limit) pairs.resize(limit);
  return pairs;
}

}  // namespace kinegraph
