// States between the names of published code and ours.
#pragma once

#include <string>
#include <vector>

#include "framework/model/recognizer.h"
#include "framework/run/state_dialect.h"
#include "framework/run/state_matching.h"

namespace kinegraph {

/// A foreign state under our names.
struct TranslatedState {
  std::vector<StateEntry> entries;
  /// Constants that are missing, or not those which the model computes.
  std::vector<std::string> faults;
};

/// `model` gives the constants to compare with.
TranslatedState import_state(const NamedState& theirs, const StateDialect& dialect,
                             const Recognizer& model);

/// The state of `model` with the names, shapes, constants and order of a published one. Throws
/// Error when the dialect does not say where a tensor belongs.
NamedState export_state(const Recognizer& model, const StateDialect& dialect);

/// The dialect under which most of the names are those of the model: one of the sources that know
/// `backbone`, or ours. Throws ConfigError when several are as good and differ in what they make of
/// the names, and DataError when no name fits; `source` leads the message.
StateDialect choose_dialect(const NamedState& theirs, const std::string& backbone,
                            const Recognizer& model, const std::string& source);

}  // namespace kinegraph
