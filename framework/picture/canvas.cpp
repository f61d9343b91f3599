#include "framework/picture/canvas.h"

#include <cairo.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "framework/base/error.h"

namespace kinegraph {

struct Canvas::Cairo {
  cairo_surface_t* surface = nullptr;
  cairo_t* context = nullptr;

  Cairo(int width, int height)
      : surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height)),
        context(cairo_create(surface)) {
    if (cairo_status(context) == CAIRO_STATUS_SUCCESS) return;
    const std::string why = cairo_status_to_string(cairo_status(context));
    cairo_destroy(context);
    cairo_surface_destroy(surface);
    throw DataError(Fault{fmt::format("a picture of {} x {} pixels", width, height), why,
                          "a size that can be drawn", "Ask for a smaller one."});
  }
  ~Cairo() {
    cairo_destroy(context);
    cairo_surface_destroy(surface);
  }
};

namespace {

struct Colour {
  double red, green, blue;

  Colour towards_white(double share) const {
    return {red + share * (1 - red), green + share * (1 - green), blue + share * (1 - blue)};
  }
};

/// Of Okabe and Ito (2008), told apart by colour-blind people too.
constexpr std::array<Colour, 6> kPersonColours{{{0.00, 0.45, 0.70},
                                                {0.84, 0.37, 0.00},
                                                {0.00, 0.62, 0.45},
                                                {0.80, 0.47, 0.65},
                                                {0.90, 0.62, 0.00},
                                                {0.34, 0.71, 0.91}}};
constexpr Colour kGrey{0.68, 0.68, 0.68}, kText{0.13, 0.15, 0.18}, kMutedText{0.45, 0.48, 0.52};
constexpr Colour kPanel{0.965, 0.97, 0.98};
constexpr double kLighter = 0.45;
constexpr double kSmallest = 0.6;  // of the size that was asked for, to make text fit
constexpr double kRoom = 0.09;     // of the shorter side, on each side of a fitted box

void set_colour(cairo_t* context, const Colour& colour) {
  cairo_set_source_rgb(context, colour.red, colour.green, colour.blue);
}

/// Cairo stops drawing for good at text that is not UTF-8.
std::string printable(std::string text) {
  if (simdjson::validate_utf8(text)) return text;
  for (char& byte : text)
    if (static_cast<unsigned char>(byte) >= 0x80) byte = '?';
  return text;
}

/// A bone, or a joint where both ends are one.
struct Stroke {
  Point from, to;
  Colour colour;
  double depth;
};

bool is_left(const Skeleton& skeleton, int64_t v) {
  return std::any_of(skeleton.left_right.begin(), skeleton.left_right.end(),
                     [&](const JointPair& pair) { return pair.first == v; });
}

Colour colour_of(const Skeleton& skeleton, int64_t person, int64_t v, int64_t w, double score,
                 double min_score) {
  if (score < min_score) return kGrey;
  const Colour& colour = kPersonColours[static_cast<size_t>(person) % kPersonColours.size()];
  return is_left(skeleton, v) || is_left(skeleton, w) ? colour.towards_white(kLighter) : colour;
}

std::vector<Stroke> strokes_of(const Poses2d& poses, int64_t frame, const Skeleton& skeleton,
                               double min_score) {
  std::vector<Stroke> strokes;
  const auto add = [&](int64_t person, int64_t v, int64_t w) {
    const Point &a = poses.joint(person, frame, v), &b = poses.joint(person, frame, w);
    if (a.is_present && b.is_present)
      strokes.push_back({a, b,
                         colour_of(skeleton, person, v, w, std::min(a.score, b.score), min_score),
                         (a.depth + b.depth) / 2});
  };
  for (int64_t person = 0; person < poses.num_persons(); ++person) {
    for (const auto& [v, w] : skeleton.edge_set(Skeleton::kDefaultEdgeSet)) add(person, v, w);
    for (int64_t v = 0; v < poses.num_joints(); ++v) add(person, v, v);
  }
  std::stable_sort(strokes.begin(), strokes.end(),
                   [](const Stroke& a, const Stroke& b) { return a.depth > b.depth; });
  return strokes;
}

}  // namespace

Placement Placement::fit(const Poses2d::Box& box, const Area& area) {
  const double room = kRoom * std::min(area.width, area.height);
  const double scale = std::min((area.width - 2 * room) / std::max(box.width(), 1e-9),
                                (area.height - 2 * room) / std::max(box.height(), 1e-9));
  return {scale, area.left + area.width / 2 - scale * (box.left + box.right) / 2,
          area.top + area.height / 2 - scale * (box.top + box.bottom) / 2};
}

Canvas::Canvas(int width, int height)
    : cairo_(std::make_unique<Cairo>(width, height)), width_(width), height_(height) {
  cairo_set_line_cap(cairo_->context, CAIRO_LINE_CAP_ROUND);
  cairo_select_font_face(cairo_->context, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                         CAIRO_FONT_WEIGHT_NORMAL);
  clear();
}

Canvas::~Canvas() = default;

void Canvas::clear() {
  cairo_set_source_rgb(cairo_->context, 1, 1, 1);
  cairo_paint(cairo_->context);
}

void Canvas::draw_panel(const Area& area) {
  set_colour(cairo_->context, kPanel);
  cairo_rectangle(cairo_->context, area.left, area.top, area.width, area.height);
  cairo_fill(cairo_->context);
}

void Canvas::draw_image(const Image& image, const Area& area) {
  const int stride = cairo_format_stride_for_width(CAIRO_FORMAT_RGB24, image.width);
  std::vector<uint8_t> pixels(static_cast<size_t>(stride) * static_cast<size_t>(image.height));
  for (int y = 0; y < image.height; ++y) {
    const uint8_t* in = image.rgb.data() + static_cast<size_t>(y) * image.width * 3;
    uint8_t* out = pixels.data() + static_cast<size_t>(y) * stride;
    for (int x = 0; x < image.width; ++x, in += 3, out += 4)
      out[0] = in[2], out[1] = in[1], out[2] = in[0];
  }
  cairo_surface_t* surface = cairo_image_surface_create_for_data(pixels.data(), CAIRO_FORMAT_RGB24,
                                                                 image.width, image.height, stride);
  cairo_save(cairo_->context);
  cairo_translate(cairo_->context, area.left, area.top);
  cairo_scale(cairo_->context, area.width / image.width, area.height / image.height);
  cairo_set_source_surface(cairo_->context, surface, 0, 0);
  cairo_pattern_set_extend(cairo_get_source(cairo_->context), CAIRO_EXTEND_PAD);
  cairo_rectangle(cairo_->context, 0, 0, image.width, image.height);
  cairo_fill(cairo_->context);
  cairo_restore(cairo_->context);
  cairo_surface_destroy(surface);
}

double Canvas::text_width(const std::string& text, double size) {
  cairo_text_extents_t extents;
  cairo_set_font_size(cairo_->context, size);
  cairo_text_extents(cairo_->context, printable(text).c_str(), &extents);
  return extents.x_advance;
}

void Canvas::draw_text(const std::string& text, double x, double baseline, double size,
                       double max_width, bool is_muted) {
  const std::string letters = printable(text);
  const double share =
      std::clamp(max_width / std::max(text_width(text, size), 1.0), kSmallest, 1.0);
  cairo_set_font_size(cairo_->context, share * size);
  cairo_save(cairo_->context);
  cairo_rectangle(cairo_->context, x, baseline - 2 * size, max_width + size / 4, 3 * size);
  cairo_clip(cairo_->context);
  // A white rim keeps it legible on a video.
  cairo_move_to(cairo_->context, x, baseline);
  cairo_text_path(cairo_->context, letters.c_str());
  cairo_set_line_width(cairo_->context, size / 4);
  cairo_set_source_rgba(cairo_->context, 1, 1, 1, 0.85);
  cairo_stroke_preserve(cairo_->context);
  set_colour(cairo_->context, is_muted ? kMutedText : kText);
  cairo_fill(cairo_->context);
  cairo_restore(cairo_->context);
}

void Canvas::draw_poses(const Poses2d& poses, int64_t frame, const Skeleton& skeleton,
                        const Placement& placement, double min_score, double line_width) {
  for (const Stroke& stroke : strokes_of(poses, frame, skeleton, min_score)) {
    const auto x = [&](const Point& p) { return placement.scale * p.x + placement.shift_x; };
    const auto y = [&](const Point& p) { return placement.scale * p.y + placement.shift_y; };
    set_colour(cairo_->context, stroke.colour);
    const bool is_joint = stroke.from.x == stroke.to.x && stroke.from.y == stroke.to.y;
    cairo_set_line_width(cairo_->context, is_joint ? 2 * line_width : line_width);
    cairo_move_to(cairo_->context, x(stroke.from), y(stroke.from));
    cairo_line_to(cairo_->context, x(stroke.to), y(stroke.to));
    cairo_stroke(cairo_->context);
  }
}

void Canvas::write_png(const std::filesystem::path& path) const {
  cairo_surface_flush(cairo_->surface);
  const cairo_status_t status = cairo_surface_write_to_png(cairo_->surface, path.c_str());
  if (status != CAIRO_STATUS_SUCCESS)
    throw DataError(Fault{path.string(),
                          fmt::format("cannot write it: {}", cairo_status_to_string(status)), "",
                          "Check the folder and the space on the disk."});
}

const std::vector<uint8_t>& Canvas::bgrx() {
  cairo_surface_flush(cairo_->surface);
  const size_t row = static_cast<size_t>(width_) * 4;
  const auto stride = static_cast<size_t>(cairo_image_surface_get_stride(cairo_->surface));
  const uint8_t* data = cairo_image_surface_get_data(cairo_->surface);
  bytes_.resize(row * static_cast<size_t>(height_));
  for (size_t y = 0; y < static_cast<size_t>(height_); ++y)
    std::copy_n(data + y * stride, row, bytes_.data() + y * row);
  return bytes_;
}

}  // namespace kinegraph
