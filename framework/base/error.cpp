#include "framework/base/error.h"

namespace kinegraph {

std::string describe(const Fault& fault) {
  std::string text = fault.where;
  if (!fault.found.empty()) text += (text.empty() ? "" : ": ") + fault.found;
  if (!fault.expected.empty()) text += "; expected " + fault.expected;
  if (!fault.remedy.empty()) text += "\n  " + fault.remedy;
  return text;
}

}  // namespace kinegraph
