// Trained weights from a file: a checkpoint of ours, or one that other code wrote.
#pragma once

#include <optional>
#include <string>

#include "framework/run/checkpoint.h"
#include "framework/run/foreign_state.h"

namespace kinegraph {

struct ModelOptions;
class Recognizer;

struct WeightOptions {
  std::string checkpoint, dialect;
  bool is_partial = false;

  template <class Fields>
  void describe(Fields& field) {
    field("checkpoint", checkpoint,
          "a file of ours, or one of torch.save with the state of a model", Required{});
    field("dialect", dialect,
          "whose names the file has, a file of models/dialects; empty: found by the names");
    field("partial", is_partial,
          "load what fits and leave out the rest; false: everything must fit");
  }
};

/// What a file holds.
struct Weights {
  WeightOptions options;
  std::optional<Checkpoint> own;  // none: written by other code
  ForeignState foreign;           // empty when there is `own`

  const std::string& source() const { return options.checkpoint; }
};

/// Reads .pth and .pt files of torch.save, also those before torch 1.6. Throws DataError.
Weights read_weights(const WeightOptions& options);

/// Copies the weights into `model`, which `options` describe, and logs in a few lines what was
/// left out, how the names of other code were read, and which options that change the result were
/// taken from the config because the file does not show them. Unless they are partial, everything
/// must fit: names, shapes, constants that the model computes, and options on which only the result
/// depends. Throws DataError or ConfigError with a readable difference otherwise, before anything
/// is changed.
///
/// Old files lack the batch counters of BatchNorm, which nothing depends on: they stay as they are.
void load_weights(Recognizer& model, const ModelOptions& options, const Weights& weights);

}  // namespace kinegraph
