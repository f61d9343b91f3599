#include <fmt/format.h>

#include "framework/base/text.h"
#include "framework/cli/verb.h"
#include "framework/eval/text_table.h"
#include "framework/run/checkpoint_difference.h"

namespace po = boost::program_options;

namespace kinegraph {
namespace {

constexpr size_t kMostNames = 5;

std::string names_text(std::vector<std::string> names) {
  const size_t count = names.size();
  if (count <= kMostNames) return join(names, "\n  ");
  names.resize(kMostNames);
  return join(names, "\n  ") + fmt::format("\n  ... and {} more", count - kMostNames);
}

}  // namespace

int run_compare(const Arguments& words) {
  const ParsedArguments arguments =
      parse_arguments(words, find_verb("compare"), po::options_description(), {"FIRST", "SECOND"});
  if (arguments.is_help) return 0;
  const auto differences =
      compare(read_checkpoint(arguments.text("FIRST")), read_checkpoint(arguments.text("SECOND")));
  std::vector<std::vector<std::string>> rows{{"part", "values", "different"}};
  std::string details;
  for (const auto& [part, tensors, different] : differences) {
    if (tensors == 0) continue;
    rows.push_back({part, fmt::format("{}", tensors), fmt::format("{}", different.size())});
    if (!different.empty()) details += fmt::format("\n{}:\n  {}\n", part, names_text(different));
  }
  fmt::print("{}{}\n{}\n", align_columns(rows), details,
             details.empty() ? "equal bit for bit" : "different");
  return details.empty() ? 0 : 1;
}

}  // namespace kinegraph
