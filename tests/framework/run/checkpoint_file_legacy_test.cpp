// Files in the format of torch before 1.6, sound and hostile.
#include "framework/run/checkpoint_file_legacy.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/base/random.h"
#include "framework/io/pickle_writer.h"
#include "tests/support/python.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

const std::string kMagicNumber("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);

std::string little_endian(uint64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
  return bytes;
}

std::string version(int64_t number) {
  pickle::Writer writer;
  writer.integer(number);
  return writer.finish();
}

std::string system_facts(bool is_little_endian) {
  pickle::Writer writer;
  writer.begin_dict();
  writer.text("little_endian");
  writer.boolean(is_little_endian);
  writer.end_dict();
  return writer.finish();
}

/// {"w": a tensor of `elements` floats in storage "7"}
std::string content(int64_t elements) {
  pickle::Writer writer;
  const auto integers = [&](int64_t value) {
    writer.begin_tuple();
    writer.integer(value);
    writer.end_tuple();
  };
  writer.begin_dict();
  writer.text("w");
  writer.global("torch._utils", "_rebuild_tensor_v2");
  writer.begin_tuple();
  writer.begin_tuple();
  writer.text("storage");
  writer.global("torch", "FloatStorage");
  writer.text("7");
  writer.text("cpu");
  writer.integer(elements);
  writer.none();
  writer.end_tuple();
  writer.persistent_id();
  writer.integer(0);
  integers(elements);
  integers(1);
  writer.end_tuple();
  writer.reduce();
  writer.end_dict();
  return writer.finish();
}

std::string names(const std::vector<std::string>& keys) {
  pickle::Writer writer;
  writer.begin_list();
  for (const auto& key : keys) writer.text(key);
  writer.end_list();
  return writer.finish();
}

const std::string kTwoFloats("\x00\x00\x80\x3f\x00\x00\x00\x40", 8);  // 1, 2
const std::string kStart = kMagicNumber + version(1001) + system_facts(true);
const std::string kFile = kStart + content(2) + names({"7"}) + little_endian(2) + kTwoFloats;

class LegacyCheckpointFile : public testing::Test {
 protected:
  CheckpointValue read(const std::string& bytes) const {
    folder_.write("a.pth", bytes);
    return read_checkpoint_file(folder_ / "a.pth");
  }

  /// Without the path in front.
  std::string error_of(const std::string& bytes) const {
    const std::string message = thrown_message<DataError>([&] { read(bytes); });
    const std::string path = (folder_ / "a.pth").string();
    return message.rfind(path, 0) == 0 ? message.substr(path.size()) : message;
  }

  TempDir folder_;
};

TEST_F(LegacyCheckpointFile, HoldsTensors) {
  const CheckpointValue root = read(kFile);
  EXPECT_TRUE(at::equal(*root.find("w")->get<at::Tensor>(), at::tensor({1.0f, 2.0f})));
}

TEST_F(LegacyCheckpointFile, RefusesAnotherVersion) {
  EXPECT_EQ(error_of(kMagicNumber + version(1002) + system_facts(true)),
            ": an unknown version of torch's format; expected 1001\n"
            "  Load it in Python with torch.load and save it again with torch.save.");
}

TEST_F(LegacyCheckpointFile, RefusesAnotherByteOrder) {
  EXPECT_EQ(error_of(kMagicNumber + version(1001) + system_facts(false)),
            ": numbers in another byte order; expected little-endian\n"
            "  Save it again on an ordinary machine.");
}

TEST_F(LegacyCheckpointFile, RefusesEveryTruncation) {
  for (size_t size = 0; size < kFile.size(); ++size)
    EXPECT_NE(error_of(kFile.substr(0, size)), "nothing thrown") << size;
}

TEST_F(LegacyCheckpointFile, RefusesMoreElementsThanTheFileHas) {
  const std::string start = kStart + content(2) + names({"7"});
  for (const uint64_t count : {uint64_t{3}, uint64_t{1} << 62, UINT64_MAX})
    EXPECT_NE(error_of(start + little_endian(count) + kTwoFloats).find("the file ends at byte"),
              std::string::npos);
}

TEST_F(LegacyCheckpointFile, RefusesFewerElementsThanTheTensorHas) {
  EXPECT_NE(error_of(kStart + content(3) + names({"7"}) + little_endian(2) + kTwoFloats)
                .find("storage '7' of 8 bytes; expected 3 elements of 4 bytes"),
            std::string::npos);
}

TEST_F(LegacyCheckpointFile, RefusesStoragesThatAreMissingUnusedOrThereTwice) {
  const std::string floats = little_endian(2) + kTwoFloats;
  EXPECT_NE(error_of(kStart + content(2) + names({})).find("no storage '7'"), std::string::npos);
  EXPECT_NE(
      error_of(kStart + content(2) + names({"8"}) + floats).find("a storage that no tensor uses"),
      std::string::npos);
  EXPECT_NE(error_of(kStart + content(2) + names({"7", "7"}) + floats + floats)
                .find("a second storage '7'"),
            std::string::npos);
}

TEST_F(LegacyCheckpointFile, SurvivesMutatedBytes) {
  int accepted = 0;
  constexpr int kMutants = 2000;
  for (uint64_t mutant = 0; mutant < kMutants; ++mutant) {
    Rng rng(13, 0, mutant);
    std::string changed = kFile;
    for (int64_t change = rng.integer(1, 4); change > 0; --change)
      changed[static_cast<size_t>(rng.integer(0, static_cast<int64_t>(kFile.size()) - 1))] =
          static_cast<char>(rng.integer(0, 255));
    accepted += error_of(changed) == "nothing thrown";
  }
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, kMutants);
}

TEST_F(LegacyCheckpointFile, IsReadAsPythonWroteIt) {
  const Python python;
  if (!python.has_torch()) GTEST_SKIP() << python.name() << " cannot import torch";
  const std::string file = (folder_ / "a.pth").string();
  ASSERT_EQ(python.run(R"(
import collections, numpy, torch
class Odd:
    pass
m = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
o = torch.optim.SGD(m.parameters(), lr=0.1, momentum=0.9)
m(torch.ones(4, 3)).sum().backward()
o.step()
x = torch.arange(24.).view(4, 6)
torch.save({'meta': {'epoch': numpy.int64(12), 'mean': numpy.float32(0.5), 'odd': Odd(),
                     'array': numpy.arange(6, dtype=numpy.int32).reshape(2, 3), 'set': {1}},
            'state_dict': m.state_dict(), 'optimizer': o.state_dict(),
            't': x.t(), 'slice': x[1:3, 2:4]}, ')" +
                       file + R"(', _use_new_zipfile_serialization=False)
)"),
            0)
      << python.output();
  const CheckpointValue root = read_checkpoint_file(file);
  const CheckpointValue& meta = *root.find("meta");
  EXPECT_EQ(*meta.find("epoch")->get<int64_t>(), 12);
  EXPECT_EQ(meta.find("mean")->get<at::Tensor>()->item<double>(), 0.5);
  EXPECT_EQ(meta.find("set")->get<CheckpointList>()->size(), 1u);
  EXPECT_TRUE(
      at::equal(*meta.find("array")->get<at::Tensor>(), at::arange(6, at::kInt).view({2, 3})));
  EXPECT_EQ(inert_classes(root), std::vector<std::string>{"__main__.Odd"});
  EXPECT_EQ(root.find("state_dict")->get<CheckpointMap>()->size(), 7u);
  EXPECT_TRUE(root.find("optimizer")->find("state")->find("0")->find("momentum_buffer"));
  const at::Tensor x = at::arange(24, at::kFloat).view({4, 6});
  EXPECT_TRUE(at::equal(*root.find("t")->get<at::Tensor>(), x.t()));
  EXPECT_EQ(root.find("t")->get<at::Tensor>()->strides(), x.t().strides());
  EXPECT_TRUE(at::equal(*root.find("slice")->get<at::Tensor>(), x.slice(0, 1, 3).slice(1, 2, 4)));
}

}  // namespace
}  // namespace kinegraph
