// Other programs.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace kinegraph {

struct CommandResult {
  bool was_found = false;
  int exit_code = -1;  // 128 + signal when a signal ended it
  std::string errors;  // what it wrote to its standard error
};

/// Runs the program `words[0]`, which is looked up in PATH, without a shell, and waits for its end.
///
/// It starts in `folder` and reads `input` from its standard input; its standard output is
/// discarded. After `limit_s` seconds it is killed. Throws DataError when `folder` does not exist.
CommandResult run_command(const std::vector<std::string>& words,
                          const std::filesystem::path& folder, std::string_view input,
                          double limit_s);

}  // namespace kinegraph
