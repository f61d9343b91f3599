#include "framework/cli/verb.h"

#include <fmt/format.h>

#include <sstream>

#include "framework/base/console.h"
#include "framework/base/error.h"
#include "framework/base/runtime.h"
#include "framework/base/text.h"

namespace po = boost::program_options;

namespace kinegraph {
namespace {

constexpr unsigned kHelpColumns = 100;

}  // namespace

const std::vector<Verb>& all_verbs() {
  static const std::vector<Verb> verbs{
      {"train", "train --config FILE [options]", "train a model", run_train},
      {"test", "test --checkpoint FILE [options]", "measure a trained model", run_test},
      {"predict", "predict --checkpoint FILE SOURCE", "the likeliest classes of clips",
       run_predict},
      {"ensemble", "ensemble SCORES... [options]", "fuse the scores of several streams",
       run_ensemble},
      {"compare", "compare FIRST SECOND", "whether two checkpoints are equal bit for bit",
       run_compare},
      {"benchmark", "benchmark --config FILE [options]", "measure speed and memory", run_benchmark},
      {"report", "report RUN", "make report.html and figures of a run", run_report},
      {"import", "import FORMAT [SOURCE] STORE [options]", "turn a data set into a store",
       run_import},
      {"export", "export STORE TARGET --to FORMAT", "turn a store into files for other code",
       run_export},
      {"export-checkpoint", "export-checkpoint FILE OUT --to NAME",
       "turn a checkpoint into one for other code", run_export_checkpoint},
      {"doctor", "doctor STORE [options]", "what is wrong with the data of a store", run_doctor},
      {"show", "show STORE --clip ID [options]", "a clip as a picture or a video", run_show},
      {"list", "list [KIND]", "what can be named in a config", run_list},
      {"describe", "describe KIND [NAME]", "the options of a component; what a model costs",
       run_describe},
      {"config", "config FILE [options]", "what a config says, value by value", run_config},
  };
  return verbs;
}

const Verb& find_verb(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& verb : all_verbs()) {
    if (verb.name == name) return verb;
    names.push_back(verb.name);
  }
  throw UsageError(
      fmt::format("no verb '{}'{}\n  verbs: {}", name, near_name_hint(name, names), join(names)));
}

namespace {

void print_help(const Verb& verb, const po::options_description& options) {
  std::ostringstream text;
  text << options;
  fmt::print("usage: kinegraph {}\n{}\n\n{}", verb.usage, verb.summary, text.str());
}

std::string text_of(const po::error& error, const po::options_description& options) {
  if (dynamic_cast<const po::too_many_positional_options_error*>(&error)) return "too many words";
  const auto* unknown = dynamic_cast<const po::unknown_option*>(&error);
  if (!unknown) return error.what();
  std::vector<std::string> names;
  for (const auto& option : options.options()) names.push_back("--" + option->long_name());
  return fmt::format("no option '{}'{}", unknown->get_option_name(),
                     near_name_hint(unknown->get_option_name(), names));
}

/// Whether `text` ended in `suffix`, which is removed.
bool take_suffix(std::string& text, const std::string& suffix) {
  if (text.size() < suffix.size() ||
      text.compare(text.size() - suffix.size(), text.npos, suffix) != 0)
    return false;
  text.erase(text.size() - suffix.size());
  return true;
}

}  // namespace

ParsedArguments parse_arguments(const Arguments& arguments, const Verb& verb,
                                const po::options_description& options,
                                const std::vector<std::string>& positional) {
  po::options_description visible("options", kHelpColumns), all;
  for (const auto& option : options.options()) visible.add(option);
  visible.add_options()("help,h", "this text");
  all.add(visible);
  po::positional_options_description order;
  std::vector<std::string> required;
  for (std::string name : positional) {
    const bool is_optional = take_suffix(name, "?"), is_list = take_suffix(name, "...");
    if (is_list)
      all.add_options()(name.c_str(), po::value<Arguments>());
    else
      all.add_options()(name.c_str(), po::value<std::string>());
    order.add(name.c_str(), is_list ? -1 : 1);
    if (!is_optional) required.push_back(name);
  }
  ParsedArguments parsed;
  try {
    const int style = po::command_line_style::default_style;
    po::store(po::command_line_parser(arguments)
                  .options(all)
                  .positional(order)
                  .style(style & ~po::command_line_style::allow_guessing)
                  .run(),
              parsed.values);
    po::notify(parsed.values);
  } catch (const po::error& error) {
    throw UsageError(fmt::format("{}\n  usage: kinegraph {}\n  see `kinegraph {} --help`",
                                 text_of(error, visible), verb.usage, verb.name));
  }
  if (parsed.has("help")) {
    print_help(verb, visible);
    parsed.is_help = true;
    return parsed;
  }
  for (const auto& name : required)
    if (!parsed.has(name))
      throw UsageError(fmt::format("{} is missing\n  usage: kinegraph {}", name, verb.usage));
  return parsed;
}

void add_common_options(po::options_description& options) {
  options.add_options()("set", po::value<Arguments>()->composing()->value_name("KEY=VALUE"),
                        "override a config value, such as train.epochs=10; may be repeated")(
      "threads", po::value<int>()->value_name("N"), "compute threads; default: all processors")(
      "device", po::value<std::string>()->value_name("DEVICE"), "auto, cpu, cuda or cuda:N");
}

std::string set_up_runtime(const ParsedArguments& arguments) {
  constexpr int kMaxThreads = 1024;
  const int threads = arguments.has("threads") ? arguments.values["threads"].as<int>() : 0;
  if (arguments.has("threads") && (threads < 1 || threads > kMaxThreads))
    throw UsageError(fmt::format("--threads is {}; expected 1..{}", threads, kMaxThreads));
  const Runtime runtime = set_up_threads(threads);
  if (!runtime.warning.empty()) log_warning(runtime.warning);
  return describe(runtime);
}

}  // namespace kinegraph
