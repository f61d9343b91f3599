#include "framework/config/diagnostics.h"

#include <algorithm>

#include "framework/base/error.h"
#include "framework/base/text.h"

namespace kinegraph {

void Diagnostics::error(const Location& where, const std::string& message) {
  ++error_count_;
  if (messages_.size() == kMostMessages) return;
  std::string text = where.text() + ": " + message;
  // A tree that is read twice must not report twice.
  if (std::find(messages_.begin(), messages_.end(), text) == messages_.end())
    messages_.push_back(std::move(text));
}

void Diagnostics::throw_if_any() const {
  if (!has_errors()) return;
  const bool has_more = messages_.size() == kMostMessages;
  throw ConfigError(join(messages_, "\n") + (has_more ? "\nand perhaps more" : ""));
}

}  // namespace kinegraph
