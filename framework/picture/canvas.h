// A picture to draw on, kept by cairo.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "framework/picture/poses_2d.h"

namespace kinegraph {

/// 8 bits a channel, rows top down, R G B.
struct Image {
  int width = 0, height = 0;
  std::vector<uint8_t> rgb;
};

/// A part of a canvas in pixels.
struct Area {
  double left = 0, top = 0, width = 0, height = 0;
};

/// How poses come onto a canvas: scale, then shift.
struct Placement {
  double scale = 1, shift_x = 0, shift_y = 0;
  /// Fits the box into the area, centred, with some room around it.
  static Placement fit(const Poses2d::Box& box, const Area& area);
};

class Canvas {
 public:
  /// White. Throws DataError when there is no memory for it.
  Canvas(int width, int height);
  ~Canvas();
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;

  int width() const { return width_; }
  int height() const { return height_; }

  void clear();
  /// A card for a pose to stand on.
  void draw_panel(const Area& area);
  void draw_image(const Image& image, const Area& area);
  /// `baseline` is the y of the text's baseline. Text wider than `max_width` is made smaller, to
  /// six tenths, and then cut.
  void draw_text(const std::string& text, double x, double baseline, double size, double max_width,
                 bool is_muted = false);
  double text_width(const std::string& text, double size);
  /// All persons of a frame along the edges of the skeleton: one colour a person, left limbs
  /// lighter, what scores below `min_score` grey; far limbs first.
  void draw_poses(const Poses2d& poses, int64_t frame, const Skeleton& skeleton,
                  const Placement& placement, double min_score, double line_width);

  void write_png(const std::filesystem::path& path) const;

  /// The pixels as B G R and an unused byte, width() * height() * 4 bytes, rows without gaps.
  const std::vector<uint8_t>& bgrx();

 private:
  struct Cairo;
  std::unique_ptr<Cairo> cairo_;
  int width_, height_;
  std::vector<uint8_t> bytes_;
};

}  // namespace kinegraph
