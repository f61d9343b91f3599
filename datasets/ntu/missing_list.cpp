#include "datasets/ntu/missing_list.h"

#include <fmt/format.h>

#include "datasets/ntu/benchmark.h"
#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/base/text.h"
#include "framework/io/pickle.h"

namespace kinegraph::ntu {
namespace {

constexpr size_t kMaxListBytes = 16 << 20;

std::string trimmed(const std::string& line) {
  const size_t first = line.find_first_not_of(" \t\r");
  if (first == line.npos) return "";
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

std::vector<std::string> read_missing_list(const std::filesystem::path& path) {
  const std::vector<std::string> lines = split(read_file(path, kMaxListBytes), '\n');
  std::vector<std::string> names;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string line = trimmed(lines[i]);
    const bool looks_like_name =
        line.size() > 1 && line[0] == 'S' && line[1] >= '0' && line[1] <= '9';
    if (!looks_like_name) continue;
    if (!ClipName::parse(line))
      throw DataError(Fault{fmt::format("{}:{}", path.string(), i + 1), pickle::printable(line),
                            "a clip name such as S001C002P005R002A008", "Correct the line."});
    names.push_back(line);
  }
  if (names.empty())
    throw DataError(Fault{path.string(), "no clip names",
                          "a list of samples with missing skeletons, one name a line",
                          "Is this the list that comes with the data set?"});
  return names;
}

}  // namespace kinegraph::ntu
