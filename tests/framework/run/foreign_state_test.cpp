// Where other code puts the state of a model.
#include "framework/run/foreign_state.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "framework/base/file.h"
#include "tests/support/golden.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

CheckpointMap state(const std::string& prefix = "") {
  return {{prefix + "fc.weight", at::ones({2, 3})}, {prefix + "fc.bias", at::zeros({2})}};
}

std::vector<std::string> names_in(const CheckpointValue& root) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : find_foreign_state(root, "a.pth").tensors)
    names.push_back(name);
  return names;
}

const std::vector<std::string> kNames{"fc.weight", "fc.bias"};

TEST(ForeignState, IsFoundBareAndWrapped) {
  EXPECT_EQ(names_in(state()), kNames);
  for (const char* key : {"state_dict", "model_state_dict", "model", "net"})
    EXPECT_EQ(names_in(CheckpointMap{{"meta", CheckpointMap{{"epoch", 1}}},
                                     {"loss", CheckpointValue::real(0.5)},
                                     {key, state()}}),
              kNames)
        << key;
  EXPECT_EQ(names_in(CheckpointMap{{"model", CheckpointMap{{"state_dict", state()}}}}), kNames);
}

TEST(ForeignState, LosesThePrefixesOfWrappers) {
  for (const char* prefix : {"module.", "model.", "module.module.", "model.module.", "_orig_mod."})
    EXPECT_EQ(names_in(state(prefix)), kNames) << prefix;
}

TEST(ForeignState, KeepsAPrefixThatNotAllNamesHave) {
  CheckpointMap map = state("module.");
  map.emplace_back("scale", at::ones({1}));
  EXPECT_EQ(names_in(map)[0], "module.fc.weight");
}

TEST(ForeignState, TellsWhatItLeavesOut) {
  CheckpointMap map = state();
  map.emplace_back("version", 3);
  map.emplace_back("extra", CheckpointMap{{std::string(kClassKey), "odd.Thing"}});
  EXPECT_EQ(find_foreign_state(map, "a.pth").notes,
            (std::vector<std::string>{"left out what is no tensor: version, extra",
                                      "left out objects of unknown classes: odd.Thing"}));
}

TEST(ForeignState, BringsTheClassNamesOfMmcvAndMmengine) {
  const CheckpointList classes{"walk", "run"};
  const std::vector<std::string> expected{"walk", "run"};
  const auto classes_of = [](CheckpointMap meta) {
    return find_foreign_state(CheckpointMap{{"meta", std::move(meta)}, {"state_dict", state()}},
                              "a.pth")
        .class_names;
  };
  EXPECT_EQ(classes_of({{"CLASSES", classes}}), expected);
  EXPECT_EQ(classes_of({{"dataset_meta", CheckpointMap{{"classes", classes}}}}), expected);
  EXPECT_TRUE(classes_of({{"CLASSES", {}}}).empty());
}

std::string error_of(const CheckpointValue& root) {
  return thrown_message<DataError>([&] { find_foreign_state(root, "a.pth"); });
}

TEST(ForeignState, TellsWhatIsThereInstead) {
  const std::string expected =
      "; expected tensors by name, bare or under 'state_dict' or 'model'\n"
      "  Save the model's state_dict() in Python with torch.save.";
  EXPECT_EQ(error_of(3), "a.pth: no map of names" + expected);
  EXPECT_EQ(error_of(CheckpointMap{}), "a.pth: an empty map" + expected);
  EXPECT_EQ(error_of(CheckpointMap{{"epoch", 3}, {"rate", CheckpointValue::real(0.1)}}),
            "a.pth: only 'epoch', 'rate'" + expected);
  EXPECT_EQ(error_of(CheckpointMap{{std::string(kClassKey), "my.Net"}}),
            "a.pth: an object of 'my.Net'" + expected);
}

template <class T>
void expect_values(const at::Tensor& tensor, const Hdf5Array<T>& expected) {
  EXPECT_EQ(tensor.sizes(), at::IntArrayRef(expected.shape));
  const at::Tensor flat = tensor.to(c10::CppTypeToScalarType<T>::value).reshape({-1}).contiguous();
  ASSERT_EQ(flat.numel(), static_cast<int64_t>(expected.values.size()));
  for (int64_t i = 0; i < flat.numel(); ++i)
    EXPECT_EQ(flat.template data_ptr<T>()[i], expected.values[static_cast<size_t>(i)]) << i;
}

/// golden/tiny_varied*.pth: every type, views, strides, prefixes.
class TinyVaried : public testing::TestWithParam<const char*> {};

TEST_P(TinyVaried, IsReadAsItIs) {
  const fs::path folder = shared_dir() / "golden";
  if (!fs::exists(folder)) GTEST_SKIP() << "no folder " << folder << "; set KINEGRAPH_SHARED_DIR";
  const CheckpointValue root = read_checkpoint_file(folder / GetParam());
  const auto read = find_foreign_state(root, GetParam());
  const std::map<std::string, at::Tensor> tensors(read.tensors.begin(), read.tensors.end());
  const auto file = Hdf5File::open(folder / "tiny_varied.h5");
  const auto names = file.list("state_dict");
  EXPECT_EQ(tensors.size(), names.size());
  const std::map<std::string, at::ScalarType> types{
      {"torch.float32", at::kFloat}, {"torch.float64", at::kDouble},
      {"torch.float16", at::kHalf},  {"torch.bfloat16", at::kBFloat16},
      {"torch.int64", at::kLong},    {"torch.int32", at::kInt},
      {"torch.uint8", at::kByte},    {"torch.bool", at::kBool}};
  for (const auto& name : names) {
    SCOPED_TRACE(name);
    const std::string dataset = "state_dict/" + name;
    const at::Tensor& tensor = tensors.at(name.substr(std::string("module.").size()));
    EXPECT_EQ(tensor.scalar_type(), types.at(file.read_attribute<std::string>(dataset, "dtype")));
    const auto strides = file.read_attribute_array<int64_t>(dataset, "stride").values;
    EXPECT_EQ(tensor.strides(), at::IntArrayRef(strides));
    if (file.inspect(dataset).is_floating)
      expect_values(tensor, file.read<double>(dataset));
    else
      expect_values(tensor, file.read<int64_t>(dataset));
  }
  if (const auto* meta = root.find("meta")) {
    EXPECT_EQ(*meta->find("note")->get<std::string>(), "caf\xc3\xa9");
  }
}

INSTANTIATE_TEST_SUITE_P(Files, TinyVaried,
                         testing::Values("tiny_varied.zip.pth", "tiny_varied.legacy.pth",
                                         "tiny_varied_bare.zip.pth",
                                         "tiny_varied_bare.legacy.pth"));

TEST_P(TinyVaried, SurvivesTruncation) {
  const fs::path folder = shared_dir() / "golden";
  if (!fs::exists(folder)) GTEST_SKIP() << "no folder " << folder << "; set KINEGRAPH_SHARED_DIR";
  const std::string bytes = read_file(folder / GetParam());
  const TempDir temp;
  constexpr size_t kStep = 11;
  for (size_t size = 0; size < bytes.size(); size += kStep) {
    temp.write("short.pth", bytes.substr(0, size));
    EXPECT_THROW(read_checkpoint_file(temp / "short.pth"), DataError) << size;
  }
}

}  // namespace
}  // namespace kinegraph
