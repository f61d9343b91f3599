// Every bad input ends with exit code 2 and a message that says where, what and what to do, and
// leaves nothing behind.
#include "tests/framework/cli/bad_input.h"

#include <torch/cuda.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

TEST_F(BadInput, MissingConfig) {
  expect_error(run({"train", "--config", "tinny.yaml"}),
               "tinny.yaml: no such config file\n"
               "  Shipped configs lie under configs/; see `kinegraph train --help`.");
}

TEST_F(BadInput, MisspeltKey) {
  std::string text = tiny_config("store.h5");
  text.replace(text.find("dropout"), 7, "droput");
  folder_.write("tiny.yaml", text);
  expect_error(train(),
               "tiny.yaml:15:65: unknown key 'droput' in backbone 'stgcn'; did you mean "
               "'dropout'?\n"
               "  known keys: graph, channels, temporal_kernel, dropout, edge_importance, init");
}

TEST_F(BadInput, UnknownStream) {
  expect_error(train({"--streams", "bone"}),
               "no stream 'bone' in this config\n"
               "  its streams: none");
}

TEST_F(BadInput, MissingStore) {
  fs::remove(folder_ / "store.h5");
  expect_error(train(),
               "store.h5: no such file\n"
               "  Check the path, or make the store with `kinegraph import`.");
}

TEST_F(BadInput, MissingSplit) {
  expect_error(
      train({"--set", "data.train.dataset.split=trian"}),
      "store.h5: no split 'trian'; did you mean 'train'?; expected one of empty, few, train, "
      "val\n"
      "  Choose a split that the store has.");
}

TEST_F(BadInput, EmptySplit) {
  expect_error(train({"--set", "data.train.dataset.split=empty"}),
               "store.h5: the split has no clips; expected at least one clip\n"
               "  Choose another split; the config's 'split' names it.");
}

TEST_F(BadInput, TruncatedStore) {
  fs::resize_file(folder_ / "store.h5", 5000);
  const Outcome outcome = train();
  EXPECT_EQ(outcome.err.rfind("error: store.h5: cannot open it as an HDF5 file (HDF5: truncated "
                              "file: eof = 5000, ",
                              0),
            0u)
      << outcome.err;
  EXPECT_EQ(outcome.exit_code, 2);
}

TEST_F(BadInput, StoreThatIsNoStore) {
  folder_.write("store.h5", "not a store");
  expect_error(train(),
               "store.h5: cannot open it as an HDF5 file (HDF5: file signature not found)\n"
               "  The file may be damaged, cut short or of another kind.");
}

TEST_F(BadInput, FirstClipWithNaN) {
  TinyStore store;
  store.nan_clip = 0;
  use(store);
  expect_error(train(),
               "store.h5: clip clip00, person 0, frame 0, joint 0 (hip): the coordinate is nan; "
               "expected a finite number\n"
               "  Mend the source and import again, or set the data set's 'missing: zero'.");
}

TEST_F(BadInput, TestedClipWithNaN) {
  write_best();
  TinyStore store;
  store.nan_clip = 30;
  use(store);
  const Outcome outcome = test();
  EXPECT_NE(outcome.err.find("error: store.h5: clip clip30, person 0, frame 0, joint 0 (hip): the "
                             "coordinate is nan; expected a finite number\n"),
            outcome.err.npos)
      << outcome.err;
  EXPECT_EQ(outcome.exit_code, 2);
}

/// No store with such a label comes into being: the writer refuses the clip.

TEST_F(BadInput, LabelBeyondTheClasses) {
  TinyStore store;
  AnnotationStoreWriter writer(folder_ / "other.h5", [] {
    StoreInfo info;
    info.skeleton = "tiny";
    info.skeleton_layout = tiny_skeleton().to_yaml();
    info.num_joints = 7;
    info.class_names = {"walk"};
    return info;
  }());
  EXPECT_EQ(thrown_message<DataError>([&] { writer.add(store.clip(2)); }),
            (folder_ / "other.h5").string() +
                ": clip 'clip02': label 2; expected a label below the number of classes, 1\n"
                "  Labels count from 0; correct the label or the class names.");
}

TEST_F(BadInput, WorkDirWhereAFileIs) {
  folder_.write("file", "");
  const std::string message =
      ": cannot create the folder: a file of that name is there\n"
      "  Check the path and the permissions, or choose another --work-dir.";
  expect_error(run({"train", "--config", "tiny.yaml", "--work-dir", "file"}), "file" + message);
  expect_error(run({"test", "--checkpoint", "best.pth", "--work-dir", "file"}), "file" + message);
}

TEST_F(BadInput, WorkDirThatHoldsSomething) {
  folder_.write("old/notes.txt", "mine");
  expect_error(run({"train", "--config", "tiny.yaml", "--work-dir", "old"}),
               "old: the folder is not empty; expected a new or empty work folder\n"
               "  Choose another --work-dir. `kinegraph train --resume` goes on with a run.");
}

TEST_F(BadInput, DeviceThatIsNotThere) {
  expect_error(
      train({"--device", "cuda:99"}),
      fmt::format("device: 'cuda:99', but LibTorch sees {} GPUs; expected a device that is "
                  "there\n"
                  "  Use --device cpu, or a LibTorch with CUDA.",
                  torch::cuda::device_count()));
}

TEST_F(BadInput, UnknownDevice) {
  expect_error(train({"--device", "gpu"}), "device: 'gpu'; expected auto, cpu, cuda or cuda:N");
}

TEST_F(BadInput, UnknownSplitOfTheConfig) {
  expect_error(test({"--split", "vali"}),
               "--split is 'vali'; did you mean 'val'?\n"
               "  expected train, val or test");
}

TEST_F(BadInput, StreamWithoutConfig) {
  expect_error(run({"test", "--checkpoint", "best.pth", "--stream", "bone"}),
               "--stream needs --config\n"
               "  The config inside a checkpoint is that of the stream it was trained on.");
}

TEST_F(BadInput, ImportOntoAStore) {
  const std::string before = read_file(folder_ / "store.h5");
  expect_error(run({"import", "nw_ucla", ".", "store.h5"}),
               "store.h5: there is such a file already\n"
               "  --force replaces it.");
  EXPECT_EQ(read_file(folder_ / "store.h5"), before);
}

TEST_F(BadInput, ImportOfAnUnknownFormat) {
  const Outcome outcome = run({"import", "nw_ulca", ".", "new.h5"});
  EXPECT_EQ(outcome.err.substr(0, outcome.err.find('\n')),
            "error: import: unknown importer 'nw_ulca'; did you mean 'nw_ucla'?");
  EXPECT_EQ(outcome.exit_code, 2);
}

TEST_F(BadInput, ImportWithoutTheSourceOfTheFormat) {
  expect_error(run({"import", "nw_ucla", "new.h5"}),
               "STORE is missing; nw_ucla reads a SOURCE, and only 'new.h5' follows it\n"
               "  usage: kinegraph import nw_ucla SOURCE STORE [options]");
  expect_error(run({"import", "nw_ucla"}),
               "SOURCE is missing\n"
               "  usage: kinegraph import nw_ucla SOURCE STORE [options]");
}

TEST_F(BadInput, ImportWithASourceForAFormatThatHasNone) {
  expect_error(run({"import", "synthetic", "folder", "new.h5"}),
               "synthetic makes its clips itself and takes no SOURCE, but two words follow it: "
               "'folder' and 'new.h5'\n"
               "  usage: kinegraph import synthetic STORE [options]");
  expect_error(run({"import", "synthetic"}),
               "STORE is missing\n"
               "  usage: kinegraph import synthetic STORE [options]");
  EXPECT_FALSE(fs::exists(folder_ / "new.h5"));
}

TEST_F(BadInput, ImportOfAFolderWithoutData) {
  expect_error(
      run({"import", "nw_ucla", ".", "new.h5"}),
      ".: no clip files (aAA_sSS_eEE_vVV.json); expected the folder of NW-UCLA, with all_sqe/ "
      "in it\n"
      "  Check the path.");
  EXPECT_FALSE(fs::exists(folder_ / "new.h5"));
}

TEST_F(BadInput, ImportLeavesOutADamagedClipUnlessItIsStrict) {
  folder_.write("pair.yaml",
                "name: pair\njoints: [hip, head]\nbones: [[head, hip]]\ncenter: hip\n");
  folder_.write("clips/a.csv", "frame,hip_x,hip_y,head_x,head_y\n0,1,2,3,4\n");
  folder_.write("clips/b.csv", "frame,hip_x,hip_y,head_x,head_y\n0,1,2,3\n");
  const std::string fault =
      "clips/b.csv, line 2: 4 fields where the header has 5; expected columns frame, clip, label "
      "and <joint>_x, <joint>_y of layout 'pair'";
  const Words words{"import", "csv", "clips", "new.h5", "--set", "skeleton=./pair.yaml"};
  Words strict = words;
  strict.push_back("--strict");
  expect_error(run(strict),
               fault + "\n  Columns that mean something else go into the option 'ignore'.");
  EXPECT_FALSE(fs::exists(folder_ / "new.h5"));
  const Outcome outcome = run(words);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_NE(outcome.err.find("1 clip left out: a faulty file (such as " + fault + ")\n"),
            std::string::npos)
      << outcome.err;
}

}  // namespace
}  // namespace kinegraph
