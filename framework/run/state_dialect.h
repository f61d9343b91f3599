// Names that published code gives to the state of our models.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kinegraph {

/// One rule of a dialect. Names may hold placeholders: <i> stands for a number, <i+1> and <i-1> for
/// its neighbours, <rest> for the end of the name, any other <word> for one dot-free piece.
struct DialectRule {
  std::string theirs, ours;
  /// A constant that the model computes by itself: compared on import, written on export.
  bool is_constant = false;
  /// A linear layer here, a convolution there: their weight has this many dimensions of 1 more.
  int64_t trailing_ones = 0;

  template <class Fields>
  void describe(Fields& field) {
    field("theirs", theirs, "their name");
    field("ours", ours, "our name");
    field("constant", is_constant, "computed by the model; compared, not loaded");
    field("trailing_ones", trailing_ones, "dimensions of 1 that their weight has more");
  }
};

/// What one of our tensors corresponds to.
struct TranslatedName {
  std::string key;
  bool is_constant = false;
  int64_t trailing_ones = 0;
};

/// The names that one source (such as PYSKL) uses for one of our backbones and its head. Data:
/// models/dialects/<source>.yaml; the first rule that fits a name decides.
class StateDialect {
 public:
  explicit StateDialect(std::vector<DialectRule> rules) : rules_(std::move(rules)) {}

  /// Throws ConfigError for an unknown source, or a backbone that the source does not have.
  static StateDialect load(const std::string& source, const std::string& backbone);
  /// Sources that know the backbone, sorted.
  static std::vector<std::string> sources_of(const std::string& backbone);

  /// No value when no rule fits.
  std::optional<TranslatedName> to_ours(const std::string& theirs) const;
  /// The other way; constants have no way back.
  std::optional<TranslatedName> to_theirs(const std::string& ours) const;

  const std::vector<DialectRule>& rules() const { return rules_; }

 private:
  std::vector<DialectRule> rules_;
};

/// Translates `name` by a pair of patterns with placeholders; no value when `from` does not fit.
std::optional<std::string> translate_name(const std::string& name, const std::string& from,
                                          const std::string& to);

}  // namespace kinegraph
