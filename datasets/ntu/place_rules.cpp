// Rules that go by a body's place in the list of its frame.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "datasets/ntu/body_rules.h"

namespace kinegraph::ntu {
namespace {

constexpr int64_t kPlaces = 4;  // that the energy rules look at
using Places = std::array<int64_t, kPlaces>;

/// The first `count` places of every frame.
Bodies first_places(const Recording& recording, int64_t count) {
  Bodies bodies(count, recording.num_frames());
  for (int64_t t = 0; t < bodies.frames; ++t) {
    const int64_t first = recording.frame_offsets[static_cast<size_t>(t)];
    const int64_t stop = recording.frame_offsets[static_cast<size_t>(t) + 1];
    for (int64_t place = 0; place < std::min(count, stop - first); ++place)
      std::copy_n(recording.body(first + place), kBodyValues, bodies.at(place, t));
  }
  return bodies;
}

bool is_seen(const Bodies& bodies, int64_t person, int64_t frame) {
  const double* joints = bodies.at(person, frame);
  return std::accumulate(joints, joints + kBodyValues, 0.0) != 0;
}

/// The standard deviations of x, of y and of z over all joints in all frames in which the person is
/// seen, added; 0 for one who is never seen.
double energy(const Bodies& bodies, int64_t person) {
  std::array<double, 3> mean{}, variance{};
  double points = 0;
  const auto visit = [&](auto&& add) {
    for (int64_t t = 0; t < bodies.frames; ++t)
      if (is_seen(bodies, person, t))
        for (int64_t i = 0; i < kBodyValues; ++i)
          add(static_cast<size_t>(i % 3), bodies.at(person, t)[i]);
  };
  visit([&](size_t c, double value) {
    mean[c] += value;
    points += c == 0;
  });
  if (points == 0) return 0;
  for (double& sum : mean) sum /= points;
  visit([&](size_t c, double value) { variance[c] += (value - mean[c]) * (value - mean[c]); });
  double sum = 0;
  for (const double total : variance) sum += std::sqrt(total / points);
  return sum;
}

/// Places by falling energy. Among equals the later place comes first: the published code sorts
/// upwards and reverses.
Places places_by_energy(const Bodies& bodies) {
  std::array<double, kPlaces> energies;
  for (int64_t place = 0; place < kPlaces; ++place)
    energies[static_cast<size_t>(place)] = energy(bodies, place);
  Places places{3, 2, 1, 0};
  std::stable_sort(places.begin(), places.end(), [&](int64_t a, int64_t b) {
    return energies[static_cast<size_t>(a)] > energies[static_cast<size_t>(b)];
  });
  return places;
}

/// The two most energetic of the first four places that `wants` says yes to.
template <class Predicate>
Bodies two_most_energetic(const Recording& recording, Predicate wants) {
  const Bodies all = first_places(recording, kPlaces);
  Bodies chosen;
  chosen.frames = all.frames;
  const Places places = places_by_energy(all);
  for (size_t rank = 0; rank < 2; ++rank) {
    if (!wants(all, places[rank])) continue;
    ++chosen.persons;
    chosen.joints.insert(chosen.joints.end(), all.at(places[rank], 0),
                         all.at(places[rank], 0) + all.frames * kBodyValues);
  }
  return chosen;
}

}  // namespace

Bodies select_st_gcn(const Recording& recording, Benchmark) { return first_places(recording, 2); }

Bodies select_ms_g3d(const Recording& recording, Benchmark) {
  return two_most_energetic(recording, [](const Bodies&, int64_t) { return true; });
}

Bodies select_mmaction2(const Recording& recording, Benchmark) {
  return two_most_energetic(recording, [](const Bodies& all, int64_t place) {
    for (int64_t t = 0; t < all.frames; ++t)
      if (is_seen(all, place, t)) return true;
    return false;
  });
}

}  // namespace kinegraph::ntu
