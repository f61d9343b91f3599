#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "framework/base/error.h"
#include "framework/base/interrupt.h"
#include "framework/base/text.h"
#include "framework/cli/verb.h"
#include "framework/io/store_skeleton.h"
#include "framework/picture/clip_picture.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace kinegraph {
namespace {

po::options_description show_options() {
  const PictureOptions defaults;
  po::options_description options;
  options.add_options()("clip", po::value<std::string>()->value_name("ID"), "the clip")(
      "out", po::value<std::string>()->value_name("FILE"),
      "a sheet of poses (.png) or a video (.mp4, .gif); default: <ID>.png here")(
      "frames", po::value<std::string>()->value_name("A:B"),
      "from frame A up to, not including, B; they count from 0 and may be left out")(
      "azimuth", po::value<double>()->default_value(0)->value_name("DEGREES"),
      "of a 3D view: to the camera's right, around the persons")(
      "elevation", po::value<double>()->default_value(0)->value_name("DEGREES"),
      "of a 3D view: above the camera")("video", po::value<std::string>()->value_name("FILE"),
                                        "draw over the clip's video")(
      "min-score", po::value<double>()->default_value(defaults.min_score)->value_name("S"),
      "joints below it are grey")(
      "size", po::value<int>()->default_value(defaults.size)->value_name("PIXELS"),
      "height of a video, or of a pose on a sheet")(
      "poses", po::value<int64_t>()->default_value(defaults.poses)->value_name("N"),
      "at most so many on a sheet, evenly over the frames")(
      "fps", po::value<double>()->value_name("F"), "of a video; default: the clip's own, or 30");
  return options;
}

/// "", "12" of "12:", ":30" and so on; "" leaves `number` as it is.
void read_frame(const std::string& text, const std::string& option, int64_t& number) {
  if (text.empty()) return;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  if (result.ec != std::errc() || result.ptr != end || number < 0)
    throw UsageError(
        fmt::format("--frames is '{}'; expected A:B such as 0:30, 10: or :20", option));
}

void read_frames(const std::string& text, PictureOptions& options) {
  const size_t colon = text.find(':');
  if (colon == text.npos)
    throw UsageError(fmt::format("--frames is '{}'; expected A:B such as 0:30, 10: or :20", text));
  read_frame(text.substr(0, colon), text, options.begin);
  const std::string end_text = text.substr(colon + 1);
  int64_t end = 0;
  read_frame(end_text, text, end);
  if (!end_text.empty()) options.end = end;
}

template <class Number>
Number number_in(const ParsedArguments& arguments, const char* name, Number low, Number high) {
  const auto value = arguments.values[name].as<Number>();
  if (!(value >= low && value <= high))
    throw UsageError(fmt::format("--{} is {}; expected {}..{}", name, value, low, high));
  return value;
}

PictureOptions picture_options(const ParsedArguments& arguments) {
  PictureOptions options;
  if (arguments.has("frames")) read_frames(arguments.text("frames"), options);
  options.view.azimuth = number_in(arguments, "azimuth", -360.0, 360.0);
  options.view.elevation = number_in(arguments, "elevation", -90.0, 90.0);
  options.video = arguments.text("video");
  options.min_score = number_in(arguments, "min-score", 0.0, 1e9);
  options.size = number_in(arguments, "size", 32, 4320);
  options.poses = number_in<int64_t>(arguments, "poses", 1, 1000);
  if (arguments.has("fps")) options.fps = number_in(arguments, "fps", 0.1, 1000.0);
  return options;
}

/// The id becomes the name of a file here.
std::string default_name(std::string id) {
  for (char& sign : id)
    if (sign == '/') sign = '_';
  return id + ".png";
}

fs::path out_path(const ParsedArguments& arguments, const std::string& id) {
  const fs::path path = arguments.has("out") ? arguments.text("out") : default_name(id);
  const std::vector<std::string> extensions{".png", ".mp4", ".gif"};
  if (std::find(extensions.begin(), extensions.end(), path.extension().string()) ==
      extensions.end())
    throw UsageError(fmt::format("--out is {}; expected a name that ends in {}", path.string(),
                                 join(extensions)));
  std::error_code ignored;
  if (arguments.has("video") && fs::equivalent(path, arguments.text("video"), ignored))
    throw UsageError("--out is the file that --video reads");
  return path;
}

/// The clip that --clip names. Throws UsageError that tells what clips are called.
int64_t find_clip(const AnnotationStore& store, const ParsedArguments& arguments,
                  const std::string& path) {
  const std::string id = arguments.text("clip");
  if (const auto clip = store.find(id)) return *clip;
  std::vector<std::string> ids;
  for (int64_t clip = 0; clip < store.num_clips(); ++clip) ids.push_back(store.id(clip));
  const std::string problem = arguments.has("clip")
                                  ? fmt::format("no clip '{}'{}", id, near_name_hint(id, ids))
                                  : "--clip ID is missing";
  constexpr size_t kMostIds = 5;
  const size_t count = ids.size();
  ids.resize(std::min(count, kMostIds));
  throw UsageError(
      fmt::format("{}: {}\n  the first of {} clips: {}", path, problem, count, join(ids)));
}

}  // namespace

int run_show(const Arguments& words) {
  const ParsedArguments arguments =
      parse_arguments(words, find_verb("show"), show_options(), {"STORE"});
  if (arguments.is_help) return 0;
  const PictureOptions options = picture_options(arguments);
  const std::string path = arguments.text("STORE");
  const auto store = AnnotationStore::open(path);
  const int64_t clip = find_clip(store, arguments, path);
  const fs::path out = out_path(arguments, store.id(clip));
  const InterruptGuard interrupts;
  draw_clip(store, skeleton_of(store, path), clip, options, out);
  fmt::print("{}\n", out.string());
  return 0;
}

}  // namespace kinegraph
