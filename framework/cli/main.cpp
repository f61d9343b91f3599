#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <exception>

#include "framework/base/console.h"
#include "framework/base/error.h"
#include "framework/base/interrupt.h"
#include "framework/base/runtime.h"
#include "framework/cli/verb.h"
#include "framework/registry/registry.h"

namespace {

using kinegraph::Arguments;

bool is_help(const std::string& word) { return word == "--help" || word == "-h" || word == "help"; }

void print_usage() {
  fmt::print("kinegraph: skeleton-based action recognition\n\n");
  for (const auto& verb : kinegraph::all_verbs())
    fmt::print("  kinegraph {:<38} {}\n", verb.usage, verb.summary);
  fmt::print(
      "\n`kinegraph VERB --help` says more. To begin with:\n"
      "  kinegraph list\n"
      "  kinegraph config configs/stgcn/nw_ucla.yaml\n");
}

int run(int argc, char** argv) {
  Arguments words(argv + 1, argv + argc);
  kinegraph::throw_registration_faults();
  if (words.size() == 2 && is_help(words[0])) words = {words[1], "--help"};
  if (words.empty() || is_help(words[0])) {
    print_usage();
    return words.empty() ? 2 : 0;
  }
  return kinegraph::find_verb(words[0]).run({words.begin() + 1, words.end()});
}

bool is_out_of_memory(const c10::Error& error) {
  const std::string_view text = error.what_without_backtrace();
  return text.find("not enough memory") != text.npos || text.find("out of memory") != text.npos;
}

int report_out_of_memory() {
  fmt::print(stderr, "error: out of memory; try a smaller data.batch_size\n");
  return 2;
}

int report_defect(const char* text) {
  fmt::print(stderr, "internal error (please report it): {}\n", text);
  return 3;
}

}  // namespace

/// jemalloc's settings: freed memory is kept for reuse, large blocks too, in huge pages.
extern "C" {
const char* malloc_conf = "dirty_decay_ms:-1,oversize_threshold:0,thp:always";
}

int main(int argc, char** argv) {
  kinegraph::tune_allocator();
  try {
    return run(argc, argv);
  } catch (const kinegraph::Interrupted& error) {
    fmt::print(stderr, "{}\n", error.what());
    return kinegraph::kInterruptedExitCode;
  } catch (const kinegraph::Error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 2;
  } catch (const std::bad_alloc&) {
    return report_out_of_memory();
  } catch (const c10::Error& error) {
    return is_out_of_memory(error) ? report_out_of_memory()
                                   : report_defect(error.what_without_backtrace());
  } catch (const std::exception& error) {
    return report_defect(error.what());
  }
}
