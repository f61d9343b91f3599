// Names that published code gives to the state of our models.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "framework/base/error.h"
#include "framework/config/node.h"

namespace kinegraph {

/// One rule of a dialect. Names may hold placeholders: <i> stands for a number, <i+1> and <i-1> for
/// its neighbours, <rest> for the end of the name, any other <word> for one dot-free piece.
struct DialectRule {
  std::string theirs, ours;
  /// A constant that the model computes by itself: compared on import, written on export.
  bool is_constant = false;
  /// A linear layer here, a convolution there: their weight has this many dimensions of 1 more.
  int64_t trailing_ones = 0;
  /// Their name that it stands in front of or behind, where their order is not ours. A constant
  /// without either is not written on export.
  std::string before = {}, after = {};

  template <class Fields>
  void describe(Fields& field) {
    field("theirs", theirs, "their name");
    field("ours", ours, "our name");
    field("constant", is_constant, "computed by the model; compared, not loaded");
    field("trailing_ones", trailing_ones, "dimensions of 1 that their weight has more");
    field("before", before, "their name that it stands in front of");
    field("after", after, "their name that it stands behind; for constants");
  }
};

/// What one of our tensors corresponds to.
struct TranslatedName {
  std::string key;
  bool is_constant = false;
  int64_t trailing_ones = 0;
  std::string before = {};  // their name that it stands in front of; empty: our order is theirs
};

/// Their name of a constant and ours.
using ConstantName = std::pair<std::string, std::string>;

/// Constants that stand directly around a name of theirs.
struct ConstantNeighbours {
  std::vector<ConstantName> before, after;
};

/// What one source makes of one of our backbones.
struct DialectForm {
  std::vector<DialectRule> rules;
  std::string source;
  bool is_wrapped = false;  // their files hold {'meta': ..., 'state_dict': ...}
  /// Options of our backbone, by dotted names, under which it computes what theirs does.
  std::vector<std::pair<std::string, Node>> required = {};
  /// Those that change the result and of which their files show nothing, by dotted names.
  std::vector<std::string> unseen = {};
};

/// The names that one source (such as PYSKL) uses for one of our backbones and its head. Data:
/// models/dialects/<source>.yaml; the first rule that fits a name decides.
class StateDialect {
 public:
  explicit StateDialect(DialectForm form) : form_(std::move(form)) {}
  /// Our own names. A bare state shows none of the hidden options.
  static StateDialect own(const std::string& backbone);

  /// Throws ConfigError for an unknown source, or a backbone that the source does not have.
  static StateDialect load(const std::string& source, const std::string& backbone);
  /// Sources that know the backbone, sorted, without our own.
  static std::vector<std::string> sources_of(const std::string& backbone);
  /// Options of the backbone, by dotted names, that change its result but neither names nor shapes
  /// of its state, as far as a source tells.
  static std::vector<std::string> hidden_options(const std::string& backbone);

  const std::string& source() const { return form_.source; }
  bool is_wrapped() const { return form_.is_wrapped; }

  /// No value when no rule fits.
  std::optional<TranslatedName> to_ours(const std::string& theirs) const;
  /// The other way. No value for constants, which have a place instead.
  std::optional<TranslatedName> to_theirs(const std::string& ours) const;
  bool is_constant(const std::string& ours) const;
  ConstantNeighbours constants_around(const std::string& theirs) const;

  /// Throws ConfigError when `backbone`, the options of ours with their defaults, has other values
  /// than those under which it computes what theirs does.
  void require_form(const Node& backbone) const;
  /// "graph.edge_set default, dilations [1, 2]": those of `backbone` of which their files show
  /// nothing.
  std::string describe_unseen(const Node& backbone) const;

 private:
  DialectForm form_;
};

/// The first hidden option with another value in `backbone` than in `trained`, the options that the
/// checkpoint `source` of ours was trained with.
std::optional<Fault> trained_form_fault(const Node& backbone, const Node& trained,
                                        const std::string& source);

/// Translates `name` by a pair of patterns with placeholders; no value when `from` does not fit.
std::optional<std::string> translate_name(const std::string& name, const std::string& from,
                                          const std::string& to);

}  // namespace kinegraph
