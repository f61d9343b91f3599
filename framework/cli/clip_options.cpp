#include "framework/cli/clip_options.h"

#include <fmt/format.h>

#include <charconv>

#include "framework/base/error.h"
#include "framework/base/text.h"
#include "framework/run/experiment.h"

namespace po = boost::program_options;

namespace kinegraph {
namespace {

ModelContext context_without_data(const ParsedArguments& arguments) {
  ModelContext context;
  context.backbone.skeleton = Skeleton::load(arguments.text("skeleton"));
  InputShape shape;
  shape.joints = context.backbone.skeleton.joint_count();
  shape.channels = number_of(arguments, "channels", 3);
  shape.persons = 2;
  shape.frames = 100;
  context.backbone.inputs["keypoints"] = shape;
  context.num_classes = number_of(arguments, "classes", 60);
  return context;
}

}  // namespace

void add_clip_options(po::options_description& options) {
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()("skeleton", text("NAME"),
                        "measure the model alone, without data, on clips of this skeleton")(
      "frames", text("N"), "frames of a clip; default: as the data have, or 100")(
      "persons", text("N"), "persons of a clip; default: as the data have, or 2")(
      "channels", text("N"), "with --skeleton: channels of a joint; default 3")(
      "classes", text("N"), "with --skeleton: classes; default 60");
}

void require_config_option(const ParsedArguments& arguments, const std::string& verb) {
  if (!arguments.has("config"))
    throw UsageError(fmt::format("--config FILE is missing\n  see `kinegraph {} --help`", verb));
  for (const char* option : {"channels", "classes"})
    if (arguments.has(option) && !arguments.has("skeleton"))
      throw UsageError(
          fmt::format("--{} needs --skeleton\n  Without it the data say that.", option));
}

ModelContext read_model_context(const ParsedArguments& arguments,
                                const ExperimentOptions& experiment) {
  ModelContext context = arguments.has("skeleton")
                             ? context_without_data(arguments)
                             : model_context(*build_train_loader(experiment, c10::kCPU));
  for (auto& [name, shape] : context.backbone.inputs) {
    shape.frames = number_of(arguments, "frames", shape.frames);
    shape.persons = number_of(arguments, "persons", shape.persons);
  }
  return context;
}

std::string text_of(const std::map<std::string, InputShape>& inputs) {
  std::vector<std::string> words;
  for (const auto& [name, shape] : inputs)
    words.push_back(fmt::format("{} {}x{}x{}x{} (M,T,V,C)", name, shape.persons, shape.frames,
                                shape.joints, shape.channels));
  return join(words);
}

bool parse_number(const std::string& text, int64_t low, int64_t high, int64_t& number) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  return result.ec == std::errc() && result.ptr == end && number >= low && number <= high;
}

int64_t number_of(const ParsedArguments& arguments, const std::string& option, int64_t fallback,
                  int64_t low, int64_t high) {
  int64_t number = fallback;
  if (arguments.has(option) && !parse_number(arguments.text(option), low, high, number))
    throw UsageError(fmt::format("--{} is '{}'; expected a whole number in {}..{}", option,
                                 arguments.text(option), low, high));
  return number;
}

}  // namespace kinegraph
