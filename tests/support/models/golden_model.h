// Published models with the numbers that they give: the files <name>.h5 that hold state/keys.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "framework/io/hdf5.h"

namespace kinegraph {

/// One entry of the published state_dict and how its values are made.
struct GoldenEntry {
  std::string key, kind;  // kind: fill | zero | const
  std::vector<int64_t> shape;
  double center = 0, halfwidth = 0;
  double sum = 0, abs_sum = 0;  // of the float32 values
};

class GoldenModel {
 public:
  /// Throws DataError for a file that is none.
  explicit GoldenModel(const std::filesystem::path& path);

  /// Paths of the model files in `folder`, sorted.
  static std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder);

  const std::string& repo() const { return repo_; }
  const std::string& class_name() const { return class_name_; }
  /// Arguments of the published class.
  const nlohmann::json& kwargs() const { return kwargs_; }
  /// Options of the optimizer behind sgd_losses.
  const nlohmann::json& sgd() const { return sgd_; }
  int64_t parameter_count() const { return parameter_count_; }
  const std::vector<GoldenEntry>& state() const { return state_; }

  /// float32, or the integers of a constant or a counter.
  at::Tensor value_of(const GoldenEntry& entry) const;

  bool has(const std::string& dataset) const { return file_.exists(dataset); }
  /// float64 or int64.
  at::Tensor read(const std::string& dataset) const;
  std::vector<std::string> names_in(const std::string& group) const;
  std::vector<std::string> read_names(const std::string& dataset) const;

 private:
  Hdf5File file_;
  std::string repo_, class_name_;
  nlohmann::json kwargs_, sgd_;
  int64_t parameter_count_ = 0;
  std::vector<GoldenEntry> state_;
};

/// 2 u_j - 1 with u_j uniform on [0, 1): `count` float64 numbers of the stream `name`.
at::Tensor golden_stream(const std::string& name, int64_t count);

/// float64 or int64.
at::Tensor read_tensor(const Hdf5File& file, const std::string& dataset);

}  // namespace kinegraph
