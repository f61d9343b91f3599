// A recording of NTU RGB+D as distributed: a text that lists, frame by frame, the bodies that the
// Kinect v2 saw.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kinegraph::ntu {

constexpr int64_t kJoints = 25;
constexpr int64_t kBodyValues = kJoints * 3;  // coordinates of one body in one frame

/// Bodies stand frame by frame, in the order of the file. A body's place in its frame says nothing
/// about who it is; its id does, until the tracker loses the person.
struct Recording {
  std::vector<int64_t> frame_offsets{0};  // frame t has the bodies [t] to [t + 1]
  std::vector<int64_t> ids;
  std::vector<double> joints;  // bodies x 25 x (x, y, z): metres; right, up, away from the camera

  int64_t num_frames() const { return static_cast<int64_t>(frame_offsets.size()) - 1; }
  int64_t num_bodies() const { return static_cast<int64_t>(ids.size()); }
  const double* body(int64_t index) const { return joints.data() + index * kBodyValues; }
};

/// Parses the text of a .skeleton file; lines end with LF or CR LF.
///
///   number of frames
///     number of bodies                                         } once a frame
///       id and nine more numbers (hands, lean, tracking state)  }
///       25                                                      } once a body
///         x y z and nine more numbers (pixels, orientation, tracking state)  } once a joint
///
/// x, y, z must be finite and within 1000 metres; what is not used must be numbers, finite or not.
/// `name` leads the messages: DataError "name:line: found; expected ...".
Recording parse_recording(std::string_view text, const std::string& name);

}  // namespace kinegraph::ntu
