#include "framework/picture/clip_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/base/interrupt.h"
#include "framework/base/text.h"
#include "framework/picture/video.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

constexpr double kDefaultFps = 30;
constexpr int kMaxPixels = 100'000'000;

class ClipPicture {
 public:
  ClipPicture(const AnnotationStore& store, const Skeleton& skeleton, int64_t clip,
              const PictureOptions& options)
      : store_(store),
        about_(store.clip(clip)),
        skeleton_(skeleton),
        options_(options),
        poses_(store, clip, up_axis(), options.view) {
    begin_ = options.begin;
    end_ = options.end.value_or(about_.num_frames);
    if (begin_ < 0 || begin_ >= end_ || end_ > about_.num_frames)
      throw UsageError(fmt::format("--frames is {}:{}; expected a part of 0:{} of clip {}", begin_,
                                   end_, about_.num_frames, about_.id));
    if (!options.video.empty()) check_video();
    box_ = poses_.box(begin_, end_);
  }

  void draw(const fs::path& path) {
    PendingFile file(path);
    if (path.extension() == ".png")
      draw_sheet(file.part_path());
    else
      draw_video(file.part_path(), path.extension());
    file.commit();
  }

 private:
  UpAxis up_axis() const {
    return is_in_image(store_.info(), about_) ? UpAxis{1, true} : up_axis_of(store_, skeleton_);
  }

  void check_video() const {
    if (store_.info().coordinates == Coordinates::metres)
      throw UsageError("--video needs keypoints in the image; these are metres");
    if (!is_in_image(store_.info(), about_))
      throw UsageError(fmt::format(
          "--video needs the size of the image, which clip {} does not have", about_.id));
    if (options_.view.azimuth != 0 || options_.view.elevation != 0)
      throw UsageError("--video shows what the camera saw; leave out --azimuth and --elevation");
  }

  bool has_video() const { return !options_.video.empty(); }

  std::string title() const {
    std::vector<std::string> names;
    for (const int64_t label : about_.labels)
      names.push_back(store_.info().class_names[static_cast<size_t>(label)]);
    return names.empty() ? about_.id : about_.id + "  \xC2\xB7  " + join(names);
  }

  std::string subtitle() const {
    std::string text = fmt::format("{}, frames {}:{} of {}", store_.info().skeleton, begin_, end_,
                                   about_.num_frames);
    if (store_.info().num_coordinates() == 3 && !has_video())
      text += fmt::format(", seen from azimuth {:g}\xC2\xB0, elevation {:g}\xC2\xB0",
                          options_.view.azimuth, options_.view.elevation);
    return text;
  }

  /// Width over height of what is drawn.
  double aspect(const std::optional<Image>& image) const {
    if (image) return static_cast<double>(image->width) / image->height;
    return std::clamp(box_.width() / std::max(box_.height(), 1e-9), 0.5, 2.0);
  }

  /// Up to options_.poses frames, evenly from the first to the last.
  std::vector<int64_t> sheet_frames() const {
    const int64_t count = std::min(options_.poses, end_ - begin_);
    std::vector<int64_t> frames;
    for (int64_t i = 0; i < count; ++i)
      frames.push_back(count == 1 ? begin_ : begin_ + i * (end_ - begin_ - 1) / (count - 1));
    return frames;
  }

  void draw_sheet(const fs::path& part) {
    const auto frames = sheet_frames();
    std::optional<VideoReader> video;
    if (has_video()) video.emplace(options_.video);
    std::optional<Image> image = frame_of_video(video, frames[0]);
    const double height = options_.size, width = std::round(height * aspect(image));
    const double gap = std::max(6.0, height / 40), text = std::max(11.0, height / 22);
    const auto count = static_cast<int64_t>(frames.size());
    const int64_t columns = columns_for(count, width / (height + 2 * text));
    const int64_t rows = (count + columns - 1) / columns;
    const double head = 3.6 * text, most_head = std::min(title_width(text), 3 * height);
    Canvas canvas(
        checked(gap + std::max(static_cast<double>(columns) * (width + gap), most_head + gap)),
        checked(head + static_cast<double>(rows) * (height + 2 * text)));
    const double most = canvas.width() - 2 * gap;
    canvas.draw_text(title(), gap, 1.5 * text, 1.25 * text, most);
    canvas.draw_text(subtitle(), gap, 2.9 * text, 0.9 * text, most, true);
    for (int64_t i = 0; i < count; ++i) {
      if (is_interrupted()) throw Interrupted();
      const Area area{gap + static_cast<double>(i % columns) * (width + gap),
                      head + static_cast<double>(i / columns) * (height + 2 * text), width, height};
      const int64_t frame = frames[static_cast<size_t>(i)];
      if (i > 0) image = frame_of_video(video, frame);
      draw_frame(canvas, area, frame, image);
      canvas.draw_text(fmt::format("frame {}", frame), area.left, area.top + height + 1.2 * text,
                       0.9 * text, width, true);
    }
    canvas.write_png(part);
  }

  /// Of the two lines above the poses.
  double title_width(double text) const {
    Canvas canvas(1, 1);
    return std::max(canvas.text_width(title(), 1.25 * text),
                    canvas.text_width(subtitle(), 0.9 * text));
  }

  /// So many columns that the sheet comes out somewhat wider than high, its rows evenly filled.
  static int64_t columns_for(int64_t count, double aspect) {
    constexpr double kSheetAspect = 1.6;
    const double columns = std::ceil(std::sqrt(static_cast<double>(count) * kSheetAspect / aspect));
    const int64_t most = std::clamp<int64_t>(static_cast<int64_t>(columns), 1, count);
    const int64_t rows = (count + most - 1) / most;
    return (count + rows - 1) / rows;
  }

  void draw_video(const fs::path& part, const std::string& extension) {
    std::optional<VideoReader> video;
    if (has_video()) video.emplace(options_.video);
    std::optional<Image> image = frame_of_video(video, begin_);
    // H.264 with halved colours wants even sides.
    const int height = checked(options_.size) / 2 * 2;
    const int width = checked(height * aspect(image)) / 2 * 2;
    Canvas canvas(width, height);
    const double text = std::max(11.0, height / 28.0), top = image ? 0 : 2.2 * text;
    const Area area{0, top, static_cast<double>(width), height - top};
    VideoWriter writer(part, extension, width, height, fps());
    for (int64_t frame = begin_; frame < end_; ++frame) {
      if (is_interrupted()) throw Interrupted();
      if (frame > begin_) image = frame_of_video(video, frame);
      canvas.clear();
      draw_frame(canvas, area, frame, image);
      const double most = width - text;
      canvas.draw_text(title(), text / 2, 1.4 * text, text, most);
      canvas.draw_text(fmt::format("frame {}", frame), text / 2, height - text / 2, 0.9 * text,
                       most, true);
      writer.add(canvas);
    }
    writer.finish();
  }

  double fps() const { return options_.fps > 0 ? options_.fps : about_.fps.value_or(kDefaultFps); }

  static int checked(double side) {
    if (!(side >= 2 && side * side <= 4.0 * kMaxPixels))
      throw UsageError(fmt::format("a picture with a side of {:.0f} pixels cannot be drawn", side));
    return static_cast<int>(side);
  }

  void draw_frame(Canvas& canvas, const Area& area, int64_t frame,
                  const std::optional<Image>& image) const {
    Placement placement = Placement::fit(box_, area);
    if (image) {
      canvas.draw_image(*image, area);
      placement = {area.width / static_cast<double>(*about_.image_width), area.left, area.top};
    } else {
      canvas.draw_panel(area);
    }
    const double body = placement.scale * box_.height();
    const double line_width = std::max(1.5, std::min(area.height, body) / 90);
    canvas.draw_poses(poses_, frame, skeleton_, placement, options_.min_score, line_width);
  }

  /// Nothing without a video. Frames come in rising order.
  std::optional<Image> frame_of_video(std::optional<VideoReader>& video, int64_t frame) {
    if (!video) return std::nullopt;
    std::optional<Image> image;
    for (; next_frame_ <= frame; ++next_frame_) {
      image = video->next();
      if (!image)
        throw DataError(Fault{options_.video.string(), fmt::format("{} frames", next_frame_),
                              fmt::format("{} or more, as the clip has", end_),
                              "Is it the video of this clip? --frames takes a part of the clip."});
    }
    return image;
  }

  const AnnotationStore& store_;
  ClipInfo about_;
  const Skeleton& skeleton_;
  PictureOptions options_;
  Poses2d poses_;
  int64_t begin_ = 0, end_ = 0, next_frame_ = 0;
  Poses2d::Box box_;
};

}  // namespace

void draw_clip(const AnnotationStore& store, const Skeleton& skeleton, int64_t clip,
               const PictureOptions& options, const fs::path& path) {
  ClipPicture(store, skeleton, clip, options).draw(path);
}

}  // namespace kinegraph
