#include "datasets/ntu/recording.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "framework/base/error.h"
#include "framework/io/pickle.h"

namespace kinegraph::ntu {
namespace {

constexpr int64_t kMaxFrames = 10'000;
constexpr int64_t kMaxBodies = 6;  // as many as a Kinect v2 tracks
constexpr double kMaxMetres = 1000;
constexpr int kUnusedValues = 9;  // behind the id of a body, and behind the position of a joint

constexpr char kFramesLine[] = "the number of frames, 0..10000";
constexpr char kBodiesLine[] = "the number of bodies in a frame, 0..6";
constexpr char kBodyLine[] = "a body: its id, which no other body of the frame has, and 9 numbers";
constexpr char kJointsLine[] = "the number of joints, 25";
constexpr char kJointLine[] = "a joint: x y z in metres, within 1000, and 9 more numbers";

/// Reads line by line and number by number; says what it found where it expected something else.
class LineReader {
 public:
  LineReader(std::string_view text, const std::string& name)
      : at_(text.data()), end_(text.data() + text.size()), name_(name) {}

  void begin_line(const char* expected) {
    ++line_;
    expected_ = expected;
    if (at_ == end_) fail("the end of the file");
  }

  template <class Number>
  Number number() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t')) ++at_;
    Number value{};
    const auto [next, error] = std::from_chars(at_, end_, value);
    if (error != std::errc() || !is_separator(next)) fail_here();
    last_ = at_;
    at_ = next;
    return value;
  }

  void end_line() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t')) ++at_;
    if (at_ != end_ && *at_ == '\r') ++at_;
    if (at_ == end_) return;
    if (*at_ != '\n') fail_here();
    ++at_;
  }

  /// A line with one whole number of low..high.
  int64_t count(int64_t low, int64_t high, const char* expected) {
    begin_line(expected);
    const auto value = number<int64_t>();
    if (value < low || value > high) fail_last();
    end_line();
    return value;
  }

  void expect_end() {
    ++line_;
    expected_ = "the end of the file after the last frame";
    for (; at_ != end_ && is_separator(at_); ++at_) line_ += *at_ == '\n';
    if (at_ != end_) fail_here();
  }

  /// The number read last is not what it should be.
  [[noreturn]] void fail_last() const { fail(pickle::printable(token(last_))); }

 private:
  bool is_separator(const char* at) const {
    return at == end_ || *at == ' ' || *at == '\n' || *at == '\r' || *at == '\t';
  }

  /// From `at` up to the next blank, but something.
  std::string_view token(const char* at) const {
    const char* stop = at + 1;
    while (!is_separator(stop)) ++stop;
    return {at, static_cast<size_t>(stop - at)};
  }

  [[noreturn]] void fail_here() const {
    if (at_ == end_) fail("the end of the file");
    if (*at_ == '\n' || *at_ == '\r') fail("the end of the line");
    fail(pickle::printable(token(at_)));
  }

  [[noreturn]] void fail(const std::string& found) const {
    throw DataError(Fault{fmt::format("{}:{}", name_, line_), found, expected_,
                          "Take this file from the data set again."});
  }

  const char *at_, *end_, *last_ = nullptr;
  const std::string& name_;
  const char* expected_ = "";
  int64_t line_ = 0;
};

void read_joint(LineReader& reader, std::vector<double>& joints) {
  reader.begin_line(kJointLine);
  for (int c = 0; c < 3; ++c) {
    const auto value = reader.number<double>();
    if (!(std::abs(value) <= kMaxMetres)) reader.fail_last();  // NaN fails, too
    joints.push_back(value);
  }
  for (int i = 0; i < kUnusedValues; ++i) reader.number<double>();
  reader.end_line();
}

void read_body(LineReader& reader, Recording& recording) {
  reader.begin_line(kBodyLine);
  const auto id = reader.number<int64_t>();
  const auto first_of_frame = recording.ids.begin() + recording.frame_offsets.back();
  if (std::find(first_of_frame, recording.ids.end(), id) != recording.ids.end()) reader.fail_last();
  recording.ids.push_back(id);
  for (int i = 0; i < kUnusedValues; ++i) reader.number<double>();
  reader.end_line();
  reader.count(kJoints, kJoints, kJointsLine);
  for (int64_t v = 0; v < kJoints; ++v) read_joint(reader, recording.joints);
}

}  // namespace

Recording parse_recording(std::string_view text, const std::string& name) {
  Recording recording;
  recording.joints.reserve(text.size() / 40);  // a joint is a line of some 120 characters
  LineReader reader(text, name);
  const int64_t frames = reader.count(0, kMaxFrames, kFramesLine);
  for (int64_t t = 0; t < frames; ++t) {
    const int64_t bodies = reader.count(0, kMaxBodies, kBodiesLine);
    for (int64_t i = 0; i < bodies; ++i) read_body(reader, recording);
    recording.frame_offsets.push_back(recording.num_bodies());
  }
  reader.expect_end();
  return recording;
}

}  // namespace kinegraph::ntu
