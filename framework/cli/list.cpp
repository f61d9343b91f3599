#include "framework/base/console.h"
#include "framework/cli/describe_model.h"
#include "framework/cli/verb.h"
#include "framework/registry/registry.h"
#include "framework/skeleton/skeleton.h"

namespace po = boost::program_options;

namespace kinegraph {
namespace {

constexpr const char* kSkeletons = "skeleton";
constexpr const char* kModel = "model";
constexpr size_t kNameColumns = 24;

/// "losses", "loss", "backbones" ... name the same kinds.
std::string singular(const std::string& word, const std::vector<std::string>& kinds) {
  for (const auto& kind : kinds)
    if (word == kind || word == kind + "s" || word == kind + "es") return kind;
  throw UsageError(
      fmt::format("no kind '{}'{}\n  kinds: {}", word, near_name_hint(word, kinds), join(kinds)));
}

std::vector<std::string> all_kinds() {
  std::vector<std::string> kinds;
  for (const auto* registry : all_registries()) kinds.push_back(registry->kind());
  kinds.push_back(kSkeletons);
  return kinds;
}

const RegistryBase& find_registry(const std::string& kind) {
  for (const auto* registry : all_registries())
    if (registry->kind() == kind) return *registry;
  throw std::logic_error("no registry of " + kind);
}

void print_entry(const std::string& name, const std::string& summary) {
  fmt::print("  {:<{}}{}\n", name, kNameColumns - 2, wrap(summary, kNameColumns, kNameColumns));
}

std::string first_sentence(const std::string& text) {
  const size_t end = text.find(". ");
  return end == std::string::npos ? text : text.substr(0, end + 1);
}

void print_kind(const std::string& kind) {
  if (kind != kSkeletons) {
    for (const auto& info : find_registry(kind).infos()) print_entry(info.name, info.summary);
    return;
  }
  for (const auto& name : Skeleton::shipped_names()) {
    const Skeleton skeleton = Skeleton::load(name);
    print_entry(name, fmt::format("{} joints{}{}", skeleton.joint_count(),
                                  skeleton.description.empty() ? "" : ": ",
                                  first_sentence(skeleton.description)));
  }
}

void print_options(const std::vector<OptionDoc>& options, size_t indent) {
  for (const auto& option : options) {
    const std::string constraint = option.constraint.empty() ? "" : ", " + option.constraint;
    const bool has_value = !option.fallback.empty() && option.nested.empty();
    fmt::print("\n{:{}}{}{}\n", "", indent, option.name,
               has_value ? " = " + option.fallback : (option.nested.empty() ? "" : ":"));
    const size_t inner = indent + 4;
    fmt::print("{:{}}{}\n", "", inner, wrap(option.help, inner, inner));
    if (option.nested.empty())
      fmt::print("{:{}}({}{})\n", "", inner, wrap(option.type, inner, inner), constraint);
    print_options(option.nested, inner);
  }
}

void describe_component(const RegistryBase& registry, const std::string& name) {
  const ComponentInfo* info = registry.find_info(name);
  if (!info)
    throw UsageError(fmt::format("no {} '{}'{}\n  known: {}", registry.kind(), name,
                                 near_name_hint(name, registry.names()), join(registry.names())));
  fmt::print("{} {}\n  {}\n", registry.kind(), info->name, wrap(info->summary, 2, 2));
  const auto options = info->options();
  fmt::print("\n  {}\n", options.empty() ? "no options" : "options and their defaults:");
  print_options(options, 4);
}

void describe_skeleton(const std::string& name) {
  const Skeleton skeleton = Skeleton::load(name);
  fmt::print("skeleton {}\n  {}\n\n  joint  name                   parent\n", skeleton.name,
             wrap(skeleton.description, 2, 2));
  for (int64_t joint = 0; joint < skeleton.joint_count(); ++joint) {
    const auto at = static_cast<size_t>(joint);
    const int64_t parent = skeleton.parents[at];
    fmt::print("  {:>5}  {:<22} {}{}\n", joint, skeleton.joints[at],
               parent < 0 ? "-" : skeleton.joints[static_cast<size_t>(parent)],
               joint == skeleton.center ? " (the centre)" : "");
  }
  std::vector<std::string> sets;
  for (const auto& [set, edges] : skeleton.edge_sets)
    sets.push_back(fmt::format("{} ({} edges)", set, edges.size()));
  fmt::print("\n  edge sets: {}\n", wrap(join(sets), 13, 13));
}

void refuse_model_options(const ParsedArguments& arguments) {
  const po::options_description options = model_description_options();
  for (const auto& option : options.options())
    if (arguments.has(option->long_name()))
      throw UsageError(
          fmt::format("--{} goes with `kinegraph describe model`", option->long_name()));
}

}  // namespace

int run_list(const Arguments& words) {
  const ParsedArguments arguments =
      parse_arguments(words, find_verb("list"), po::options_description(), {"KIND?"});
  if (arguments.is_help) return 0;
  const auto kinds = all_kinds();
  if (arguments.has("KIND")) {
    print_kind(singular(arguments.text("KIND"), kinds));
    return 0;
  }
  for (const auto& kind : kinds) {
    fmt::print("{}\n", kind);
    print_kind(kind);
    fmt::print("\n");
  }
  fmt::print("`kinegraph describe KIND NAME` lists the options of one.\n");
  return 0;
}

int run_describe(const Arguments& words) {
  const ParsedArguments arguments =
      parse_arguments(words, find_verb("describe"), model_description_options(), {"KIND", "NAME?"});
  if (arguments.is_help) return 0;
  auto kinds = all_kinds();
  kinds.push_back(kModel);
  const std::string kind = singular(arguments.text("KIND"), kinds);
  if (kind == kModel) {
    describe_model(arguments);
    return 0;
  }
  refuse_model_options(arguments);
  std::vector<std::string> names{arguments.text("NAME")};
  if (!arguments.has("NAME"))
    names = kind == kSkeletons ? Skeleton::shipped_names() : find_registry(kind).names();
  for (const auto& name : names) {
    if (&name != &names.front()) fmt::print("\n");
    if (kind == kSkeletons)
      describe_skeleton(name);
    else
      describe_component(find_registry(kind), name);
  }
  return 0;
}

}  // namespace kinegraph
