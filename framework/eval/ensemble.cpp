#include "framework/eval/ensemble.h"

#include <fmt/format.h>

#include <stdexcept>
#include <unordered_map>

#include "framework/base/error.h"

namespace kinegraph {
namespace {

using IndexOfClip = std::unordered_map<std::string_view, int64_t>;

IndexOfClip index_clips(const ScoredStream& stream) {
  IndexOfClip index;
  for (int64_t clip = 0; clip < stream.scores.num_clips(); ++clip)
    if (!index.emplace(stream.scores.ids[clip], clip).second)
      throw DataError(Fault{stream.name,
                            fmt::format("clip {} occurs twice", stream.scores.ids[clip]),
                            "every clip once", "Test on a data set without 'repeat'."});
  return index;
}

void require_same_classes(const ScoredStream& first, const ScoredStream& other) {
  const auto &expected = first.scores.class_names, &found = other.scores.class_names;
  const std::string remedy = "Fuse streams of the same data set.";
  if (found.size() != expected.size())
    throw DataError(Fault{other.name, fmt::format("{} classes", found.size()),
                          fmt::format("{}, as in {}", expected.size(), first.name), remedy});
  for (size_t i = 0; i < found.size(); ++i)
    if (found[i] != expected[i])
      throw DataError(Fault{other.name, fmt::format("class {} is '{}'", i, found[i]),
                            fmt::format("'{}', as in {}", expected[i], first.name), remedy});
}

/// Clips of `stream` that `index` lacks: how many, and the first of them.
std::string describe_missing(const Scores& scores, const IndexOfClip& index) {
  int64_t count = 0;
  std::string example;
  for (const auto& id : scores.ids)
    if (index.count(id) == 0 && count++ == 0) example = id;
  return count == 0 ? "" : fmt::format("{} (such as {})", count, example);
}

void require_same_clips(const ScoredStream& first, const ScoredStream& other,
                        const IndexOfClip& index_of_other) {
  const std::string remedy = "Test all streams on the same split.";
  const std::string missing = describe_missing(first.scores, index_of_other);
  if (!missing.empty())
    throw DataError(Fault{other.name, "clips are missing: " + missing,
                          fmt::format("the clips of {}", first.name), remedy});
  const std::string extra = describe_missing(other.scores, index_clips(first));
  if (!extra.empty())
    throw DataError(Fault{other.name, "more clips: " + extra,
                          fmt::format("the clips of {}", first.name), remedy});
}

void require_same_label(const ScoredStream& first, int64_t clip, const ScoredStream& other,
                        int64_t clip_of_other) {
  const int64_t expected = first.scores.labels[clip], found = other.scores.labels[clip_of_other];
  if (found != expected)
    throw DataError(Fault{fmt::format("{}: clip {}", other.name, first.scores.ids[clip]),
                          fmt::format("label {}", found),
                          fmt::format("{}, as in {}", expected, first.name),
                          "Test all streams on the same annotations."});
}

/// The scores as they are summed.
Scores summands(const ScoredStream& stream, Summand summand) {
  const ScoreKind kind = stream.scores.kind;
  if (summand == Summand::probabilities && kind == ScoreKind::logits) return softmax(stream.scores);
  if (name_of(kind) == name_of(summand)) return stream.scores;
  throw DataError(Fault{stream.name, fmt::format("scores that are {}", name_of(kind)),
                        summand == Summand::logits ? "logits" : "logits or probabilities",
                        kind == ScoreKind::weighted_sum
                            ? "Fuse the streams themselves, not their ensemble."
                            : "Sum probabilities, or test with "
                              "'clip_average: logits'."});
}

}  // namespace

std::string_view name_of(Summand summand) {
  return name_of(summand == Summand::logits ? ScoreKind::logits : ScoreKind::probabilities);
}

Scores fuse(const std::vector<ScoredStream>& streams, Summand summand) {
  if (streams.empty()) throw std::logic_error("fuse() without streams");
  const ScoredStream& first = streams.front();
  for (const auto& stream : streams) require_labels(stream.scores, stream.name);
  const int64_t clips = first.scores.num_clips(), classes = first.scores.num_classes();
  std::vector<double> sums(first.scores.values.size());
  for (const auto& stream : streams) {
    const IndexOfClip index = index_clips(stream);
    require_same_classes(first, stream);
    require_same_clips(first, stream, index);
    const Scores scores = summands(stream, summand);
    for (int64_t clip = 0; clip < clips; ++clip) {
      const int64_t own = index.at(first.scores.ids[clip]);
      require_same_label(first, clip, stream, own);
      for (int64_t k = 0; k < classes; ++k)
        sums[clip * classes + k] += stream.weight * static_cast<double>(scores.row(own)[k]);
    }
  }
  return {first.scores.ids,           first.scores.labels,     first.scores.class_names,
          {sums.begin(), sums.end()}, ScoreKind::weighted_sum, "the ensemble"};
}

}  // namespace kinegraph
