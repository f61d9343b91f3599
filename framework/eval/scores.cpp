#include "framework/eval/scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "framework/base/error.h"
#include "framework/io/sha256.h"

namespace kinegraph {
namespace {

void check_sizes(const Scores& scores, const std::string& where) {
  if (scores.class_names.empty())
    throw DataError(Fault{where, "no class names", "at least one class", ""});
  if (scores.ids.empty())
    throw DataError(Fault{where, "no clips", "at least one clip",
                          "Check the split and the filters of the test data."});
  const size_t clips = scores.ids.size(), classes = scores.class_names.size();
  if (!scores.labels.empty() && scores.labels.size() != clips)
    throw DataError(Fault{where, fmt::format("{} labels", scores.labels.size()),
                          fmt::format("one for each of {} clips", clips), ""});
  if (scores.values.size() != clips * classes)
    throw DataError(
        Fault{where, fmt::format("{} scores", scores.values.size()),
              fmt::format("{} clips x {} classes = {}", clips, classes, clips * classes),
              "The model and the data may have different classes."});
}

void check_clip(const Scores& scores, int64_t clip, const std::string& where) {
  const auto place = [&] { return fmt::format("{}: clip {}", where, scores.ids[clip]); };
  const int64_t classes = scores.num_classes();
  const int64_t label = scores.labels.empty() ? 0 : scores.labels[clip];
  if (label < 0 || label >= classes)
    throw DataError(Fault{place(), fmt::format("label {}", label),
                          fmt::format("a label in 0..{}", classes - 1),
                          "The labels and the class names may be of different data sets."});
  const float* row = scores.row(clip);
  const float* bad = std::find_if(row, row + classes, [](float x) { return !std::isfinite(x); });
  if (bad != row + classes)
    throw DataError(Fault{
        place(),
        fmt::format("score {} for class {} ({})", *bad, bad - row, scores.class_names[bad - row]),
        "finite scores", "Check the clip's keypoints, and whether the training diverged."});
}

}  // namespace

std::string_view name_of(ScoreKind kind) {
  constexpr std::array<std::string_view, 3> kNames{"logits", "probabilities", "weighted_sum"};
  return kNames[static_cast<size_t>(kind)];
}

Scores::Scores(std::vector<std::string> clip_ids, std::vector<int64_t> true_labels,
               std::vector<std::string> names, std::vector<float> score_values,
               ScoreKind score_kind, const std::string& where)
    : ids(std::move(clip_ids)),
      labels(std::move(true_labels)),
      class_names(std::move(names)),
      values(std::move(score_values)),
      kind(score_kind) {
  check_sizes(*this, where);
  for (int64_t clip = 0; clip < num_clips(); ++clip) check_clip(*this, clip, where);
}

void require_labels(const Scores& scores, const std::string& where) {
  if (scores.labels.empty())
    throw DataError(Fault{where, "no labels", "the true class of every clip",
                          "Measure on labelled clips; `kinegraph predict` needs no labels."});
}

Scores softmax(Scores scores) {
  if (scores.kind != ScoreKind::logits)
    throw DataError(Fault{"softmax", fmt::format("scores that are {}", name_of(scores.kind)),
                          "logits", "Use these scores as they are."});
  const int64_t classes = scores.num_classes();
  std::vector<double> powers(classes);
  for (int64_t clip = 0; clip < scores.num_clips(); ++clip) {
    float* row = scores.values.data() + clip * classes;
    const double highest = *std::max_element(row, row + classes);
    std::transform(row, row + classes, powers.begin(),
                   [&](double logit) { return std::exp(logit - highest); });
    const double sum = std::accumulate(powers.begin(), powers.end(), 0.0);
    std::transform(powers.begin(), powers.end(), row,
                   [&](double power) { return static_cast<float>(power / sum); });
  }
  scores.kind = ScoreKind::probabilities;
  return scores;
}

int64_t rank_of(const Scores& scores, int64_t clip, int64_t label) {
  const float* row = scores.row(clip);
  const float own = row[label];
  int64_t rank = 0;
  for (int64_t other = 0; other < scores.num_classes(); ++other)
    rank += row[other] > own || (row[other] == own && other < label);
  return rank;
}

std::vector<int64_t> top_k(const Scores& scores, int64_t clip, int64_t k) {
  const float* row = scores.row(clip);
  std::vector<int64_t> classes(scores.num_classes());
  std::iota(classes.begin(), classes.end(), 0);
  const auto end = classes.begin() + std::clamp<int64_t>(k, 0, scores.num_classes());
  std::partial_sort(classes.begin(), end, classes.end(), [&](int64_t a, int64_t b) {
    return row[a] != row[b] ? row[a] > row[b] : a < b;
  });
  classes.erase(end, classes.end());
  return classes;
}

std::vector<int64_t> predicted_classes(const Scores& scores) {
  std::vector<int64_t> classes(scores.num_clips());
  for (int64_t clip = 0; clip < scores.num_clips(); ++clip) {
    const float* row = scores.row(clip);  // max_element gives the first of equal ones
    classes[clip] = std::max_element(row, row + scores.num_classes()) - row;
  }
  return classes;
}

std::string sha256_of(const Scores& scores) {
  Sha256 hash;
  hash.update(scores.values.data(), scores.values.size() * sizeof(float));
  return hash.hex();
}

}  // namespace kinegraph
