// Collects the faults of a config in one pass.
#pragma once

#include <string>
#include <vector>

#include "framework/config/node.h"

namespace kinegraph {

class Diagnostics {
 public:
  /// A damaged file can have a fault in every line; nobody reads more of them.
  static constexpr size_t kMostMessages = 100;

  /// Beyond the first kMostMessages, faults are only counted.
  void error(const Location& where, const std::string& message);

  bool has_errors() const { return !messages_.empty(); }
  /// Calls of error(), repetitions included.
  size_t error_count() const { return error_count_; }
  const std::vector<std::string>& messages() const { return messages_; }

  /// Throws one ConfigError that lists all messages, if there are any.
  void throw_if_any() const;

 private:
  std::vector<std::string> messages_;
  size_t error_count_ = 0;
};

}  // namespace kinegraph
