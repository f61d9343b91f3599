// BABEL's features and labels.

#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "framework/io/annotation_store.h"
#include "framework/io/npy.h"
#include "framework/io/pickle_writer.h"
#include "tests/datasets/run_import.h"
#include "tests/support/python.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

using Integers = std::vector<int64_t>;
using Strings = std::vector<std::string>;

void write_list(pickle::Writer& writer, const Integers& numbers) {
  writer.begin_list();
  for (const int64_t number : numbers) writer.integer(number);
  writer.end_list();
}

/// (segments, (labels, sequences, chunks, annotators)); chunks and annotators are 0, 1, ... and 7.
std::string babel_labels(const Strings& segments, const Integers& labels, const Integers& chunks) {
  pickle::Writer writer;
  writer.begin_tuple();
  writer.begin_list();
  for (const auto& segment : segments) writer.text(segment);
  writer.end_list();
  writer.begin_tuple();
  write_list(writer, labels);
  write_list(writer, Integers(segments.size(), 40));
  write_list(writer, chunks);
  write_list(writer, Integers(segments.size(), 7));
  writer.end_tuple();
  writer.end_tuple();
  return writer.finish();
}

class BabelImporter : public testing::Test {
 protected:
  /// Clip n has the value n + 1 in all of 2 frames, 25 joints and one person.
  void write_data(const std::string& file, int64_t clips) const {
    const NdType type{'f', 4, false};
    std::vector<double> values;
    for (int64_t n = 0; n < clips; ++n)
      values.insert(values.end(), 3 * 2 * 25, static_cast<double>(n + 1));
    folder_.write("data/" + file, npy_header(type, {clips, 3, 2, 25, 1}) + to_bytes(values, type));
  }
  void write_train() const {
    write_data("train_ntu_sk_60.npy", 3);
    folder_.write("data/train_label_60.pkl", babel_labels({"a", "b", "b"}, {5, 0, 59}, {0, 1, 1}));
  }
  AnnotationStore imported(const std::string& yaml = "babel") const {
    run_import(yaml, source_, store_);
    return AnnotationStore::open(store_);
  }
  std::string import_error(const std::string& yaml = "babel") const {
    std::string text = thrown_message<DataError>([&] { run_import(yaml, source_, store_); });
    const std::string prefix = folder_.path().string() + "/";
    for (size_t at; (at = text.find(prefix)) != std::string::npos;) text.erase(at, prefix.size());
    EXPECT_FALSE(fs::exists(store_));
    return text;
  }

  TempDir folder_;
  fs::path source_ = folder_ / "data", store_ = folder_ / "out/store.h5";
};

TEST_F(BabelImporter, NamesClipsBySegmentSequenceChunkAndAnnotator) {
  write_train();
  const auto store = imported();
  EXPECT_EQ(store.id(0), "a_40_0_7");
  EXPECT_EQ(store.clip(0).labels, (Integers{5}));
  EXPECT_EQ(store.info().num_classes(), 60);
  EXPECT_EQ(store.info().skeleton, "ntu25");
  EXPECT_EQ(store.read(2).keypoints, std::vector<double>(150, 3));
}

TEST_F(BabelImporter, NumbersASegmentThatIsListedForEachOfItsActions) {
  write_train();
  const auto store = imported();
  EXPECT_EQ(store.id(1), "b_40_1_7");
  EXPECT_EQ(store.id(2), "b_40_1_7_2");
  EXPECT_EQ(store.clip(2).labels, (Integers{59}));
}

TEST_F(BabelImporter, TakesEachSplitOfTheChosenSetOfActions) {
  write_train();
  write_data("val_ntu_sk_120.npy", 1);
  folder_.write("data/val_label_120.pkl", babel_labels({"c"}, {119}, {0}));
  write_data("val_extra_ntu_sk_120.npy", 1);
  folder_.write("data/val_extra_label_120.pkl", babel_labels({"d"}, {3}, {0}));
  const auto store = imported("{type: babel, classes: 120}");
  EXPECT_EQ(store.num_clips(), 2);
  EXPECT_EQ(store.id(store.split("val").at(0)), "c_40_0_7");
  EXPECT_EQ(store.id(store.split("val_extra").at(0)), "d_40_0_7");
  EXPECT_EQ(store.info().num_classes(), 120);
}

TEST_F(BabelImporter, ReadsWhatPythonWrites) {
  const Python python;
  if (!python.has_numpy()) GTEST_SKIP() << python.name() << " has no numpy";
  fs::create_directories(source_);
  ASSERT_EQ(python.run("import os, pickle, numpy as np; os.chdir('" + source_.string() + R"(')
x = np.arange(2 * 3 * 4 * 25).reshape(2, 4, 25, 3).transpose(0, 3, 1, 2)[..., np.newaxis]
np.save('train_ntu_sk_60.npy', x.astype(np.float64))
ids = np.array(['3f-a', '3f-b'])
pickle.dump((list(ids), ([2, 1], list(np.array([9, 9])), list(np.arange(2)), list(ids))),
            open('train_label_60.pkl', 'wb'))
)"),
            0)
      << python.output();
  const auto store = imported();
  EXPECT_EQ(store.id(1), "3f-b_9_1_3f-b");
  EXPECT_EQ(store.read(1).keypoints[4], 304);
}

TEST_F(BabelImporter, RefusesListsOfDifferentLength) {
  write_train();
  folder_.write("data/train_label_60.pkl", babel_labels({"a", "b", "b"}, {5, 0, 59}, {0, 1}));
  EXPECT_EQ(import_error(),
            "data/train_label_60.pkl: a list; expected lists of one length\n"
            "  Are these the prepared arrays of a GCN code?");
}

TEST_F(BabelImporter, RefusesTheLabelsOfOtherCode) {
  write_train();
  pickle::Writer writer;
  writer.begin_tuple();
  write_list(writer, {1});
  write_list(writer, {1});
  writer.end_tuple();
  folder_.write("data/train_label_60.pkl", writer.finish());
  EXPECT_EQ(import_error(),
            "data/train_label_60.pkl: a tuple; expected (segments, (labels, sequences, chunks, "
            "annotators))\n  Are these the prepared arrays of a GCN code?");
}

TEST_F(BabelImporter, RefusesAFolderOfTheOtherSetOfActions) {
  write_train();
  EXPECT_EQ(import_error("{type: babel, classes: 120}"),
            "data: no train_ntu_sk_120.npy or the like; expected <split>_ntu_sk_120.npy and "
            "<split>_label_120.pkl\n  Are these the prepared arrays of a GCN code?");
}

TEST_F(BabelImporter, RefusesALabelOutsideTheClasses) {
  write_train();
  folder_.write("data/train_label_60.pkl", babel_labels({"a", "b", "c"}, {5, 0, 60}, {0, 1, 1}));
  EXPECT_EQ(import_error(),
            "data/train_label_60.pkl: label 60 of clip c_40_1_7; expected labels below 60\n"
            "  Are these the prepared arrays of a GCN code?");
}

}  // namespace
}  // namespace kinegraph
