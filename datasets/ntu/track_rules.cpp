// Rules that follow bodies by id.
#include <algorithm>
#include <array>
#include <cmath>

#include "datasets/ntu/body_rules.h"
#include "datasets/ntu/tracks.h"

namespace kinegraph::ntu {
namespace {

constexpr double kEmptySum = 1e-3;  // PYSKL: coordinates whose magnitudes add up to less are none
constexpr int64_t kSpine = 1;

/// First frame to the frame behind the last.
struct Interval {
  int64_t start = 0, end = 0;

  int64_t overlap(const Track& track) const {
    return std::min(end, track.end()) - std::max(start, track.start);
  }
  void extend(const Track& track) {
    start = std::min(start, track.start);
    end = std::max(end, track.end());
  }
};

void place(const Track& track, int64_t person, Bodies& bodies) {
  std::copy(track.joints.begin(), track.joints.end(), bodies.at(person, track.start));
}

/// The first track is the first actor. Each further one continues the first actor, or else the
/// second, if it shares at most `most_shared` frames with the span of that actor so far; else it is
/// dropped. `second` is the span that the second actor has before anyone is it.
Bodies put_on_two_places(const std::vector<Track>& tracks, int64_t frames, int64_t most_shared,
                         Interval second) {
  Bodies bodies(2, frames);
  std::array<Interval, 2> spans{Interval{tracks[0].start, tracks[0].end()}, second};
  place(tracks[0], 0, bodies);
  for (size_t i = 1; i < tracks.size(); ++i)
    for (size_t person = 0; person < 2; ++person) {
      if (spans[person].overlap(tracks[i]) > most_shared) continue;
      place(tracks[i], static_cast<int64_t>(person), bodies);
      spans[person].extend(tracks[i]);
      break;
    }
  return bodies;
}

Bodies alone(const Track& track) {
  Bodies bodies(1, track.frames());
  std::copy(track.joints.begin(), track.joints.end(), bodies.joints.begin());
  return bodies;
}

double magnitude(const double* values, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += std::abs(values[i]);
  return sum;
}

/// Keeps the frames that `wants` says yes to.
template <class Predicate>
Bodies keep_frames(const Bodies& bodies, Predicate wants) {
  std::vector<int64_t> kept;
  for (int64_t t = 0; t < bodies.frames; ++t)
    if (wants(t)) kept.push_back(t);
  Bodies result(bodies.persons, static_cast<int64_t>(kept.size()));
  for (int64_t m = 0; m < bodies.persons; ++m)
    for (size_t t = 0; t < kept.size(); ++t)
      std::copy_n(bodies.at(m, kept[t]), kBodyValues, result.at(m, static_cast<int64_t>(t)));
  return result;
}

/// Without the frames at both ends in which nobody is seen.
Bodies trim_ends(const Bodies& bodies) {
  const auto is_empty = [&](int64_t t) {
    return magnitude(bodies.at(0, t), kBodyValues) + magnitude(bodies.at(1, t), kBodyValues) <
           kEmptySum;
  };
  int64_t first = 0, stop = bodies.frames;
  while (first < stop && is_empty(first)) ++first;
  while (first < stop && is_empty(stop - 1)) --stop;
  return keep_frames(bodies, [=](int64_t t) { return t >= first && t < stop; });
}

/// Whoever is seen in the first frame comes first.
void put_seen_person_first(Bodies& bodies) {
  const auto spine = [&](int64_t person) {
    return magnitude(bodies.at(person, 0) + kSpine * 3, 3);
  };
  if (spine(0) < kEmptySum && spine(1) > kEmptySum)
    std::swap_ranges(bodies.joints.begin(), bodies.joints.begin() + bodies.frames * kBodyValues,
                     bodies.joints.begin() + bodies.frames * kBodyValues);
}

/// The spread test, stopped when `least` bodies are left.
void drop_wide_tracks(std::vector<Track>& tracks, size_t least) {
  for (auto track = tracks.begin(); track != tracks.end() && tracks.size() > least;)
    track = keep_by_spread(*track) ? track + 1 : tracks.erase(track);
}

Bodies without_unseen_frames(const Bodies& bodies) {
  return keep_frames(bodies, [&](int64_t t) {
    double sum = 0;
    for (int64_t m = 0; m < bodies.persons; ++m)
      for (int64_t i = 0; i < kBodyValues; ++i) sum += bodies.at(m, t)[i];
    return sum != 0;
  });
}

}  // namespace

Bodies select_pyskl(const Recording& recording, Benchmark) {
  std::vector<Track> tracks = tracks_of(recording);
  if (tracks.size() == 1) return alone(tracks[0]);
  sort_by_motion(tracks);
  drop_short_tracks(tracks);
  if (tracks.size() == 1) return alone(tracks[0]);
  drop_wide_tracks(tracks, 0);
  if (tracks.empty()) return {};
  if (tracks.size() == 1) return alone(tracks[0]);
  sort_by_motion(tracks);
  int64_t frames = 0;
  for (const Track& track : tracks) frames = std::max(frames, track.end());
  Bodies bodies = trim_ends(put_on_two_places(tracks, frames, 0, {0, 0}));
  put_seen_person_first(bodies);
  return bodies;
}

Bodies select_ctr_gcn(const Recording& recording, Benchmark benchmark) {
  std::vector<Track> tracks = tracks_of(recording);
  if (tracks.size() > 1) {
    drop_short_tracks(tracks);
    drop_wide_tracks(tracks, 1);
    sort_by_motion(tracks);
  }
  if (tracks.empty()) return {};
  // Intervals are [first, last] there and count as apart when they share one frame.
  Bodies bodies = put_on_two_places(tracks, num_seen_frames(recording), 1, {0, 1});
  if (tracks.size() == 1 && benchmark == Benchmark::ntu120) place(tracks[0], 1, bodies);
  return without_unseen_frames(bodies);
}

}  // namespace kinegraph::ntu
