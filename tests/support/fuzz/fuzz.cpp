#include "tests/support/fuzz/fuzz.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>

#include "framework/base/error.h"
#include "framework/base/file.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

constexpr unsigned kMaxSeconds = 60;  // for one file
constexpr size_t kMaxMessage = 20'000;
constexpr int64_t kMaxGrowthKib = 256 * 1024;

uint64_t mutant_count() {
  const char* count = std::getenv("KINEGRAPH_FUZZ_MUTANTS");
  return count ? std::strtoull(count, nullptr, 10) : 1000;
}

/// The most that has been resident since the last reset_peak().
int64_t peak_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmHWM:", 0) == 0) return std::atoll(line.c_str() + 6);
  return 0;
}

void reset_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

/// Whether the message names, behind the file, a place in it: an offset, a line, an object of an
/// archive or store, a clip, a key.
bool names_a_place(const std::string& message, const std::string& file) {
  static const std::regex kPlace(
      "^(:\\d|, (line|byte|frame) \\d|: (byte|annotation|entry|row) \\d|: (clip|split|record) '"
      "|: /|: '|: [^:]*\\.(pkl|npy|skeleton)\\b|: [xy]_|.*\\(such as |.* (of|in) (clip|split) "
      "|: no [a-z]+ '|.*: key '|: optimizer state).*");
  const size_t at = message.find(file);
  if (at == std::string::npos) return false;
  const size_t begin = at + file.size();
  return std::regex_match(message.substr(begin, message.find('\n', begin) - begin), kPlace);
}

class Campaign {
 public:
  Campaign(const std::string& name, DamagedSource& source, const std::function<void()>& read)
      : name_(name), source_(source), read_(read) {}

  void run() {
    ASSERT_NO_THROW(read_());
    fmt::print("{}\n", source_.path().string());
    reset_peak();
    const int64_t before = peak_kib();
    const uint64_t count = mutant_count();
    for (uint64_t mutant = 0; mutant < count && !testing::Test::HasFailure(); ++mutant)
      try_one(mutant);
    const int64_t growth = peak_kib() - before;
    print(count, growth);
#ifndef __SANITIZE_ADDRESS__  // which keeps freed memory for a while
    EXPECT_LT(growth, kMaxGrowthKib);
#endif
  }

 private:
  void try_one(uint64_t mutant) {
    SCOPED_TRACE(fmt::format("mutant {}", mutant));
    const fs::path file = source_.damage(mutant);
    const auto start = std::chrono::steady_clock::now();
    alarm(kMaxSeconds);
    try {
      read_();
      ++accepted_;
    } catch (const Error& error) {
      check(error.what(), file);
    } catch (const std::exception& error) {
      ADD_FAILURE() << file << ", no Error: " << error.what() << "\n" << read_file(file);
    }
    alarm(0);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    slowest_s_ = std::max(slowest_s_, taken.count());
    source_.restore();
  }

  void check(const std::string& message, const fs::path& file) {
    EXPECT_NE(message.find(source_.folder().path().string()), std::string::npos)
        << "no file is named: " << message;
    EXPECT_LT(message.size(), kMaxMessage) << message.substr(0, kMaxMessage);
    located_ += names_a_place(message, file.string());
    if (std::getenv("KINEGRAPH_FUZZ_LIST") && !names_a_place(message, file.string()))
      ++vague_[std::regex_replace(message.substr(0, 300), std::regex("\\d+|'[^']*'"), "N")];
  }

  void print(uint64_t count, int64_t growth_kib) const {
    const auto percent = [](uint64_t part, uint64_t whole) {
      return whole == 0 ? 100.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
    };
    fmt::print(
        "{}: {} mutants, {:.1f} % accepted, {:.1f} % of the errors name a place in the file, "
        "slowest {:.0f} ms, peak memory +{:.1f} MiB\n",
        name_, count, percent(accepted_, count), percent(located_, count - accepted_),
        1000 * slowest_s_, static_cast<double>(growth_kib) / 1024);
    for (const auto& [text, times] : vague_) fmt::print("  {:6} {}\n", times, text);
  }

  const std::string& name_;
  DamagedSource& source_;
  const std::function<void()>& read_;
  uint64_t accepted_ = 0, located_ = 0;
  double slowest_s_ = 0;
  std::map<std::string, int> vague_;
};

}  // namespace

void choose_temporary_folder() {
  if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 1);
}

void fuzz(const std::string& name, DamagedSource& source, const std::function<void()>& read) {
  Campaign(name, source, read).run();
}

}  // namespace kinegraph
