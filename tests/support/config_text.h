// Config trees from text and back, for tests that are about what lies between.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "framework/base/text.h"
#include "framework/config/diagnostics.h"
#include "framework/config/node.h"
#include "framework/config/yaml.h"

namespace kinegraph {

/// All messages, one a line.
inline std::string messages_of(const Diagnostics& diagnostics) {
  return join(diagnostics.messages(), "\n");
}

/// The tree of `text`, which must be free of faults. Locations name "c.yaml".
inline Node tree_of(const std::string& text) {
  Diagnostics diagnostics;
  Node node = parse_yaml(text, "c.yaml", diagnostics);
  EXPECT_EQ(messages_of(diagnostics), "") << "in: " << text;
  return node;
}

}  // namespace kinegraph
