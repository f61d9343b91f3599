// Prepared arrays of other code.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "framework/io/annotation_store.h"
#include "framework/io/npy.h"
#include "framework/io/pickle_writer.h"
#include "tests/datasets/run_import.h"
#include "tests/support/python.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"
#include "tests/support/write_zip.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

using Integers = std::vector<int64_t>;
using Strings = std::vector<std::string>;

constexpr NdType kFloat{'f', 4, false};

std::string npy(const Integers& shape, const std::vector<double>& values,
                const NdType& type = kFloat) {
  return npy_header(type, shape) + to_bytes(values, type);
}

std::string label_pickle(const Strings& names, const Integers& labels) {
  pickle::Writer writer;
  writer.begin_tuple();
  writer.begin_list();
  for (const auto& name : names) writer.text(name);
  writer.end_list();
  writer.begin_list();
  for (const int64_t label : labels) writer.integer(label);
  writer.end_list();
  writer.end_tuple();
  return writer.finish();
}

class NumpyImporter : public testing::Test {
 protected:
  /// Clips of 3 channels, 4 frames, 25 joints and 2 persons; value 100 n + 10 c + t + v / 32 for
  /// the first person of the first two frames, all else zero.
  void write_split(const std::string& split, const Strings& names, const Integers& labels) const {
    std::vector<double> values;
    for (size_t n = 0; n < names.size(); ++n)
      for (int c = 0; c < 3; ++c)
        for (int t = 0; t < 4; ++t)
          for (int v = 0; v < 25; ++v) {
            values.push_back(t < 2 ? 100.0 * static_cast<double>(n) + 10 * c + t + v / 32.0 + 1
                                   : 0);
            values.push_back(0);
          }
    folder_.write("data/" + split + "_data.npy",
                  npy({static_cast<int64_t>(names.size()), 3, 4, 25, 2}, values));
    folder_.write("data/" + split + "_label.pkl", label_pickle(names, labels));
  }
  ImportReport import(const std::string& yaml = "numpy") const {
    return run_import(yaml, source_, store_);
  }
  AnnotationStore imported(const std::string& yaml = "numpy") const {
    import(yaml);
    return AnnotationStore::open(store_);
  }
  std::string import_error(const std::string& yaml = "numpy") const {
    std::string text = thrown_message<DataError>([&] { import(yaml); });
    const std::string prefix = folder_.path().string() + "/";
    for (size_t at; (at = text.find(prefix)) != std::string::npos;) text.erase(at, prefix.size());
    EXPECT_FALSE(fs::exists(store_));
    return text;
  }

  TempDir folder_;
  fs::path source_ = folder_ / "data", store_ = folder_ / "out/store.h5";
};

TEST_F(NumpyImporter, ReadsTrainAndVal) {
  write_split("train", {"a.skeleton", "b.skeleton"}, {1, 0});
  write_split("val", {"c.skeleton"}, {2});
  const auto store = imported();
  EXPECT_EQ(store.num_clips(), 3);
  EXPECT_EQ(store.split("train"), (Integers{0, 1}));
  EXPECT_EQ(store.split("val"), (Integers{2}));
  EXPECT_EQ(store.id(1), "b.skeleton");
  EXPECT_EQ(store.clip(2).labels, (Integers{2}));
  EXPECT_EQ(store.info().num_classes(), 3);
  EXPECT_EQ(store.info().precision, Precision::float32);
}

TEST_F(NumpyImporter, TurnsTheAxesAndKeepsAllFramesAndPersons) {
  write_split("train", {"a", "b"}, {0, 0});
  const Clip clip = imported().read(1);
  EXPECT_EQ(clip.num_frames, 4);
  EXPECT_EQ(clip.num_persons, 2);
  const auto at = [&](int m, int t, int v, int c) {
    return clip.keypoints[static_cast<size_t>(((m * 4 + t) * 25 + v) * 3 + c)];
  };
  EXPECT_EQ(at(0, 1, 16, 2), 100 + 20 + 1 + 0.5 + 1);
  EXPECT_EQ(at(0, 2, 16, 2), 0);
  EXPECT_EQ(at(1, 1, 16, 2), 0);
}

TEST_F(NumpyImporter, TrimsZerosAtTheEndWhenAsked) {
  write_split("train", {"a"}, {0});
  const auto store = imported("{type: numpy, trim: true}");
  EXPECT_EQ(store.num_frames(0), 2);
  EXPECT_EQ(store.num_persons(0), 2);
}

TEST_F(NumpyImporter, TakesTheThirdChannelOfKineticsAsTheScore) {
  folder_.write("data/val_data_joint.npy", npy({1, 3, 1, 18, 1}, std::vector<double>(54, 0.25)));
  folder_.write("data/val_label.pkl", label_pickle({"k"}, {0}));
  const auto store = imported();
  EXPECT_EQ(store.info().channels, "xy");
  EXPECT_EQ(store.read(0).scores, std::vector<double>(18, 0.25));
}

TEST_F(NumpyImporter, ReadsNpzWithOneHotLabels) {
  std::vector<double> x(2 * 3 * 150);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i);
  source_ = folder_ / "d.npz";
  write_zip(source_, {{"x_train.npy", npy({2, 3, 150}, x)},
                      {"y_train.npy", npy({2, 4}, {0, 0, 1, 0, 1, 0, 0, 0})},
                      {"x_test.npy", npy({1, 3, 150}, std::vector<double>(450, 7))},
                      {"y_test.npy", npy({1, 4}, {0, 1, 0, 0})}});
  const auto store = imported();
  EXPECT_EQ(store.info().num_classes(), 4);
  EXPECT_EQ(store.id(1), "train_000001");
  EXPECT_EQ(store.clip(0).labels, (Integers{2}));
  EXPECT_EQ(store.split("test"), (Integers{2}));
  const Clip clip = store.read(1);
  EXPECT_EQ(clip.num_persons, 2);
  EXPECT_EQ(clip.num_frames, 3);
  EXPECT_EQ(clip.keypoints[1], 451);                                // person 0, frame 0, joint 0, y
  EXPECT_EQ(clip.keypoints[(1 * 3 + 2) * 75], 450 + 2 * 150 + 75);  // person 1, frame 2, joint 0, x
}

TEST_F(NumpyImporter, ReadsWhatPythonWrites) {
  const Python python;
  if (!python.has_numpy()) GTEST_SKIP() << python.name() << " has no numpy";
  fs::create_directories(source_);
  ASSERT_EQ(python.run("import os, pickle, numpy as np; os.chdir('" + source_.string() + R"(')
x = np.arange(2 * 3 * 4 * 25 * 2).reshape(2, 3, 4, 25, 2)
np.save('a_data.npy', x.astype(np.float16) % 512)
np.save('b_data.npy', np.asfortranarray(x.astype(np.float64)))
for s in 'ab':
    pickle.dump((['%s0' % s, '%s1' % s], np.array([1, 0])), open(s + '_label.pkl', 'wb'))
np.savez_compressed('../z.npz', x_train=x.reshape(2, 4, 150), y_train=np.eye(2))
)"),
            0)
      << python.output();
  const auto store = imported();
  const auto at = [&](int64_t clip, int m, int t, int v, int c) {
    return store.read(clip).keypoints[static_cast<size_t>(((m * 4 + t) * 25 + v) * 3 + c)];
  };
  EXPECT_EQ(at(0, 1, 0, 2, 0), 5);
  EXPECT_EQ(at(3, 1, 2, 3, 1), ((((1 * 3 + 1) * 4 + 2) * 25 + 3) * 2) + 1);
  EXPECT_EQ(store.clip(3).labels, (Integers{0}));
  source_ = folder_ / "z.npz";
  EXPECT_EQ(imported().read(1).keypoints[0], 600);
}

TEST_F(NumpyImporter, RefusesLabelsThatAreTooFew) {
  write_split("train", {"a", "b"}, {0, 1});
  folder_.write("data/train_label.pkl", label_pickle({"a"}, {0}));
  EXPECT_EQ(import_error(),
            "data/train_data.npy: 2 clips, 1 names and 1 labels; expected as many of each\n"
            "  Are these the prepared arrays of a GCN code?");
}

TEST_F(NumpyImporter, RefusesAnotherShape) {
  folder_.write("data/train_data.npy", npy({2, 3, 4, 25}, std::vector<double>(600)));
  folder_.write("data/train_label.pkl", label_pickle({"a", "b"}, {0, 1}));
  EXPECT_EQ(import_error(),
            "data/train_data.npy: shape 2x3x4x25; expected N x C x T x V x M\n"
            "  Are these the prepared arrays of a GCN code?");
}

TEST_F(NumpyImporter, RefusesAFolderWithoutArrays) {
  folder_.write("data/readme", "");
  EXPECT_EQ(import_error(),
            "data: no train_data.npy or the like; expected "
            "<split>_data[_joint].npy and <split>_label.pkl\n"
            "  Are these the prepared arrays of a GCN code?");
}

TEST_F(NumpyImporter, RefusesAnNpzThatEndsEarly) {
  source_ = folder_ / "d.npz";
  write_zip(source_, {{"x_train.npy", npy({2, 3, 150}, std::vector<double>(800))},
                      {"y_train.npy", npy({2, 2}, {0, 1, 1, 0})}});
  EXPECT_EQ(import_error(),
            "d.npz: x_train: the array ends early; expected 400 more bytes\n"
            "  The file is damaged; save it again.");
}

TEST_F(NumpyImporter, RefusesLabelsThatAreNotOneHot) {
  source_ = folder_ / "d.npz";
  write_zip(source_, {{"x_train.npy", npy({1, 3, 150}, std::vector<double>(450))},
                      {"y_train.npy", npy({1, 3}, {0, 1, 1})}});
  EXPECT_EQ(import_error(),
            "d.npz: y_train: row 0 with more or less than one class; expected "
            "one-hot\n  Are these the prepared arrays of a GCN code?");
}

}  // namespace
}  // namespace kinegraph
