#include "framework/picture/clip_picture.h"

#include <cairo.h>
#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "framework/io/annotation_store_writer.h"
#include "framework/picture/video.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

Skeleton stick() {
  return Skeleton::parse(
      "name: stick\n"
      "joints: [head, hip, left_foot, right_foot]\n"
      "bones: [[head, hip], [left_foot, hip], [right_foot, hip]]\n"
      "left_right: [[left_foot, right_foot]]\n"
      "center: hip\n",
      "stick.yaml");
}

/// Two persons in 5 frames; the second has no score above 0.1.
Clip stick_clip(int64_t channels) {
  Clip clip;
  clip.id = "wave/1";
  clip.labels = {0};
  clip.num_frames = 5;
  clip.num_persons = 2;
  const double pose[4][3] = {{0, 1.6, 0}, {0, 0.9, 0}, {-0.3, 0, 0.2}, {0.3, 0, 0.4}};
  for (int m = 0; m < 2; ++m)
    for (int t = 0; t < 5; ++t)
      for (const auto& joint : pose) {
        for (int64_t c = 0; c < channels; ++c) {
          const double x = joint[c] + (c == 0 ? m : c == 2 ? 3 : 0.01 * t);
          clip.keypoints.push_back(channels == 3 ? x : c == 0 ? 100 + 50 * x : 150 - 50 * x);
        }
        clip.scores.push_back(m == 0 ? 0.9 : 0.1);
      }
  clip.image_width = 320;
  clip.image_height = 240;
  return clip;
}

/// B G R X of a PNG.
struct Picture {
  explicit Picture(const fs::path& path)
      : surface(cairo_image_surface_create_from_png(path.c_str())) {
    EXPECT_EQ(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS) << path;
  }
  ~Picture() { cairo_surface_destroy(surface); }
  int width() const { return cairo_image_surface_get_width(surface); }
  int height() const { return cairo_image_surface_get_height(surface); }
  /// Pixels of exactly this colour.
  int64_t count(uint8_t red, uint8_t green, uint8_t blue) const {
    int64_t found = 0;
    const int stride = cairo_image_surface_get_stride(surface);
    for (int y = 0; y < height(); ++y)
      for (int x = 0; x < width(); ++x) {
        const uint8_t* p = cairo_image_surface_get_data(surface) + y * stride + 4 * x;
        found += p[2] == red && p[1] == green && p[0] == blue ? 1 : 0;
      }
    return found;
  }
  cairo_surface_t* surface;
};

class ClipPicture : public testing::Test {
 protected:
  AnnotationStore store(int64_t channels = 3) const {
    return store_of(stick_clip(channels), channels == 3 ? "xyz" : "xy",
                    channels == 3 ? Coordinates::metres : Coordinates::pixels);
  }

  AnnotationStore store_of(const Clip& clip, const std::string& channels,
                           Coordinates coordinates) const {
    const Skeleton skeleton = stick();
    StoreInfo info;
    info.skeleton = skeleton.name;
    info.skeleton_layout = skeleton.to_yaml();
    info.num_joints = 4;
    info.channels = channels;
    info.coordinates = coordinates;
    info.class_names = {"wave"};
    AnnotationStoreWriter writer(folder_ / "store.h5", info);
    writer.add(clip);
    writer.finish();
    return AnnotationStore::open(folder_ / "store.h5");
  }

  /// Draws into the folder; what is left there besides the store.
  std::vector<std::string> draw(const PictureOptions& options, const std::string& name,
                                int64_t channels = 3) const {
    draw_clip(store(channels), stick(), 0, options, folder_ / name);
    return files();
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_.path()))
      if (entry.path().extension() != ".h5") names.push_back(entry.path().filename());
    return names;
  }
  int frames_of_video(const fs::path& path) const {
    VideoReader video(path);
    int frames = 0;
    while (video.next()) ++frames;
    return frames;
  }

  TempDir folder_;
};

using Strings = std::vector<std::string>;

TEST_F(ClipPicture, IsASheetOfTheChosenSize) {
  PictureOptions options;
  options.size = 100;
  EXPECT_EQ(draw(options, "a.png"), Strings{"a.png"});
  const Picture picture(folder_ / "a.png");
  EXPECT_GT(picture.width(), 300);
  EXPECT_GT(picture.height(), 100);
}

TEST_F(ClipPicture, IsWideEnoughForItsTitle) {
  PictureOptions options;
  options.size = 100;
  options.poses = 1;
  draw(options, "a.png");
  EXPECT_GT(Picture(folder_ / "a.png").width(), 250) << "the pose is about 110 wide";
}

TEST_F(ClipPicture, ColoursPersonsAndGreysLowScores) {
  draw({}, "a.png");
  {
    const Picture picture(folder_ / "a.png");
    EXPECT_GT(picture.count(0, 115, 179), 100) << "the first person";
    EXPECT_GT(picture.count(174, 174, 174), 100) << "the second";
    EXPECT_EQ(picture.count(215, 94, 0), 0);
  }
  PictureOptions options;
  options.min_score = 0.05;
  draw(options, "a.png");
  const Picture picture(folder_ / "a.png");
  EXPECT_GT(picture.count(215, 94, 0), 100) << "the second person";
  EXPECT_EQ(picture.count(174, 174, 174), 0);
}

TEST_F(ClipPicture, IsAVideoOfEveryFrameInTheRange) {
  PictureOptions options;
  options.size = 64;
  for (const char* name : {"a.mp4", "a.gif"}) {
    EXPECT_EQ(draw(options, name), Strings{name});
    EXPECT_EQ(frames_of_video(folder_ / name), 5) << name;
    fs::remove(folder_ / name);
  }
  options.begin = 1;
  options.end = 4;
  draw(options, "a.mp4");
  EXPECT_EQ(frames_of_video(folder_ / "a.mp4"), 3);
}

TEST_F(ClipPicture, LiesOverItsVideo) {
  {
    VideoWriter writer(folder_ / "video.mp4", ".mp4", 320, 240, 30);
    Canvas canvas(320, 240);
    for (int i = 0; i < 5; ++i) writer.add(canvas);
    writer.finish();
  }
  PictureOptions options;
  options.video = folder_ / "video.mp4";
  options.size = 240;
  options.poses = 1;
  draw(options, "a.png", 2);
  EXPECT_EQ(Picture(folder_ / "a.png").width(), 320 + 12) << "a gap of 6 on both sides";
}

TEST_F(ClipPicture, RefusesAVideoThatIsTooShort) {
  {
    VideoWriter writer(folder_ / "short.mp4", ".mp4", 320, 240, 30);
    Canvas canvas(320, 240);
    writer.add(canvas);
    writer.finish();
  }
  PictureOptions options;
  options.video = folder_ / "short.mp4";
  EXPECT_EQ(thrown_message<DataError>([&] { draw(options, "a.mp4", 2); }),
            (folder_ / "short.mp4").string() +
                ": 1 frames; expected 5 or more, as the clip has\n"
                "  Is it the video of this clip? --frames takes a part of the clip.");
  EXPECT_EQ(files(), Strings{"short.mp4"});
}

TEST_F(ClipPicture, RefusesWhatIsNoVideo) {
  PictureOptions options;
  options.video = folder_.write("text.mp4", "no video");
  const std::string message = thrown_message<DataError>([&] { draw(options, "a.png", 2); });
  EXPECT_EQ(message.substr(0, 18), "ffmpeg: it failed\n");
  EXPECT_NE(message.find("Invalid data found"), message.npos) << message;
  EXPECT_EQ(files(), Strings{"text.mp4"});
}

TEST_F(ClipPicture, RefusesAVideoUnderMetres) {
  PictureOptions options;
  options.video = "any.mp4";
  EXPECT_EQ(thrown_message<UsageError>([&] { draw(options, "a.png"); }),
            "--video needs keypoints in the image; these are metres");
}

TEST_F(ClipPicture, RefusesAVideoFromTheSide) {
  PictureOptions options;
  options.video = "any.mp4";
  options.view.azimuth = 30;
  EXPECT_EQ(thrown_message<UsageError>([&] { draw(options, "a.png", 2); }),
            "--video shows what the camera saw; leave out --azimuth and --elevation");
}

TEST_F(ClipPicture, RefusesFramesBeyondTheClip) {
  PictureOptions options;
  options.begin = 2;
  options.end = 9;
  EXPECT_EQ(thrown_message<UsageError>([&] { draw(options, "a.png"); }),
            "--frames is 2:9; expected a part of 0:5 of clip wave/1");
}

TEST_F(ClipPicture, SaysThatFfmpegIsMissing) {
  const std::string path = getenv("PATH");
  setenv("PATH", folder_.path().c_str(), 1);
  const std::string message = thrown_message<DataError>([&] { draw({}, "a.mp4"); });
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(message,
            "ffmpeg: cannot run it: No such file or directory\n"
            "  Videos need the program ffmpeg: apt install ffmpeg");
  EXPECT_EQ(files(), Strings{});
}

TEST_F(ClipPicture, PutsHeadsUpInEveryKindOfCoordinates) {
  for (const int64_t channels : {2, 3}) {
    const auto opened = store(channels);
    const Poses2d poses(opened, 0, up_axis_of(opened, stick()), View{});
    EXPECT_LT(poses.joint(0, 0, 0).y, poses.joint(0, 0, 1).y) << channels;
    EXPECT_LT(poses.joint(0, 0, 2).x, poses.joint(0, 0, 3).x) << channels;
  }
}

TEST_F(ClipPicture, TurnsSharesOfTheImageIntoPixels) {
  Clip clip = stick_clip(2);
  for (size_t i = 0; i < clip.keypoints.size(); i += 2) {
    clip.keypoints[i] /= 320;
    clip.keypoints[i + 1] /= 240;
  }
  const auto opened = store_of(clip, "xy", Coordinates::normalised);
  EXPECT_TRUE(is_in_image(opened.info(), opened.clip(0)));
  const Poses2d poses(opened, 0, UpAxis{1, true}, View{});
  EXPECT_NEAR(poses.joint(0, 0, 2).x, 85, 1e-4);
  EXPECT_NEAR(poses.joint(0, 0, 2).y, 150, 1e-4);
}

TEST_F(ClipPicture, KeepsSharesOfAnUnknownImage) {
  Clip clip = stick_clip(2);
  clip.image_width = clip.image_height = {};
  const auto opened = store_of(clip, "xy", Coordinates::normalised);
  EXPECT_FALSE(is_in_image(opened.info(), opened.clip(0)));
  EXPECT_NEAR(Poses2d(opened, 0, UpAxis{1, true}, View{}).joint(0, 0, 2).x, 85, 1e-4);
}

TEST_F(ClipPicture, ShowsAJointAtTheOriginButInTheCornerOfAnImage) {
  Clip centred = stick_clip(3), cornered = stick_clip(2);
  std::fill_n(centred.keypoints.begin() + 3, 3, 0);          // the hip
  std::fill_n(cornered.keypoints.begin() + 2, 2, 0);         // the same
  std::fill_n(centred.keypoints.begin() + 4 * 3, 4 * 3, 0);  // nobody in frame 1
  const auto metres = store_of(centred, "xyz", Coordinates::metres);
  const Poses2d poses(metres, 0, UpAxis{}, View{});
  EXPECT_TRUE(poses.joint(0, 0, 1).is_present);
  EXPECT_FALSE(poses.joint(0, 1, 1).is_present);
  const auto pixels = store_of(cornered, "xy", Coordinates::pixels);
  EXPECT_FALSE(Poses2d(pixels, 0, UpAxis{1, true}, View{}).joint(0, 0, 1).is_present);
}

TEST_F(ClipPicture, TakesAScoreChannelForNoDepth) {
  Clip clip = stick_clip(3);
  clip.scores.clear();
  clip.image_width = clip.image_height = {};
  for (size_t i = 2; i < clip.keypoints.size(); i += 3) clip.keypoints[i] = 0.25;
  const auto opened = store_of(clip, "xys", Coordinates::normalised);
  const Poses2d poses(opened, 0, UpAxis{}, View{60, 0});
  EXPECT_NEAR(poses.joint(0, 0, 3).x, 0.3, 1e-6) << "a plane has one view";
  EXPECT_EQ(poses.joint(0, 0, 3).depth, 0);
  EXPECT_EQ(poses.joint(0, 0, 3).score, 0.25);
}

TEST_F(ClipPicture, LooksFromTheSideAndFromAbove) {
  const auto opened = store();
  const Poses2d side(opened, 0, UpAxis{}, View{90, 0}), above(opened, 0, UpAxis{}, View{0, 90});
  // The left foot is 0.2 nearer than the right one, and 0.6 to its left.
  EXPECT_NEAR(side.joint(0, 0, 3).x - side.joint(0, 0, 2).x, 0.2, 1e-6);
  EXPECT_NEAR(side.joint(0, 0, 3).depth - side.joint(0, 0, 2).depth, -0.6, 1e-6);
  EXPECT_NEAR(above.joint(0, 0, 3).y - above.joint(0, 0, 2).y, -0.2, 1e-6);
  EXPECT_NEAR(above.joint(0, 0, 0).depth - above.joint(0, 0, 2).depth, -1.6, 1e-6);
}

}  // namespace
}  // namespace kinegraph
