#include "datasets/ntu/benchmark.h"

#include <algorithm>
#include <array>

namespace kinegraph::ntu {
namespace {

/// One number of a clip name.
struct NamePart {
  char letter;
  int64_t ClipName::*member;
  int64_t most;
};

constexpr std::array<NamePart, 5> kNameParts{{{'S', &ClipName::setup, 32},
                                              {'C', &ClipName::camera, 3},
                                              {'P', &ClipName::subject, 106},
                                              {'R', &ClipName::replication, 2},
                                              {'A', &ClipName::action, 120}}};
constexpr size_t kPartLength = 4;  // a letter and three digits

/// Subjects 1..40 are those of NTU-60.
constexpr std::array kTrainingSubjects{1,  2,  4,  5,  8,  9,  13, 14, 15, 16,  17, 18, 19, 25,
                                       27, 28, 31, 34, 35, 38, 45, 46, 47, 49,  50, 52, 53, 54,
                                       55, 56, 57, 58, 59, 70, 74, 78, 80, 81,  82, 83, 84, 85,
                                       86, 89, 91, 92, 93, 94, 95, 97, 98, 100, 103};
constexpr int64_t kTestCamera = 1;

std::string split_name(const char* protocol, bool is_training) {
  return std::string(protocol) + (is_training ? "_train" : "_val");
}

}  // namespace

int64_t num_actions(Benchmark benchmark) { return benchmark == Benchmark::ntu60 ? 60 : 120; }

std::optional<ClipName> ClipName::parse(std::string_view name) {
  if (name.size() != kNameParts.size() * kPartLength) return {};
  ClipName parsed;
  for (const auto& part : kNameParts) {
    if (name[0] != part.letter) return {};
    int64_t& value = parsed.*part.member;
    for (const char digit : name.substr(1, kPartLength - 1)) {
      if (digit < '0' || digit > '9') return {};
      value = 10 * value + (digit - '0');
    }
    if (value < 1 || value > part.most) return {};
    name.remove_prefix(kPartLength);
  }
  return parsed;
}

std::vector<std::string> split_names(Benchmark benchmark) {
  if (benchmark == Benchmark::ntu60) return {"xsub_train", "xsub_val", "xview_train", "xview_val"};
  return {"xsub_train", "xsub_val", "xset_train", "xset_val"};
}

std::vector<std::string> splits_of(const ClipName& name, Benchmark benchmark) {
  const bool is_training_subject = std::find(kTrainingSubjects.begin(), kTrainingSubjects.end(),
                                             name.subject) != kTrainingSubjects.end();
  if (benchmark == Benchmark::ntu60)
    return {split_name("xsub", is_training_subject),
            split_name("xview", name.camera != kTestCamera)};
  return {split_name("xsub", is_training_subject), split_name("xset", name.setup % 2 == 0)};
}

}  // namespace kinegraph::ntu
