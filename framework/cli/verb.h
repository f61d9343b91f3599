// The verbs of the program, one small file each.
#pragma once

#include <boost/program_options.hpp>
#include <string>
#include <vector>

namespace kinegraph {

using Arguments = std::vector<std::string>;

/// As shells have it for a program that SIGINT ended.
constexpr int kInterruptedExitCode = 130;

struct Verb {
  const char* name;
  const char* usage;    // after "kinegraph "
  const char* summary;  // one line
  int (*run)(const Arguments& arguments);
};

int run_train(const Arguments& arguments);
int run_test(const Arguments& arguments);
int run_predict(const Arguments& arguments);
int run_ensemble(const Arguments& arguments);
int run_compare(const Arguments& arguments);
int run_benchmark(const Arguments& arguments);
int run_report(const Arguments& arguments);
int run_import(const Arguments& arguments);
int run_export(const Arguments& arguments);
int run_export_checkpoint(const Arguments& arguments);
int run_doctor(const Arguments& arguments);
int run_show(const Arguments& arguments);
int run_list(const Arguments& arguments);
int run_describe(const Arguments& arguments);
int run_config(const Arguments& arguments);

/// Parses `arguments` of a verb; `positional` names are taken in order. One that ends in '?' may be
/// left out, and one that ends in "..." (the last) takes one word or more, as a list. Prints the
/// help for --help (then `is_help`). Throws UsageError.
struct ParsedArguments {
  boost::program_options::variables_map values;
  bool is_help = false;

  bool has(const std::string& name) const { return values.count(name) > 0; }
  std::string text(const std::string& name) const {
    return has(name) ? values[name].as<std::string>() : "";
  }
  Arguments list(const std::string& name) const {
    return has(name) ? values[name].as<Arguments>() : Arguments{};
  }
};
ParsedArguments parse_arguments(const Arguments& arguments, const Verb& verb,
                                const boost::program_options::options_description& options,
                                const std::vector<std::string>& positional = {});

/// The verb of that name; it exists.
const Verb& find_verb(const std::string& name);
const std::vector<Verb>& all_verbs();

/// --set, --threads and --device, which several verbs share.
void add_common_options(boost::program_options::options_description& options);
/// Sets up threads and BLAS, warns when they are slow, and says in one line what was chosen.
std::string set_up_runtime(const ParsedArguments& arguments);

}  // namespace kinegraph
