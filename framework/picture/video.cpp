#include "framework/picture/video.h"

#include <fmt/format.h>

#include <cctype>

#include "framework/base/error.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

constexpr char kRemedy[] = "Videos need the program ffmpeg: apt install ffmpeg";
constexpr int kMaxSide = 16384;

/// Never taken for an option, a pattern or an address.
std::string url_of(const fs::path& path) { return "file:" + fs::absolute(path).string(); }

const fs::path& existing(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored))
    throw DataError(Fault{path.string(), "no such file", "a video", "Check the path."});
  return path;
}

/// PPM images, which say their own size; every frame once, whatever its time.
std::vector<std::string> read_command(const fs::path& path) {
  return {"ffmpeg",     "-nostdin", "-v",          "error", "-protocol_whitelist", "file", "-i",
          url_of(path), "-vsync",   "passthrough", "-f",    "image2pipe",          "-c:v", "ppm",
          "-threads",   "1",        "pipe:1"};
}

std::vector<std::string> write_command(const fs::path& part, const std::string& extension,
                                       int width, int height, double fps) {
  std::vector<std::string> words{"ffmpeg",
                                 "-v",
                                 "error",
                                 "-f",
                                 "rawvideo",
                                 "-pix_fmt",
                                 "bgr0",
                                 "-s",
                                 fmt::format("{}x{}", width, height),
                                 "-r",
                                 fmt::format("{}", fps),
                                 "-i",
                                 "pipe:0",
                                 "-y"};
  const std::vector<std::string> mp4{"-c:v", "libx264",   "-pix_fmt",   "yuv420p", "-crf",
                                     "18",   "-movflags", "+faststart", "-f",      "mp4"};
  // A palette for each frame, because one for all would keep all frames in memory.
  const std::vector<std::string> gif{
      "-filter_complex",
      "split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1:dither=none", "-f",
      "gif"};
  for (const auto& word : extension == ".gif" ? gif : mp4) words.push_back(word);
  words.push_back(url_of(part));
  return words;
}

}  // namespace

VideoReader::VideoReader(const fs::path& path)
    : path_(existing(path)), ffmpeg_(read_command(path), Subprocess::Stream::from_it, kRemedy) {}

int VideoReader::read_number() {
  char sign = ' ';
  while (std::isspace(static_cast<unsigned char>(sign)))
    if (ffmpeg_.read(&sign, 1) == 0) return -1;
  int number = 0;
  while (std::isdigit(static_cast<unsigned char>(sign)) && number <= kMaxSide) {
    number = 10 * number + (sign - '0');
    if (ffmpeg_.read(&sign, 1) == 0) return -1;
  }
  return number;
}

std::optional<Image> VideoReader::next() {
  char magic[2];
  if (ffmpeg_.read(magic, 2) < 2) {
    ffmpeg_.finish();  // tells when the file is no video
    return std::nullopt;
  }
  Image image;
  image.width = read_number();
  image.height = read_number();
  const int most = read_number();
  const bool is_sound = magic[0] == 'P' && magic[1] == '6' && image.width > 0 && image.height > 0 &&
                        image.width <= kMaxSide && image.height <= kMaxSide && most == 255;
  if (is_sound) {
    image.rgb.resize(static_cast<size_t>(image.width) * static_cast<size_t>(image.height) * 3);
    if (ffmpeg_.read(image.rgb.data(), image.rgb.size()) == image.rgb.size()) return image;
  }
  throw DataError(Fault{path_.string(), "frames that cannot be read",
                        fmt::format("a video of at most {} pixels a side", kMaxSide),
                        "Convert it with ffmpeg to an MP4."});
}

VideoWriter::VideoWriter(const fs::path& part, const std::string& extension, int width, int height,
                         double fps)
    : ffmpeg_(write_command(part, extension, width, height, fps), Subprocess::Stream::to_it,
              kRemedy) {}

void VideoWriter::add(Canvas& canvas) {
  const auto& pixels = canvas.bgrx();
  ffmpeg_.write(pixels.data(), pixels.size());
}

void VideoWriter::finish() { ffmpeg_.finish(); }

}  // namespace kinegraph
