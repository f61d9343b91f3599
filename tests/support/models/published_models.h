// What the published model classes are called here: config, data and names of their state.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "framework/model/recognizer.h"
#include "framework/run/state_dialect.h"

namespace kinegraph {

/// A published model in our terms.
struct PublishedModel {
  std::string model_yaml;  // the `model` map of a config; every dropout is 0
  std::string skeleton;
  int64_t num_classes = 0;
  std::string dialect;  // the source in models/dialects
  /// Order of the dimensions of the published input that gives (N, M, T, V, C).
  std::vector<int64_t> input_order;
  /// Dimension of the published input that is taken out first: its clips, 1; -1 for none.
  int64_t clip_dimension = -1;
  /// Group of golden/graphs.h5 with the graphs that the published state leaves out; empty: none
  /// are.
  std::string graphs;
  /// Our heads and the ends of the data sets that hold their published outputs; empty: the score.
  std::vector<std::pair<std::string, std::string>> outputs;
};

/// One published class.
struct PublishedClass {
  std::string repo, class_name;
  std::string backbone;  // ours, or the name that ours will have
  /// Throws Error for arguments that it does not know; null until our backbone exists.
  PublishedModel (*model)(const nlohmann::json& kwargs) = nullptr;
};

/// nullptr for a class that nobody has thought of.
const PublishedClass* find_published_class(const std::string& repo, const std::string& class_name);

}  // namespace kinegraph
