// One line that says how much of a family of goldens was compared.
#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

namespace kinegraph {

/// Prints "parity <family>: R ran, P pending, S skipped" and appends it to the file that
/// KINEGRAPH_PARITY_LOG names, if it is set.
inline void log_parity(const std::string& family, int ran, int pending, int skipped) {
  const std::string line =
      fmt::format("parity {}: {} ran, {} pending, {} skipped\n", family, ran, pending, skipped);
  std::cout << line << std::flush;
  if (const char* path = std::getenv("KINEGRAPH_PARITY_LOG"))
    std::ofstream(path, std::ios::app) << line;
}

}  // namespace kinegraph
