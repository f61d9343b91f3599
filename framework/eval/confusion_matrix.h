// Which classes are taken for which.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "framework/eval/scores.h"

namespace kinegraph {

/// Clips by true class (row) and predicted class (column), (K, K).
class ConfusionMatrix {
 public:
  /// Throws DataError for scores without labels.
  explicit ConfusionMatrix(const Scores& scores);
  /// `counts` is (K, K), row-major, and holds nothing negative.
  ConfusionMatrix(int64_t num_classes, std::vector<int64_t> counts);

  int64_t num_classes() const { return num_classes_; }
  int64_t total() const { return total_; }
  int64_t count(int64_t truth, int64_t predicted) const {
    return counts_[truth * num_classes_ + predicted];
  }

  int64_t hits(int64_t label) const { return count(label, label); }
  /// Clips of a class.
  int64_t support(int64_t label) const { return support_[label]; }
  /// Clips taken for a class.
  int64_t predicted(int64_t label) const { return predicted_[label]; }

  /// The classes that occur in the truth or in the predictions, ascending. Averages over classes
  /// go over these, as in PYSKL and scikit-learn.
  std::vector<int64_t> occurring_classes() const;

 private:
  int64_t num_classes_, total_;
  std::vector<int64_t> counts_, support_, predicted_;
};

/// What the cells of a confusion matrix are divided by.
enum class Normalize { none, by_truth, by_predicted, by_all };

/// The words of configs and files, as in scikit-learn: none, true, pred, all.
std::string_view name_of(Normalize normalize);

/// The (K, K) cells, row-major: counts, or shares of the row, the column or all clips. Shares of
/// nothing are 0.
std::vector<double> normalized_cells(const ConfusionMatrix& matrix, Normalize normalize);

/// Clips of class `truth` that were taken for class `predicted`.
struct ConfusedPair {
  int64_t truth, predicted, count;
};

/// At most `limit` pairs of different classes, the most frequent first; among equally frequent ones
/// the lower truth first, then the lower prediction.
std::vector<ConfusedPair> most_confused(const ConfusionMatrix& matrix, size_t limit);

}  // namespace kinegraph
