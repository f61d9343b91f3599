#include "framework/run/environment.h"

#include <fmt/chrono.h>
#include <sys/utsname.h>
#include <torch/version.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/data/loader.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

using Starts = nlohmann::ordered_json;

/// What follows `separator` in the first line of a system file that begins with `key`.
std::string value_in(const char* path, const std::string& key, char separator) {
  std::ifstream stream(path);
  for (std::string line; std::getline(stream, line);) {
    const size_t at = line.find(separator);
    if (line.compare(0, key.size(), key) != 0 || at == std::string::npos) continue;
    const size_t begin = line.find_first_not_of(" \"", at + 1);
    if (begin == std::string::npos) break;
    return line.substr(begin, line.find_last_not_of(" \"") + 1 - begin);
  }
  return "unknown";
}

std::string system_text() {
  utsname name{};
  ::uname(&name);
  return fmt::format("{}; {} {} {}", value_in("/etc/os-release", "PRETTY_NAME", '='), name.sysname,
                     name.release, name.machine);
}

std::string compiler_text() {
#ifdef __clang__
  return "Clang " __clang_version__;
#else
  return "GCC " __VERSION__;
#endif
}

Starts earlier_starts(const fs::path& path) {
  if (!fs::exists(path)) return Starts::array();
  auto json = Starts::parse(read_file(path), nullptr, /*allow_exceptions=*/false);
  if (!json.is_array())
    throw DataError(Fault{path.string(), "no JSON list", "a list of the starts of the program",
                          "Remove the file; a new one is then begun."});
  return json;
}

}  // namespace

DataUse data_use(const std::string& use, const Loader& loader) {
  const DataInfo& info = loader.dataset().info();
  return {use, info.source, loader.dataset().size(), info.content_hash};
}

void record_start(const fs::path& run_dir, const Facts& facts, const std::vector<DataUse>& data) {
  const fs::path path = run_dir / "environment.json";
  Starts starts = earlier_starts(path);
  Starts start;
  start["date"] = fmt::format("{:%Y-%m-%d %H:%M:%S %z}", fmt::localtime(std::time(nullptr)));
  for (const auto& [name, value] : facts) start[name] = value;
  start["kinegraph"] = KINEGRAPH_VERSION;
  start["LibTorch"] = TORCH_VERSION;
  start["compiler"] = compiler_text();
  start["system"] = system_text();
  start["processor"] = value_in("/proc/cpuinfo", "model name", ':');
  start["data"] = Starts::array();
  for (const DataUse& used : data)
    start["data"].push_back({{"use", used.use},
                             {"source", used.source},
                             {"clips", used.clips},
                             {"sha256", used.sha256}});
  starts.push_back(std::move(start));
  write_file(path, starts.dump(2, ' ', false, Starts::error_handler_t::replace) + '\n');
}

}  // namespace kinegraph
