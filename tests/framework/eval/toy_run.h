// The folder of a made-up run.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "framework/eval/report.h"
#include "tests/framework/eval/toy_scores.h"
#include "tests/support/temp_dir.h"

namespace kinegraph {

/// Clips of classes with these names; some are taken for the next class.
inline MetricReport named_report(const std::vector<std::string>& names) {
  std::vector<int64_t> truth, predicted;
  const auto classes = static_cast<int64_t>(names.size());
  for (int64_t label = 0; label < classes; ++label)
    for (int64_t clip = 0; clip < 10; ++clip) {
      truth.push_back(label);
      predicted.push_back(clip < label % 7 ? (label + 1) % classes : label);
    }
  return report_of(toy_scores(truth, predicted, names),
                   {"top_k_accuracy", "mean_class_accuracy", "precision_recall_f1"});
}

inline std::vector<std::string> many_names(size_t classes) {
  std::vector<std::string> names;
  for (size_t label = 0; label < classes; ++label) names.push_back(fmt::format("do {}", label));
  return names;
}

inline std::string toy_log() {
  std::string text;
  for (int epoch = 1; epoch <= 3; ++epoch)
    text += fmt::format(
        "{{\"event\":\"train\",\"epoch\":{0},\"iteration\":{1},\"loss\":2,\"learning_rate\":0.1}}\n"
        "{{\"event\":\"val\",\"epoch\":{0},\"iteration\":{1},\"top1\":0.{2},\"mean_class\":0.5}}\n"
        "{{\"event\":\"epoch\",\"epoch\":{0},\"iteration\":{1},\"loss\":2,\"train_top1\":0.5,"
        "\"seconds\":61}}\n",
        epoch, 10 * epoch, epoch == 2 ? 75 : 5);
  return text;
}

}  // namespace kinegraph
