#include "framework/cli/report.h"

#include <fmt/format.h>

#include "framework/base/console.h"
#include "framework/cli/verb.h"
#include "framework/eval/html_report.h"

namespace po = boost::program_options;

namespace kinegraph {

void end_with_html_report(const std::filesystem::path& run_dir) {
  try {
    fmt::print("report: {}\n", write_html_report(run_dir).string());
  } catch (const std::exception& error) {
    log_warning(fmt::format("no report.html: {}\n  To make it later: {}", error.what(),
                            own_command({"report", run_dir.string()})));
  }
}

int run_report(const Arguments& words) {
  const ParsedArguments arguments =
      parse_arguments(words, find_verb("report"), po::options_description(), {"RUN"});
  if (arguments.is_help) return 0;
  fmt::print("report: {}\n", write_html_report(arguments.text("RUN")).string());
  return 0;
}

}  // namespace kinegraph
