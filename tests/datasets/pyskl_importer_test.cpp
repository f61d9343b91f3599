// Annotation pickles, sound and with every fault.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "framework/io/annotation_store.h"
#include "tests/datasets/pyskl_pickles.h"
#include "tests/datasets/run_import.h"
#include "tests/support/golden.h"
#include "tests/support/python.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

using namespace std::string_literals;
using Integers = std::vector<int64_t>;
using Strings = std::vector<std::string>;

constexpr char kIsItOne[] = "\n  Is it an annotation file of PYSKL or MMAction2?";
constexpr char kMend[] = "\n  Mend the annotation, or leave the clip out.";
constexpr char kDamaged[] =
    "\n  The file is damaged or no plain pickle; download or write it again.";

class PysklImporter : public testing::Test {
 protected:
  void write(const std::vector<TestAnnotation>& annotations,
             const TestSplits& splits = {{"train", {"one"}}}) const {
    folder_.write("a.pkl", pyskl_pickle(annotations, splits));
  }
  ImportReport import(const std::string& yaml = "pyskl", bool is_strict = false) const {
    Importer::Context context;
    context.is_strict = is_strict;
    return run_import(yaml, folder_ / "a.pkl", store_, context);
  }
  AnnotationStore imported(const std::string& yaml = "pyskl") const {
    import(yaml);
    return AnnotationStore::open(store_);
  }
  /// The error of a strict import, with paths relative to the folder of the test.
  std::string error_of(const std::string& yaml = "pyskl") const {
    std::string text = thrown_message<Error>([&] { import(yaml, true); });
    const std::string prefix = folder_.path().string() + "/";
    for (size_t at; (at = text.find(prefix)) != std::string::npos;) text.erase(at, prefix.size());
    EXPECT_FALSE(fs::exists(store_)) << "a store in spite of: " << text;
    return text;
  }
  std::string error_of_file(const std::string& content) const {
    folder_.write("a.pkl", content);
    return error_of();
  }
  /// The error of one annotation.
  std::string error_of(const TestAnnotation& annotation) const {
    write({annotation});
    return error_of();
  }

  TempDir folder_;
  fs::path store_ = folder_ / "out/store.h5";
};

TEST_F(PysklImporter, KeepsTheKeypointsAndTheirPrecision) {
  TestAnnotation clip;
  clip.shape = {2, 2, 25, 3};
  write({clip});
  const auto store = imported();
  EXPECT_EQ(store.info().precision, Precision::float16);
  EXPECT_EQ(store.read(0).keypoints, clip.content());
  EXPECT_EQ(store.read(0).num_persons, 2);
}

TEST_F(PysklImporter, TakesTheWidestPrecisionOfAllClips) {
  TestAnnotation wide;
  wide.id = "two";
  wide.type.width = 4;
  wide.values.assign(150, 0.1F);
  write({TestAnnotation{}, wide});
  const auto store = imported();
  EXPECT_EQ(store.info().precision, Precision::float32);
  EXPECT_EQ(store.read(1).keypoints[0], double{0.1F});
}

TEST_F(PysklImporter, SplitsKeepTheOrderOfTheFile) {
  TestAnnotation a, b, c;
  a.id = "a";
  b.id = "b";
  c.id = "c";
  write({a, b, c}, {{"train", {"c", "a"}}, {"val", {"b", "gone", "lost"}}});
  const ImportReport report = import();
  const auto store = AnnotationStore::open(store_);
  EXPECT_EQ(store.split("train"), (Integers{0, 2}));
  EXPECT_EQ(store.split("val"), (Integers{1}));
  EXPECT_EQ(report.notes, (Strings{"2 clips of split 'val' have no annotation (such as gone)"}));
}

TEST_F(PysklImporter, TellsTheSkeletonFromJointsAndCoordinates) {
  write({TestAnnotation{}});
  EXPECT_EQ(imported().info().skeleton, "ntu25");
  EXPECT_EQ(imported().info().coordinates, Coordinates::metres);
  TestAnnotation flat;
  flat.shape = {1, 2, 17, 2};
  write({flat});
  EXPECT_EQ(imported().info().skeleton, "coco17");
  EXPECT_EQ(imported().info().coordinates, Coordinates::pixels);
}

TEST_F(PysklImporter, AsksForTheSkeletonWhereItIsAmbiguous) {
  TestAnnotation flat;
  flat.shape = {1, 2, 25, 2};
  write({flat});
  EXPECT_EQ(
      error_of(),
      "a.pkl: 25 joints of 2 coordinates; expected joints that only one of these has: body25, "
      "ntu25\n  Say which with the option 'skeleton'.");
  EXPECT_EQ(imported("{type: pyskl, skeleton: ntu25}").info().skeleton, "ntu25");
}

TEST_F(PysklImporter, RefusesASkeletonOfAnotherSize) {
  write({TestAnnotation{}});
  EXPECT_EQ(error_of("{type: pyskl, skeleton: coco17}"),
            "a.pkl: 25 joints of 3 coordinates; expected 17 joints, as skeleton 'coco17' has\n"
            "  Correct the option 'skeleton'.");
}

TEST_F(PysklImporter, NamesClassesByNumberOrAsAsked) {
  TestAnnotation clip;
  clip.label = 1;
  write({clip});
  EXPECT_EQ(imported().info().class_names, (Strings{"class 0", "class 1"}));
  EXPECT_EQ(imported("{type: pyskl, class_names: [sit, stand]}").info().class_names,
            (Strings{"sit", "stand"}));
  folder_.write("names.txt", "sit down\r\nstand\n");
  const std::string file = (folder_ / "names.txt").string();
  EXPECT_EQ(imported("{type: pyskl, class_file: " + file + "}").info().class_names,
            (Strings{"sit down", "stand"}));
}

TEST_F(PysklImporter, RefusesFewerClassNamesThanLabels) {
  TestAnnotation clip;
  clip.label = 2;
  write({clip});
  EXPECT_EQ(error_of("{type: pyskl, class_names: [sit, stand]}"),
            "a.pkl: label 2 (from 0) with 2 class names; expected a name for each class\n"
            "  Correct class_names or class_file; with labels from 1, set labels_start_at: 1.");
}

TEST_F(PysklImporter, LabelsFromOneAreKeptAndTold) {
  TestAnnotation a, b;
  a.label = 1;
  b.id = "two";
  b.label = 2;
  write({a, b});
  const ImportReport report = import();
  EXPECT_EQ(report.notes, (Strings{"no clip has label 0: the labels are 1 to 2; "
                                   "labels_start_at=1 counts the classes from 1"}));
  EXPECT_EQ(AnnotationStore::open(store_).info().num_classes(), 3);
  const auto shifted = imported("{type: pyskl, labels_start_at: 1}");
  EXPECT_EQ(shifted.info().num_classes(), 2);
  EXPECT_EQ(shifted.clip(1).labels, (Integers{1}));
}

TEST_F(PysklImporter, KeepsOtherFields) {
  TestAnnotation clip;
  clip.more = [](pickle::Writer& w) {
    w.text("img_shape");
    w.begin_tuple();
    w.integer(480);
    w.integer(640);
    w.end_tuple();
    w.text("original_shape");
    w.begin_list();
    w.integer(1080);
    w.integer(1920);
    w.end_list();
    w.text("num_person_raw");
    w.integer(3);
    w.text("quality");
    w.real(0.5);
    w.text("note");
    w.text("good");
    w.text("hands");
    w.begin_list();
    w.integer(1);
    w.none();
    w.text("x");
    w.end_list();
    w.text("absent");
    w.none();
  };
  TestAnnotation bare;
  bare.id = "two";
  write({clip, bare});
  const auto store = imported();
  EXPECT_EQ(store.clip(0).image_height, 480);
  EXPECT_EQ(store.clip(0).image_width, 640);
  EXPECT_EQ(std::get<Integers>(store.extra_field("original_height")), (Integers{1080, -1}));
  EXPECT_EQ(std::get<Integers>(store.extra_field("original_width")), (Integers{1920, -1}));
  EXPECT_EQ(std::get<Integers>(store.extra_field("num_person_raw")), (Integers{3, -1}));
  EXPECT_EQ(std::get<std::vector<double>>(store.extra_field("quality"))[0], 0.5);
  EXPECT_EQ(std::get<Strings>(store.extra_field("note")), (Strings{"good", ""}));
  EXPECT_EQ(std::get<Strings>(store.extra_field("hands"))[0], R"([1,null,"x"])");
  EXPECT_EQ(store.extra_fields(), (Strings{"hands", "note", "num_person_raw", "original_height",
                                           "original_width", "quality"}));
}

TEST_F(PysklImporter, LeavesOutTheFieldsThatAreNamed) {
  TestAnnotation clip;
  clip.more = [](pickle::Writer& w) {
    w.text("note");
    w.text("good");
  };
  write({clip});
  EXPECT_TRUE(imported("{type: pyskl, leave_out: [note]}").extra_fields().empty());
}

TEST_F(PysklImporter, RefusesAFieldThatIsTooLarge) {
  TestAnnotation clip;
  clip.more = [](pickle::Writer& w) {
    write_field(w, "map", {'f', 4, false}, {2000}, std::vector<double>(2000, 0.25));
  };
  EXPECT_EQ(error_of(clip),
            "a.pkl: annotation 0 (one), map: an object of 'numpy.core.multiarray._reconstruct'; "
            "expected numbers and texts of at most 4096 bytes in all\n"
            "  Name it in the option 'leave_out'.");
}

TEST_F(PysklImporter, NamesTheFieldOfAMalformedArray) {
  TestAnnotation clip;
  for (const std::string field : {"place", "img_shape"}) {
    clip.more = [&](pickle::Writer& w) {
      w.text(field);
      pickle::write_array(w, {'i', 4, false}, {3}, "1234");
    };
    EXPECT_EQ(error_of(clip), "a.pkl: annotation 0 (one), " + field +
                                  ": an array of int32 with shape 3 in 4 bytes; expected 12 bytes, "
                                  "as the shape says\n"
                                  "  The file is damaged; download or write it again.");
  }
}

TEST_F(PysklImporter, RefusesTooManyFields) {
  TestAnnotation clip;
  clip.more = [](pickle::Writer& w) {
    for (int i = 100; i < 400; ++i) {
      w.text("field" + std::to_string(i));
      w.integer(1);
    }
  };
  EXPECT_EQ(error_of(clip),
            "a.pkl: annotation 0 (one): the field 'field356', one of too many; expected at most "
            "256 of different names\n  Are the names of the fields damaged?");
}

/// Kinetics: three persons in frames 0, 0 and 2 of three.
TestAnnotation by_frame() {
  TestAnnotation clip;
  clip.shape = {3, 17, 3};
  clip.total_frames = 3;
  clip.more = [](pickle::Writer& w) {
    w.text("frame_inds");
    const int16_t frames[] = {0, 0, 2};
    pickle::write_array(w, {'i', 2, false}, {3}, {reinterpret_cast<const char*>(frames), 6});
    write_field(w, "box_score", {'f', 4, false}, {3}, {1, 0.5, 0.75});
    w.text("valid");
    w.begin_dict();
    w.real(0.5);
    w.integer(2);
    w.real(0.9);
    w.integer(1);
    w.end_dict();
  };
  return clip;
}

TEST_F(PysklImporter, ReadsPersonsListedByFrame) {
  write({by_frame()});
  const auto store = imported();
  EXPECT_EQ(store.info().person_layout, PersonLayout::frame_persons);
  EXPECT_EQ(store.info().channels, "xy");
  const Clip clip = store.read(0);
  EXPECT_EQ(clip.frame_persons, (Integers{2, 0, 1}));
  EXPECT_EQ(clip.box_scores, (std::vector<double>{1, 0.5, 0.75}));
  EXPECT_EQ(clip.keypoints[2], 3);  // x of joint 1
  EXPECT_EQ(clip.scores[1], 5);
  EXPECT_EQ(std::get<Integers>(store.extra_field("valid_0.5")), (Integers{2}));
  EXPECT_EQ(std::get<Integers>(store.extra_field("valid_0.9")), (Integers{1}));
}

TEST_F(PysklImporter, ReadsKeypointsFromKeypointFiles) {
  TestAnnotation whole = by_frame(), entry = whole;
  entry.shape.clear();
  entry.more = [whole](pickle::Writer& w) {
    whole.more(w);
    w.text("raw_file");
    w.text("/somewhere/else/7.pkl");
    w.text("key");
    w.text("clip one");
  };
  TestAnnotation lost = entry;
  lost.id = "two";
  lost.more = [whole](pickle::Writer& w) {
    whole.more(w);
    w.text("raw_file");
    w.text("8.pkl");
  };
  write({entry, lost}, {{"train", {"one", "two"}}});
  pickle::Writer file(3);
  file.begin_dict();
  file.text("clip one");
  file.begin_dict();
  write_field(file, "keypoint", whole.type, whole.shape, whole.content());
  file.end_dict();
  file.end_dict();
  folder_.write("kpfiles/7.pkl", file.finish());
  const ImportReport report = import();
  EXPECT_EQ(report.rejected.at("its keypoint file is missing"), std::make_pair(int64_t{1}, "two"s));
  const auto store = AnnotationStore::open(store_);
  EXPECT_EQ(store.split("train"), (Integers{0}));
  EXPECT_EQ(store.read(0).keypoints[2], 3);
  EXPECT_EQ(std::get<Strings>(store.extra_field("key")), (Strings{"clip one"}));
}

TEST_F(PysklImporter, LeavesOutTheClipsOfADamagedKeypointFile) {
  const TestAnnotation whole = by_frame();
  std::vector<TestAnnotation> annotations(3, whole);
  for (size_t i : {0, 1}) {
    annotations[i].id = "lost" + std::to_string(i);
    annotations[i].shape.clear();
    annotations[i].more = [whole](pickle::Writer& w) {
      whole.more(w);
      w.text("raw_file");
      w.text("7.pkl");
    };
  }
  write(annotations);
  folder_.write("kpfiles/7.pkl", "\x80\x03}");
  const ImportReport report = import();
  const auto& [count, example] = report.rejected.at("a faulty file");
  EXPECT_EQ(count, 2);
  EXPECT_EQ(example, (folder_ / "kpfiles/7.pkl").string() +
                         ": byte 3: the pickle ends 0 bytes later; expected 1 more");
  EXPECT_EQ(AnnotationStore::open(store_).id(0), "one");
  fs::remove(store_);
  EXPECT_EQ(error_of(),
            "kpfiles/7.pkl: byte 3: the pickle ends 0 bytes later; expected 1 more"s + kDamaged);
}

TEST_F(PysklImporter, ReadsAKeypointFileForEachClip) {
  const TestAnnotation whole = by_frame();
  TestAnnotation entry = whole;
  entry.shape.clear();
  entry.more = nullptr;
  write({entry}, {{"train", {"one"}}});
  pickle::Writer file(3);
  file.begin_dict();
  write_field(file, "keypoint", whole.type, whole.shape, whole.content());
  whole.more(file);
  file.end_dict();
  folder_.write("skeletons/one.pkl", file.finish());
  const auto store = imported("{type: pyskl, kpfiles: '" + (folder_ / "skeletons").string() + "'}");
  EXPECT_EQ(store.num_clips(), 1);
  EXPECT_EQ(store.read(0).keypoints[2], 3);
}

TEST_F(PysklImporter, LeavesOutUnusableClipsAndSaysWhy) {
  TestAnnotation good, bad, again;
  bad.id = "bad";
  bad.total_frames = 5;
  write({good, bad, again}, {{"train", {"one", "bad"}}});
  const ImportReport report = import();
  EXPECT_EQ(report.clips, 1);
  EXPECT_EQ(report.rejected.at("another number of frames than 'total_frames'"),
            std::make_pair(int64_t{1}, "bad"s));
  EXPECT_EQ(report.rejected.at("a name that an earlier clip has"),
            std::make_pair(int64_t{1}, "one"s));
  EXPECT_EQ(AnnotationStore::open(store_).split("train"), (Integers{0}));
}

TEST_F(PysklImporter, OtherFieldsStayWithTheirClipsWhereTheStoreRefusesOne) {
  std::vector<TestAnnotation> clips(3);
  for (size_t i = 0; i < clips.size(); ++i) {
    clips[i].id = i == 1 ? "no\nname" : "clip" + std::to_string(i);
    clips[i].more = [i](pickle::Writer& w) {
      w.text("quality");
      w.real(static_cast<double>(i));
    };
  }
  write(clips, {{"train", {"clip0", "clip2"}}});
  const ImportReport report = import();
  EXPECT_EQ(report.rejected.at("a faulty file").first, 1);
  EXPECT_EQ(std::get<std::vector<double>>(AnnotationStore::open(store_).extra_field("quality")),
            (std::vector<double>{0, 2}));
}

TEST_F(PysklImporter, RefusesAnotherNumberOfFrames) {
  TestAnnotation clip;
  clip.total_frames = 3;
  EXPECT_EQ(error_of(clip),
            "a.pkl: annotation 0 (one), keypoint: 2 frames; expected 3, as total_frames"s + kMend);
}

TEST_F(PysklImporter, RefusesAnotherNumberOfAxes) {
  TestAnnotation clip;
  clip.shape = {2, 25, 3};
  EXPECT_EQ(error_of(clip),
            "a.pkl: annotation 0 (one), keypoint: shape 2x25x3; expected M x T x V x C"s + kMend);
}

TEST_F(PysklImporter, RefusesANegativeDimension) {
  TestAnnotation clip;
  clip.values.assign(150, 0.0);
  clip.shape = {-1, 2, 25, 3};
  EXPECT_EQ(error_of(clip),
            "a.pkl: annotation 0 (one), keypoint: an array of float16 with shape -1x2x25x3 in 300 "
            "bytes; expected dimensions of 0 and more\n"
            "  The file is damaged; download or write it again.");
}

TEST_F(PysklImporter, RefusesAHugeShape) {
  TestAnnotation clip;
  clip.values.assign(150, 0.0);
  clip.shape = {int64_t{1} << 40, int64_t{1} << 40, 25, 3};
  EXPECT_EQ(error_of(clip),
            "a.pkl: annotation 0 (one), keypoint: an array of float16 with shape "
            "1099511627776x1099511627776x25x3 in 300 bytes; expected as many bytes as the shape "
            "says\n  The file is damaged; download or write it again.");
}

TEST_F(PysklImporter, RefusesAMissingValue) {
  TestAnnotation clip;
  clip.values.assign(149, 0.0);
  EXPECT_EQ(error_of(clip),
            "a.pkl: annotation 0 (one), keypoint: an array of float16 with shape 1x2x25x3 in 298 "
            "bytes; expected 300 bytes, as the shape says\n"
            "  The file is damaged; download or write it again.");
}

TEST_F(PysklImporter, RefusesScoresOfAnotherShape) {
  TestAnnotation clip;
  clip.more = [](pickle::Writer& w) {
    write_field(w, "keypoint_score", {'f', 2, false}, {1, 1, 25}, std::vector<double>(25));
  };
  EXPECT_EQ(error_of(clip),
            "a.pkl: annotation 0 (one), keypoint_score: shape 1x1x25; expected 1x2x25, as "
            "'keypoint'"s +
                kMend);
}

TEST_F(PysklImporter, RefusesANegativeLabel) {
  TestAnnotation clip;
  clip.label = -1;
  EXPECT_EQ(error_of(clip), "a.pkl: annotation 0 (one), label: -1; expected 0 or more"s + kMend);
}

TEST_F(PysklImporter, RefusesAHugeLabel) {
  TestAnnotation clip;
  clip.label = int64_t{1} << 50;
  EXPECT_EQ(error_of(clip),
            "a.pkl: label 1125899906842624; expected labels below 1000000\n"
            "  The file is damaged or has no class labels.");
}

TEST_F(PysklImporter, RefusesFrameIndicesThatFall) {
  TestAnnotation clip = by_frame();
  clip.more = [](pickle::Writer& w) {
    w.text("frame_inds");
    const int16_t frames[] = {0, 2, 1};
    pickle::write_array(w, {'i', 2, false}, {3}, {reinterpret_cast<const char*>(frames), 6});
  };
  EXPECT_EQ(error_of(clip),
            "a.pkl: annotation 0 (one), frame_inds: indices that fall or leave the 3 frames; "
            "expected rising frame indices from 0"s +
                kMend);
}

TEST_F(PysklImporter, RefusesAForbiddenGlobalByName) {
  EXPECT_EQ(
      error_of_file("cos\nsystem\n(S'true'\ntR."),
      "a.pkl: byte 0: the global 'os.system'; expected plain data and numpy arrays"s + kDamaged);
}

TEST_F(PysklImporter, RefusesAFileThatEndsEarly) {
  const std::string whole = pyskl_pickle({TestAnnotation{}}, {});
  const std::string error = error_of_file(whole.substr(0, whole.size() - 20));
  EXPECT_EQ(error, fmt::format("a.pkl: byte {}: the pickle ends {} bytes later; expected {} more{}",
                               whole.size() - 311, 291, 14, kDamaged));
}

TEST_F(PysklImporter, RefusesAHugeCount) {
  EXPECT_EQ(error_of_file("\x80\x03X\xff\xff\xff\x7f"s),
            "a.pkl: byte 2: the pickle ends 5 bytes later; expected 2147483647 more"s + kDamaged);
}

TEST_F(PysklImporter, RefusesDeepNesting) {
  EXPECT_EQ(error_of_file("\x80\x02" + std::string(50, ']') + std::string(49, 'a') + "."),
            "a.pkl: byte 101: values nested too deeply; expected at most 20 levels"s + kDamaged);
}

TEST_F(PysklImporter, RefusesOtherRoots) {
  EXPECT_EQ(
      error_of_file("\x80\x02K\x05."s),
      "a.pkl: an integer where the annotations should be; expected a list of dicts"s + kIsItOne);
  EXPECT_EQ(error_of_file("\x80\x02}."s),
            "a.pkl: a dict without 'annotations'; expected {'split', 'annotations'} or a list"s +
                kIsItOne);
  EXPECT_EQ(error_of_file("\x80\x02]."s),
            "a.pkl: an empty list of annotations; expected at least one"s + kIsItOne);
  EXPECT_EQ(error_of_file("\x80\x02](K\x05"
                          "e."s),
            "a.pkl: annotation 0: an integer; expected a dict"s + kIsItOne);
  EXPECT_EQ(error_of_file("\x80\x02](}e."s),
            "a.pkl: annotation 0: no text 'frame_dir'; expected the name of the clip"s + kIsItOne);
}

TEST_F(PysklImporter, RefusesAMissingFile) {
  EXPECT_EQ(error_of(),
            "a.pkl: cannot read it: No such file or directory\n"
            "  Check the path and the permissions.");
}

/// Python's own pickles, protocols 0 to 5.
class PysklPythonPickle : public PysklImporter, public testing::WithParamInterface<int> {
 protected:
  void run(const Python& python, bool has_splits) const;
};

constexpr char kProgram[] = R"(
import collections, pickle, numpy as np
x = (np.arange(2 * 40 * 17 * 2) % 512).reshape(2, 40, 17, 2)
clips = [
    dict(frame_dir='c', label=np.int64(3), img_shape=(480, 640), total_frames=40,
         keypoint=x.astype(np.float16), keypoint_score=x[..., 0].astype(np.float16)),
    dict(frame_dir=np.str_('fortran'), label=[0, 2], total_frames=np.int32(40),
         keypoint=np.asfortranarray(x.astype(np.float32)), keypoint_score=x[..., 0] / 4.0),
    dict(frame_dir='big', label=np.array([1]), total_frames=40,
         keypoint=x.astype('>f4'), keypoint_score=x[..., 0].astype('>f8')),
    collections.OrderedDict(frame_dir='view', label=1, total_frames=20,
         keypoint=x.astype(np.float16)[:, ::2], keypoint_score=x[:, ::2, :, 0].astype(np.int16))]
data = dict(split=dict(train=['c', 'view'], val=np.array(['x']).tolist() + ['big']),
            annotations=clips) if has_splits else clips
pickle.dump(data, open('a.pkl', 'wb'), protocol=protocol)
)";

void PysklPythonPickle::run(const Python& python, bool has_splits) const {
  const std::string start =
      fmt::format("import os; os.chdir('{}')\nhas_splits, protocol = {}, {}\n",
                  folder_.path().string(), has_splits ? "True" : "False", GetParam());
  ASSERT_EQ(python.run(start + kProgram), 0) << python.output();
}

TEST_P(PysklPythonPickle, GivesTheSameStore) {
  const Python python;
  if (!python.has_numpy()) GTEST_SKIP() << python.name() << " has no numpy";
  run(python, true);
  const auto store = imported();
  ASSERT_EQ(store.num_clips(), 4);
  EXPECT_EQ(store.info().precision, Precision::float64);
  EXPECT_EQ(store.clip(0).labels, (Integers{3}));
  EXPECT_EQ(store.clip(1).labels, (Integers{0, 2}));
  EXPECT_EQ(store.id(1), "fortran");
  EXPECT_EQ(store.split("train"), (Integers{0, 3}));
  const Clip first = store.read(0);
  for (size_t i = 0; i < first.keypoints.size(); ++i)
    ASSERT_EQ(first.keypoints[i], static_cast<double>(i % 512));
  EXPECT_EQ(store.read(1).keypoints, first.keypoints);
  EXPECT_EQ(store.read(2).keypoints, first.keypoints);
  EXPECT_EQ(store.read(2).scores, first.scores);
  EXPECT_EQ(store.read(1).scores[1], first.scores[1] / 4);
  EXPECT_EQ(store.read(3).keypoints[34], first.keypoints[68]);
  EXPECT_EQ(store.read(3).scores[17], first.scores[34]);
}

TEST_P(PysklPythonPickle, ABareListIsOneSplit) {
  const Python python;
  if (!python.has_numpy()) GTEST_SKIP() << python.name() << " has no numpy";
  run(python, false);
  EXPECT_EQ(imported().split("all"), (Integers{0, 1, 2, 3}));
}

INSTANTIATE_TEST_SUITE_P(EveryProtocol, PysklPythonPickle, testing::Range(0, 6));

TEST(PysklRealData, TheWholeOfARealFileComesIn) {
  const fs::path source = shared_dir() / "data/pyskl_pickle/custom16_hrnet.pkl";
  if (!fs::exists(source)) GTEST_SKIP() << "no " << source;
  const TempDir folder;
  const ImportReport report =
      run_import("{type: pyskl, labels_start_at: 1}", source, folder / "s.h5");
  const auto store = AnnotationStore::open(folder / "s.h5");
  EXPECT_EQ(report.clips, 486);
  EXPECT_TRUE(report.rejected.empty());
  EXPECT_TRUE(report.notes.empty());
  EXPECT_EQ(store.split("xsub_train").size(), 388U);
  EXPECT_EQ(store.split("xsub_test").size(), 98U);
  EXPECT_EQ(store.info().num_classes(), 16);
  EXPECT_EQ(store.info().skeleton, "coco17");
  EXPECT_EQ(store.id(0), "320906A6");
  EXPECT_EQ(store.clip(0).labels, (Integers{5}));
  EXPECT_EQ(store.clip(0).image_height, 1080);
  EXPECT_EQ(store.num_frames(0), 25);
  store.verify();
}

}  // namespace
}  // namespace kinegraph
