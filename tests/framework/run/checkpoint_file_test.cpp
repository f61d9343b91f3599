#include "framework/run/checkpoint_file.h"

#include <ATen/Functions.h>
#include <caffe2/serialize/inline_container.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdlib>
#include <fstream>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/base/random.h"
#include "framework/io/pickle_writer.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/temp_dir.h"

namespace kinegraph {
namespace {

namespace fs = std::filesystem;

class CheckpointFile : public testing::Test {
 protected:
  fs::path path(const std::string& name = "a.pth") const { return folder_ / name; }

  CheckpointValue round_trip(const CheckpointValue& root) const {
    write_checkpoint_file(path(), root);
    return read_checkpoint_file(path());
  }

  std::string read_error(const fs::path& file) const {
    try {
      read_checkpoint_file(file);
    } catch (const DataError& error) {
      return error.what();
    }
    return "no error";
  }

  /// A zip as torch's, with any program and one storage of four floats.
  void write_archive(const std::string& program) const {
    const float numbers[] = {0, 1, 2, 3};
    caffe2::serialize::PyTorchStreamWriter writer(path().string());
    writer.writeRecord("data.pkl", program.data(), program.size());
    writer.writeRecord("data/0", numbers, sizeof numbers);
    writer.writeEndOfFile();
  }

  const TempDir temp_;
  const fs::path folder_ = temp_.path();
};

using Sizes = std::vector<int64_t>;

void emit_integers(pickle::Writer& writer, const Sizes& values) {
  writer.begin_tuple();
  for (const int64_t value : values) writer.integer(value);
  writer.end_tuple();
}

/// A tensor within the storage of write_archive.
std::string tensor_program(int64_t offset, const Sizes& sizes, const Sizes& strides,
                           int64_t elements = 4, const std::string& type = "FloatStorage",
                           const std::string& key = "0") {
  pickle::Writer writer;
  writer.global("torch._utils", "_rebuild_tensor_v2");
  writer.begin_tuple();
  writer.begin_tuple();
  writer.text("storage");
  writer.global("torch", type);
  writer.text(key);
  writer.text("cpu");
  writer.integer(elements);
  writer.end_tuple();
  writer.persistent_id();
  writer.integer(offset);
  emit_integers(writer, sizes);
  emit_integers(writer, strides);
  writer.end_tuple();
  writer.reduce();
  return writer.finish();
}

CheckpointMap sample() {
  return {{"epoch", 3},
          {"config", "a: 1"},
          {"none", {}},
          {"flag", true},
          {"big", int64_t{1} << 40},
          {"rate", CheckpointValue::real(0.1)},
          {"list", CheckpointList{1, "two", CheckpointMap{{"three", -3}}}},
          {"state_dict", CheckpointMap{{"w", at::arange(6, at::kFloat).view({2, 3})},
                                       {"n", at::full({}, 5, at::kLong)}}}};
}

TEST_F(CheckpointFile, KeepsNestedValuesInOrder) {
  const CheckpointValue root = round_trip(sample());
  const auto* map = root.get<CheckpointMap>();
  ASSERT_TRUE(map);
  EXPECT_EQ((*map)[1].first, "config");
  EXPECT_EQ(*root.find("epoch")->get<int64_t>(), 3);
  EXPECT_EQ(*root.find("config")->get<std::string>(), "a: 1");
  EXPECT_TRUE(root.find("none")->is_none());
  EXPECT_TRUE(*root.find("flag")->get<bool>());
  EXPECT_EQ(*root.find("big")->get<int64_t>(), int64_t{1} << 40);
  EXPECT_EQ(root.find("rate")->get<at::Tensor>()->item<double>(), 0.1);
  const auto& list = *root.find("list")->get<CheckpointList>();
  EXPECT_EQ(*list[1].get<std::string>(), "two");
  EXPECT_EQ(*list[2].find("three")->get<int64_t>(), -3);
  EXPECT_EQ(root.find("absent"), nullptr);
}

TEST_F(CheckpointFile, KeepsTensorsOfEveryType) {
  for (const auto type : {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kLong, at::kInt,
                          at::kShort, at::kChar, at::kByte, at::kBool, at::kComplexFloat}) {
    const at::Tensor tensor = at::arange(6).view({2, 3}).to(type);
    const CheckpointValue root = round_trip(tensor);
    EXPECT_EQ(root.get<at::Tensor>()->scalar_type(), type);
    EXPECT_TRUE(at::equal(*root.get<at::Tensor>(), tensor)) << type;
  }
}

TEST_F(CheckpointFile, KeepsScalarAndEmptyTensors) {
  for (const auto& tensor : {at::full({}, 2.5), at::empty({0}), at::empty({2, 0, 3})}) {
    const CheckpointValue root = round_trip(tensor);
    EXPECT_EQ(root.get<at::Tensor>()->sizes(), tensor.sizes());
    EXPECT_TRUE(at::equal(*root.get<at::Tensor>(), tensor));
  }
}

TEST_F(CheckpointFile, StoresViewsAsTheyLook) {
  const at::Tensor tensor = at::arange(24).view({4, 6});
  for (const auto& view : {tensor.t(), tensor.slice(0, 1, 3).slice(1, 2, 6, 2), tensor[2],
                           at::arange(3).view({3, 1}).expand({3, 4})})
    EXPECT_TRUE(at::equal(*round_trip(view).get<at::Tensor>(), view));
}

TEST_F(CheckpointFile, StoresTensorsWithoutTheirGradient) {
  const at::Tensor weight = at::ones({2}).set_requires_grad(true);
  EXPECT_FALSE(round_trip(weight).get<at::Tensor>()->requires_grad());
}

TEST_F(CheckpointFile, KeepsEmptyMapsAndLists) {
  const CheckpointValue root =
      round_trip(CheckpointMap{{"map", CheckpointMap{}}, {"list", CheckpointList{}}});
  EXPECT_TRUE(root.find("map")->get<CheckpointMap>()->empty());
  EXPECT_TRUE(root.find("list")->get<CheckpointList>()->empty());
}

TEST_F(CheckpointFile, RefusesToWriteSparseTensors) {
  EXPECT_THROW(round_trip(CheckpointMap{{"s", at::eye(2).to_sparse()}}), DataError);
  EXPECT_FALSE(fs::exists(path()));
}

TEST_F(CheckpointFile, RefusesToWriteAKeyTwice) {
  EXPECT_THROW(round_trip(CheckpointMap{{"a", 1}, {"a", 2}}), DataError);
}

TEST_F(CheckpointFile, KeepsTheOldFileWhenTheDiskIsFull) {
  write_checkpoint_file(path(), CheckpointMap{{"epoch", 1}});
  const CheckpointMap large = {{"a", at::zeros({100'000})}, {"b", at::zeros({100'000})}};
  for (const rlim_t bytes : {10, 1000, 300'000, 500'000, 800'300}) {
    std::string message = "no error";
    {
      const FileSizeLimit limit(bytes);
      try {
        write_checkpoint_file(path(), large);
      } catch (const DataError& error) {
        message = error.what();
      }
    }
    EXPECT_NE(message.find("File too large"), std::string::npos) << bytes << ": " << message;
    EXPECT_EQ(*read_checkpoint_file(path()).find("epoch")->get<int64_t>(), 1);
    EXPECT_FALSE(fs::exists(path("a.pth.part")));
  }
}

TEST_F(CheckpointFile, RefusesToWriteWhereAFolderIs) {
  fs::create_directories(path("a.pth.part"));
  EXPECT_THROW(write_checkpoint_file(path(), 1), DataError);
}

TEST_F(CheckpointFile, RefusesEveryTruncation) {
  write_checkpoint_file(path(), sample());
  const std::string bytes = read_file(path());
  for (size_t size = 0; size < bytes.size(); size += 7) {
    std::ofstream(path("short.pth"), std::ios::binary) << bytes.substr(0, size);
    EXPECT_NE(read_error(path("short.pth")), "no error") << size;
  }
}

TEST_F(CheckpointFile, SurvivesMutatedBytes) {
  write_checkpoint_file(path(),
                        CheckpointMap{{"w", at::ones({2, 2})}, {"b", at::ones({1}, at::kBool)}});
  const std::string bytes = read_file(path());
  int accepted = 0;
  for (uint64_t mutant = 0; mutant < 2000; ++mutant) {
    Rng rng(11, 0, mutant);
    std::string changed = bytes;
    for (int64_t change = rng.integer(1, 4); change > 0; --change)
      changed[static_cast<size_t>(rng.integer(0, static_cast<int64_t>(bytes.size()) - 1))] =
          static_cast<char>(rng.integer(0, 255));
    std::ofstream(path("mutant.pth"), std::ios::binary) << changed;
    accepted += read_error(path("mutant.pth")) == "no error";
  }
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, 2000);
}

TEST_F(CheckpointFile, NamesAMissingFile) {
  EXPECT_NE(read_error(path("absent.pth")).find("cannot open it: No such file"), std::string::npos);
  EXPECT_NE(read_error(folder_).find("no regular file"), std::string::npos);
}

TEST_F(CheckpointFile, NamesAFileThatIsNeitherZipNorPickle) {
  write_file(path(), "a text that is long enough to have a beginning");
  EXPECT_EQ(read_error(path()),
            path().string() +
                ": neither a zip file nor a pickle; expected a checkpoint of torch.save\n"
                "  Is this the right file, and was it downloaded completely?");
}

TEST_F(CheckpointFile, NamesAPickleOfOtherCode) {
  write_file(path(), "\x80\x02].");
  EXPECT_EQ(read_error(path()),
            path().string() +
                ": a pickle, but none of torch.save; expected a checkpoint of torch.save\n"
                "  Load it in Python and save its state_dict() with torch.save.");
}

TEST_F(CheckpointFile, NamesAMissingRecord) {
  write_archive(tensor_program(0, {4}, {1}, 4, "FloatStorage", "7"));
  EXPECT_NE(read_error(path()).find("no record 'data/7'"), std::string::npos);
}

TEST_F(CheckpointFile, ReadsStridesAndOffsetsWithinTheStorage) {
  write_archive(tensor_program(1, {2}, {2}));
  const CheckpointValue root = read_checkpoint_file(path());
  EXPECT_TRUE(at::equal(*root.get<at::Tensor>(), at::tensor({1.0f, 3.0f})));
}

TEST_F(CheckpointFile, RefusesTensorsOutsideTheirStorage) {
  const int64_t huge = INT64_MAX;
  for (const auto& program :
       {tensor_program(0, {5}, {1}), tensor_program(4, {1}, {1}), tensor_program(-1, {1}, {1}),
        tensor_program(1, {2, 2}, {2, 1}), tensor_program(0, {2}, {-1}),
        tensor_program(0, {huge, huge}, {huge, huge}), tensor_program(0, {huge, huge}, {0, 0}),
        tensor_program(0, {-1}, {1}), tensor_program(0, {2}, {}), tensor_program(huge, {0}, {1}),
        tensor_program(0, Sizes(65, 1), Sizes(65, 1)), tensor_program(0, {1}, {1}, 5),
        tensor_program(0, {1}, {1}, -1), tensor_program(0, {1}, {1}, 4, "BoolStorage"),
        tensor_program(0, {1}, {1}, 4, "StrangeStorage")}) {
    write_archive(program);
    EXPECT_NE(read_error(path()), "no error");
  }
}

TEST_F(CheckpointFile, RefusesBoolsThatAreNeither0Nor1) {
  write_archive(tensor_program(0, {1}, {1}, 16, "BoolStorage"));
  EXPECT_NE(read_error(path()).find("neither 0 nor 1"), std::string::npos);
}

TEST_F(CheckpointFile, ReadsOtherObjectsAsInertMaps) {
  write_archive("cos\nsystem\n(U\x02lstR.");
  const CheckpointValue root = read_checkpoint_file(path());
  EXPECT_EQ(*root.find("__class__")->get<std::string>(), "os.system");
}

TEST_F(CheckpointFile, NamesTheClassesOfInertObjects) {
  const CheckpointMap root = {
      {"a", CheckpointList{CheckpointMap{{std::string(kClassKey), "z.Z"}}, 1}},
      {"b", CheckpointMap{{std::string(kClassKey), "a.A"}, {"c", CheckpointMap{}}}},
      {"d", CheckpointMap{{std::string(kClassKey), "z.Z"}}}};
  EXPECT_EQ(inert_classes(root), (std::vector<std::string>{"a.A", "z.Z"}));
  EXPECT_TRUE(inert_classes(CheckpointMap{{"a", 1}}).empty());
}

TEST_F(CheckpointFile, ReadsKeysThatAreNoTextAsTextOrPairs) {
  write_archive("](}K\x07K\x08s})K\x01se.");
  const auto list = *read_checkpoint_file(path()).get<CheckpointList>();
  EXPECT_EQ(*list[0].find("7")->get<int64_t>(), 8);
  EXPECT_EQ((*list[1].get<CheckpointList>())[0].get<CheckpointList>()->size(), 2u);
}

TEST_F(CheckpointFile, RefusesAValueThatContainsItself) {
  write_archive(
      "]q\x01h\x01"
      "a.");
  EXPECT_NE(read_error(path()).find("nested too deeply"), std::string::npos);
}

TEST_F(CheckpointFile, RefusesAMemoBomb) {
  std::string bomb = "(]q\x01";
  for (char level = 1; level < 60; ++level)
    bomb += std::string("](h") + level + "h" + level + "eq" + static_cast<char>(level + 1);
  write_archive(bomb + "t.");
  EXPECT_NE(read_error(path()).find("too many values"), std::string::npos);
}

TEST_F(CheckpointFile, ReadsAStorageOnce) {
  const std::string one = tensor_program(0, {4}, {1});
  const std::string body = one.substr(2, one.size() - 3);
  write_archive("(" + body + body + "t.");
  const auto list = *read_checkpoint_file(path()).get<CheckpointList>();
  EXPECT_EQ(list[0].get<at::Tensor>()->data_ptr(), list[1].get<at::Tensor>()->data_ptr());
}

class CheckpointFileInPython : public CheckpointFile {
 protected:
  void SetUp() override {
    const char* python = std::getenv("KINEGRAPH_PYTHON");
    python_ = python ? python : "/usr/bin/python3";
    if (run("import torch") != 0) GTEST_SKIP() << python_ << " cannot import torch";
  }

  int run(const std::string& program) const {
    write_file(path("program.py"), program);
    const std::string command =
        "cd '" + folder_.string() + "' && '" + python_ + "' program.py > output.txt 2>&1";
    return std::system(command.c_str());
  }
  std::string output() const { return read_file(path("output.txt")); }

  std::string python_;
};

TEST_F(CheckpointFileInPython, OpensWhatWeWriteWithWeightsOnly) {
  CheckpointMap root = sample();
  for (const auto type : {at::kDouble, at::kHalf, at::kBFloat16, at::kInt, at::kByte, at::kBool})
    root.emplace_back(toString(type), at::ones({2}, type));
  root.emplace_back("empty", at::empty({2, 0}));
  write_checkpoint_file(path(), root);
  EXPECT_EQ(run(R"(
import torch
c = torch.load('a.pth', weights_only=True)
assert c['epoch'] == 3 and c['config'] == 'a: 1' and c['none'] is None and c['flag'] is True
assert c['big'] == 2 ** 40 and c['rate'].item() == 0.1 and c['rate'].dtype == torch.float64
assert c['list'] == [1, 'two', {'three': -3}]
w = c['state_dict']['w']
assert w.tolist() == [[0, 1, 2], [3, 4, 5]] and w.dtype == torch.float32
assert c['state_dict']['n'].item() == 5 and c['state_dict']['n'].shape == ()
types = {'Double': torch.float64, 'Half': torch.float16, 'BFloat16': torch.bfloat16,
         'Int': torch.int32, 'Byte': torch.uint8, 'Bool': torch.bool}
for name, dtype in types.items():
    assert c[name].dtype == dtype and c[name].tolist() == [1, 1], name
assert c['empty'].shape == (2, 0)
torch.nn.Linear(3, 2).load_state_dict({'weight': w, 'bias': w[:, 0]})
)"),
            0)
      << output();
}

TEST_F(CheckpointFileInPython, WritesWhatWeRead) {
  ASSERT_EQ(run(R"(
import torch
m = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
o = torch.optim.SGD(m.parameters(), lr=0.1, momentum=0.9)
m(torch.ones(4, 3)).sum().backward()
o.step()
x = torch.arange(24.).view(4, 6)
torch.save({'meta': {'epoch': 12, 'classes': ('a', 'b'), 'time': 1.5, 'none': None, 'big': 2 ** 40},
            'state_dict': m.state_dict(), 'optimizer': o.state_dict(), 'set': {1},
            'parameter': torch.nn.Parameter(torch.ones(3)), 't': x.t(), 'slice': x[1:3, 2:4],
            'half': x.half(), 'size': x.shape}, 'python.pth')
)"),
            0)
      << output();
  const CheckpointValue root = read_checkpoint_file(path("python.pth"));
  const CheckpointValue& meta = *root.find("meta");
  EXPECT_EQ(*meta.find("epoch")->get<int64_t>(), 12);
  EXPECT_EQ(meta.find("time")->get<at::Tensor>()->item<double>(), 1.5);
  EXPECT_EQ(*(*meta.find("classes")->get<CheckpointList>())[1].get<std::string>(), "b");
  EXPECT_EQ(root.find("state_dict")->get<CheckpointMap>()->size(), 7u);
  EXPECT_EQ(root.find("state_dict")->find("0.weight")->get<at::Tensor>()->sizes(), Sizes({2, 3}));
  EXPECT_TRUE(root.find("optimizer")->find("state")->find("0")->find("momentum_buffer"));
  const at::Tensor x = at::arange(24, at::kFloat).view({4, 6});
  EXPECT_TRUE(at::equal(*root.find("t")->get<at::Tensor>(), x.t()));
  EXPECT_EQ(root.find("t")->get<at::Tensor>()->strides(), x.t().strides());
  EXPECT_TRUE(at::equal(*root.find("slice")->get<at::Tensor>(), x.slice(0, 1, 3).slice(1, 2, 4)));
  EXPECT_EQ(root.find("half")->get<at::Tensor>()->scalar_type(), at::kHalf);
  EXPECT_FALSE(root.find("parameter")->get<at::Tensor>()->requires_grad());
  EXPECT_EQ(*root.find("size")->find("__class__")->get<std::string>(), "torch.Size");
}

TEST_F(CheckpointFileInPython, WritesWholeModelsThatWeReadAsInertObjects) {
  ASSERT_EQ(run("import torch\ntorch.save(torch.nn.Linear(2, 2), 'model.pth')\n"), 0) << output();
  const CheckpointValue root = read_checkpoint_file(path("model.pth"));
  EXPECT_EQ(*root.find("__class__")->get<std::string>(), "torch.nn.modules.linear.Linear");
}

}  // namespace
}  // namespace kinegraph
