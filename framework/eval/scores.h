// What a model says about every clip of a test set.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kinegraph {

enum class ScoreKind {
  logits,         // before softmax
  probabilities,  // after softmax, also averaged over the views of a clip
  weighted_sum,   // of the scores of several streams
};

std::string_view name_of(ScoreKind kind);

/// Scores of N clips for K classes, N and K at least 1.
struct Scores {
  std::vector<std::string> ids;          // N
  std::vector<int64_t> labels;           // N, the truth, each in 0..K-1; or none
  std::vector<std::string> class_names;  // K
  std::vector<float> values;             // N x K, row-major, finite
  ScoreKind kind;

  /// Throws DataError when the sizes disagree, a label is out of range or a score is not finite.
  /// `where` (a file, a stream) leads the message, which names the clip.
  Scores(std::vector<std::string> ids, std::vector<int64_t> labels,
         std::vector<std::string> class_names, std::vector<float> values,
         ScoreKind kind = ScoreKind::logits, const std::string& where = "scores");

  int64_t num_clips() const { return static_cast<int64_t>(ids.size()); }
  int64_t num_classes() const { return static_cast<int64_t>(class_names.size()); }

  /// The K scores of one clip.
  const float* row(int64_t clip) const { return values.data() + clip * num_classes(); }
};

/// Throws DataError for scores without labels; `where` leads the message.
void require_labels(const Scores& scores, const std::string& where = "scores");

/// Row-wise softmax of logits. Throws DataError for scores of another kind.
Scores softmax(Scores scores);

/// Number of classes that come before `label` in one clip: those with a higher score, and those of
/// equal score and lower index. `label` is among the k best exactly when its rank is below k.
int64_t rank_of(const Scores& scores, int64_t clip, int64_t label);

/// The min(k, K) best classes of one clip, best first, ordered as rank_of().
std::vector<int64_t> top_k(const Scores& scores, int64_t clip, int64_t k);

/// The class of rank 0 of every clip, (N).
std::vector<int64_t> predicted_classes(const Scores& scores);

/// SHA-256 of the bytes of `values`: 64 hexadecimal digits.
std::string sha256_of(const Scores& scores);

/// Facts to keep with scores (config, checkpoint, stream, ...), by name.
using ScoreNotes = std::vector<std::pair<std::string, std::string>>;

/// Writes scores with labels to an HDF5 file, which appears only when it is complete:
///   /ids (N) text, /labels (N) int64, /class_names (K) text,
///   /scores (N, K) float32 with the attributes kind and sha256;
///   the file's attributes are format = "kinegraph scores 1" and the notes.
void write_scores(const Scores& scores, const std::filesystem::path& path,
                  const ScoreNotes& notes = {});

/// Reads what write_scores() wrote, without the notes. Throws DataError naming the file when
/// anything is missing, also the labels, does not fit, or does not have the stored SHA-256.
Scores read_scores(const std::filesystem::path& path);

}  // namespace kinegraph
