#include "tests/support/models/golden_model.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "framework/base/text.h"

namespace kinegraph {
namespace {

/// "64,3,1,1" to numbers; "" is a scalar.
std::vector<int64_t> shape_in(const std::string& text) {
  std::vector<int64_t> shape;
  for (const auto& size : split(text, ',')) shape.push_back(std::stoll(size));
  return shape;
}

uint64_t fnv1a_64(const std::string& text) {
  uint64_t hash = 0xCBF29CE484222325;
  for (const char letter : text) hash = (hash ^ static_cast<uint8_t>(letter)) * 0x100000001B3;
  return hash;
}

uint64_t mixed(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

template <class T>
at::Tensor to_tensor(const Hdf5Array<T>& array, at::ScalarType type) {
  const auto tensor = at::empty(array.shape, type);
  std::copy(array.values.begin(), array.values.end(), tensor.template data_ptr<T>());
  return tensor;
}

std::vector<GoldenEntry> read_state(const Hdf5File& file) {
  const auto keys = file.read_vector<std::string>("state/keys");
  const auto kinds = file.read_vector<std::string>("state/kind");
  const auto shapes = file.read_vector<std::string>("state/shape");
  const auto centers = file.read_vector<double>("state/center");
  const auto halfwidths = file.read_vector<double>("state/halfwidth");
  const auto sums = file.read_vector<double>("state/sum");
  const auto abs_sums = file.read_vector<double>("state/abs_sum");
  std::vector<GoldenEntry> state;
  for (size_t i = 0; i < keys.size(); ++i)
    state.push_back(
        {keys[i], kinds[i], shape_in(shapes[i]), centers[i], halfwidths[i], sums[i], abs_sums[i]});
  return state;
}

nlohmann::json read_json(const Hdf5File& file, const std::string& attribute) {
  return nlohmann::json::parse(file.read_attribute<std::string>("/", attribute));
}

}  // namespace

at::Tensor golden_stream(const std::string& name, int64_t count) {
  const auto stream = at::empty({count}, at::kDouble);
  auto* value = stream.data_ptr<double>();
  uint64_t state = fnv1a_64(name);
  for (int64_t j = 0; j < count; ++j) {
    state += 0x9E3779B97F4A7C15;
    value[j] = 2 * (static_cast<double>(mixed(state) >> 11) * 0x1p-53) - 1;
  }
  return stream;
}

at::Tensor read_tensor(const Hdf5File& file, const std::string& dataset) {
  if (file.inspect(dataset).is_floating) return to_tensor(file.read<double>(dataset), at::kDouble);
  return to_tensor(file.read<int64_t>(dataset), at::kLong);
}

GoldenModel::GoldenModel(const std::filesystem::path& path)
    : file_(Hdf5File::open(path)),
      repo_(file_.read_attribute<std::string>("/", "repo")),
      class_name_(file_.read_attribute<std::string>("/", "class")),
      kwargs_(read_json(file_, "kwargs")),
      sgd_(read_json(file_, "sgd")),
      parameter_count_(file_.read_attribute<int64_t>("/", "param_count")),
      state_(read_state(file_)) {}

std::vector<std::filesystem::path> GoldenModel::files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".h5" && Hdf5File::open(entry.path()).exists("state/keys"))
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

at::Tensor GoldenModel::value_of(const GoldenEntry& entry) const {
  if (entry.kind == "const") {
    const auto value = read("const/" + entry.key);
    return value.is_floating_point() ? value.to(at::kFloat) : value;
  }
  if (entry.kind == "zero") return at::zeros(entry.shape, at::kLong);
  int64_t count = 1;
  for (const int64_t size : entry.shape) count *= size;
  const auto stream = golden_stream(entry.key, count);
  return stream.mul_(entry.halfwidth).add_(entry.center).to(at::kFloat).view(entry.shape);
}

at::Tensor GoldenModel::read(const std::string& dataset) const {
  return read_tensor(file_, dataset);
}

std::vector<std::string> GoldenModel::names_in(const std::string& group) const {
  return file_.list(group);
}

std::vector<std::string> GoldenModel::read_names(const std::string& dataset) const {
  return file_.read_vector<std::string>(dataset);
}

}  // namespace kinegraph
