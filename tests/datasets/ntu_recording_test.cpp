#include "datasets/ntu/recording.h"

#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/datasets/ntu_text.h"
#include "tests/support/thrown_message.h"

namespace kinegraph::ntu {
namespace {

using Integers = std::vector<int64_t>;

constexpr char kRemedy[] = "\n  Take this file from the data set again.";
constexpr char kBody[] =
    "; expected a body: its id, which no other body of the frame has, and 9 numbers";
constexpr char kJoint[] = "; expected a joint: x y z in metres, within 1000, and 9 more numbers";

std::string error_of(const std::string& text) {
  return thrown_message<DataError>([&] { parse_recording(text, "a.skeleton"); });
}

/// Two frames of one body each. Joint v of the first is on line 5 + v, of the second on line 33 +
/// v.
std::string two_frames() { return recording_text({{{7}}, {{7}}}); }

/// two_frames() with another text as its line `line` (from 1).
std::string with_line(int line, const std::string& replacement) {
  std::string text = two_frames();
  size_t at = 0;
  for (int i = 1; i < line; ++i) at = text.find('\n', at) + 1;
  return text.replace(at, text.find('\n', at) - at, replacement);
}

TEST(NtuRecording, ListsTheBodiesOfEveryFrame) {
  const Recording recording = parse_recording(
      recording_text({{}, {{72057594037931101}, {-5}}, {{72057594037931101}}}), "a");
  EXPECT_EQ(recording.num_frames(), 3);
  EXPECT_EQ(recording.frame_offsets, (Integers{0, 0, 2, 3}));
  EXPECT_EQ(recording.ids, (Integers{72057594037931101, -5, 72057594037931101}));
  EXPECT_EQ(recording.joints.size(), 3U * 75);
}

TEST(NtuRecording, KeepsEveryPositionExactly) {
  const Recording recording =
      parse_recording(with_line(5 + 3, joint_line(-0.006652743, 1.5e-7, 2.910335)), "a");
  EXPECT_EQ(recording.body(0)[9], -0.006652743);
  EXPECT_EQ(recording.body(0)[10], 1.5e-7);
  EXPECT_EQ(recording.body(0)[11], 2.910335);
}

TEST(NtuRecording, LineEndingsAndBlanksMakeNoDifference) {
  const TextFrames frames{{{1, 0.5}}, {{1, 0.25}, {2}}};
  const auto expected = parse_recording(recording_text(frames), "a").joints;
  EXPECT_EQ(parse_recording(recording_text(frames, "\r\n"), "a").joints, expected);
  EXPECT_EQ(parse_recording(recording_text(frames, " \t\r\n"), "a").joints, expected);
  EXPECT_EQ(parse_recording(recording_text(frames) + "\r\n \n", "a").joints, expected);
  std::string open_end = recording_text(frames);
  open_end.pop_back();
  EXPECT_EQ(parse_recording(open_end, "a").joints, expected);
}

TEST(NtuRecording, MayHaveNoFrames) { EXPECT_EQ(parse_recording("0\n", "a").num_frames(), 0); }

TEST(NtuRecording, RefusesAnEmptyFile) {
  EXPECT_EQ(
      error_of(""),
      std::string("a.skeleton:1: the end of the file; expected the number of frames, 0..10000") +
          kRemedy);
}

TEST(NtuRecording, RefusesAFileThatEndsWithinAFrame) {
  const std::string text = two_frames();
  EXPECT_EQ(error_of(text.substr(0, text.rfind('\n', text.size() - 2) + 1)),
            std::string("a.skeleton:57: the end of the file") + kJoint + kRemedy);
}

TEST(NtuRecording, RefusesAFileThatEndsWithinALine) {
  const std::string text = two_frames();
  EXPECT_EQ(error_of(text.substr(0, text.size() - 4)),
            std::string("a.skeleton:57: the end of the file") + kJoint + kRemedy);
}

TEST(NtuRecording, EveryCutIsRefused) {
  const std::string text = two_frames();
  for (size_t size = 0; size + 2 < text.size(); size += 7)
    EXPECT_NE(error_of(text.substr(0, size)), "nothing thrown") << size;
}

TEST(NtuRecording, RefusesFewerFramesThanItSays) {
  EXPECT_EQ(error_of(with_line(1, "3")),
            std::string("a.skeleton:58: the end of the file; expected the number of bodies in a "
                        "frame, 0..6") +
                kRemedy);
}

TEST(NtuRecording, RefusesMoreFramesThanItSays) {
  EXPECT_EQ(error_of(with_line(1, "1")),
            std::string("a.skeleton:30: '1'; expected the end of the file after the last frame") +
                kRemedy);
}

TEST(NtuRecording, BoundsTheNumberOfFrames) {
  for (const std::string found : {"10001", "-1", "99999999999999999999", "2.5", "1e3", "two"})
    EXPECT_EQ(error_of(with_line(1, found)),
              "a.skeleton:1: '" + found + "'; expected the number of frames, 0..10000" + kRemedy);
}

TEST(NtuRecording, BoundsTheNumberOfBodies) {
  for (const std::string found : {"7", "-1", "9223372036854775807", "one"})
    EXPECT_EQ(
        error_of(with_line(2, found)),
        "a.skeleton:2: '" + found + "'; expected the number of bodies in a frame, 0..6" + kRemedy);
}

TEST(NtuRecording, RefusesMoreBodiesThanThereAre) {
  EXPECT_EQ(error_of(with_line(2, "2")),
            std::string("a.skeleton:30: the end of the line") + kBody + kRemedy);
}

TEST(NtuRecording, RefusesOtherThan25Joints) {
  EXPECT_EQ(error_of(with_line(4, "24")),
            std::string("a.skeleton:4: '24'; expected the number of joints, 25") + kRemedy);
}

TEST(NtuRecording, RefusesABodyWithoutAWholeId) {
  EXPECT_EQ(error_of(with_line(3, "7.5 0 1 1 1 1 0 0 0 2")),
            std::string("a.skeleton:3: '7.5'") + kBody + kRemedy);
}

TEST(NtuRecording, RefusesAnIdTwiceInAFrame) {
  EXPECT_EQ(error_of(recording_text({{{7}, {7}}})),
            std::string("a.skeleton:30: '7'") + kBody + kRemedy);
}

TEST(NtuRecording, RefusesALineThatIsTooShortOrTooLong) {
  EXPECT_EQ(error_of(with_line(5, "1 2 3 4 5 6 7 8 9 10 11")),
            std::string("a.skeleton:5: the end of the line") + kJoint + kRemedy);
  EXPECT_EQ(error_of(with_line(33, "1 2 3 4 5 6 7 8 9 10 11 12 13")),
            std::string("a.skeleton:33: '13'") + kJoint + kRemedy);
  EXPECT_EQ(error_of(with_line(5, "")),
            std::string("a.skeleton:5: the end of the line") + kJoint + kRemedy);
}

TEST(NtuRecording, RefusesAPositionThatIsNoFiniteNumber) {
  for (const std::string found : {"nan", "NaN", "-inf", "inf", "1e400", "1000.5", "-1e30", "x",
                                  "1,5", "1.2.3", "0x1p3", "+1", "--1"})
    EXPECT_EQ(error_of(with_line(6, "0.5 " + found + " 2 4 5 6 7 8 9 10 11 12")),
              "a.skeleton:6: '" + found + "'" + kJoint + kRemedy);
}

TEST(NtuRecording, RefusesLettersInColumnsThatAreNotUsed) {
  EXPECT_EQ(error_of(with_line(6, "1 2 3 4 5 6 7 8 9 10 11 tracked")),
            std::string("a.skeleton:6: 'tracked'") + kJoint + kRemedy);
}

TEST(NtuRecording, ShowsControlCharactersInAMessage) {
  EXPECT_EQ(error_of(with_line(6, std::string("1 2\0 3", 6))),
            std::string("a.skeleton:6: '2\\x00'") + kJoint + kRemedy);
}

}  // namespace
}  // namespace kinegraph::ntu
