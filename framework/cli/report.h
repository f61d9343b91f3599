// The end of every verb that leaves results.
#pragma once

#include <filesystem>

namespace kinegraph {

/// Makes report.html of a finished run and prints where it is. Whatever goes wrong is a warning
/// that tells how to make the page later: the results are already safe, and other runs may wait.
void end_with_html_report(const std::filesystem::path& run_dir);

}  // namespace kinegraph
