// The most probable classes of one clip:
//   classify CHECKPOINT < CLIP      # CLIP: the numbers M T V C and then all coordinates
#include <framework/base/error.h>
#include <framework/run/classifier.h>

#include <iostream>

int main(int argc, char** argv) try {
  if (argc != 2) throw kinegraph::UsageError("usage: classify CHECKPOINT < CLIP");
  kinegraph::Classifier classifier(argv[1]);
  int64_t persons = 0, frames = 0, joints = 0, channels = 0;
  std::cin >> persons >> frames >> joints >> channels;
  kinegraph::Sample clip;
  clip.keypoints.resize(persons, frames, joints, channels);
  for (double& value : clip.keypoints.values) std::cin >> value;
  if (!std::cin) throw kinegraph::DataError("standard input: expected M T V C and M*T*V*C numbers");
  for (const auto& [name, probability] : classifier.top_k(clip, 5))
    std::cout << name << ' ' << probability << '\n';
} catch (const kinegraph::Error& error) {
  std::cerr << "error: " << error.what() << '\n';
  return 2;
}
