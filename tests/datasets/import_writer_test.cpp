// What every importer owes its caller: limit, splits, strict, the report.

#include "framework/data/import_writer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "framework/io/annotation_store.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

using Integers = std::vector<int64_t>;
using Strings = std::vector<std::string>;

class ImportWriting : public testing::Test {
 protected:
  static StoreInfo store_info() {
    StoreInfo info;
    info.skeleton = "two";
    info.num_joints = 2;
    info.class_names = {"stand", "walk"};
    return info;
  }
  static Clip clip_of(const std::string& id, int64_t frames = 2) {
    Clip clip;
    clip.id = id;
    clip.labels = {1};
    clip.num_frames = frames;
    clip.num_persons = 1;
    clip.keypoints.assign(static_cast<size_t>(frames * 6), 0.5);
    return clip;
  }

  /// Writes clips a, b, c, d of splits train (d, a) and val (b); b is rejected when `rejects_b`.
  ImportReport write(const Importer::Context& context, bool rejects_b = false) const {
    ImportWriter writer("source", store_, store_info(), context);
    writer.set_splits({{"train", {"d", "a"}}, {"val", {"b"}}}, 4);
    for (const std::string id : {"a", "b", "c", "d"}) {
      if (!writer.wants(id)) continue;
      if (rejects_b && id == "b")
        writer.reject(id, "no frames", Fault{"source: clip 'b'", "no frames", "one", "Mend it."});
      else
        writer.add(clip_of(id));
    }
    return writer.finish();
  }
  Strings ids() const {
    const auto store = AnnotationStore::open(store_);
    Strings result;
    for (int64_t i = 0; i < store.num_clips(); ++i) result.push_back(store.id(i));
    return result;
  }
  static Importer::Context of_splits(const Strings& splits) {
    Importer::Context context;
    context.splits = splits;
    return context;
  }

  TempDir folder_;
  std::filesystem::path store_ = folder_ / "store.h5";
};

TEST_F(ImportWriting, CountsWhatItWrote) {
  const ImportReport report = write({});
  EXPECT_EQ(report.clips, 4);
  EXPECT_EQ(report.frames, 8);
  EXPECT_EQ(report.persons, 4);
  EXPECT_TRUE(report.rejected.empty());
}

TEST_F(ImportWriting, ASplitKeepsTheOrderOfItsIds) {
  write({});
  EXPECT_EQ(AnnotationStore::open(store_).split("train"), (Integers{3, 0}));
}

TEST_F(ImportWriting, TheLimitStopsAfterSoManyClips) {
  Importer::Context context;
  context.limit = 2;
  EXPECT_EQ(write(context).clips, 2);
  EXPECT_EQ(ids(), (Strings{"a", "b"}));
  EXPECT_EQ(AnnotationStore::open(store_).split("train"), (Integers{0}));
}

TEST_F(ImportWriting, RejectedClipsDoNotCountTowardsTheLimit) {
  Importer::Context context;
  context.limit = 2;
  write(context, true);
  EXPECT_EQ(ids(), (Strings{"a", "c"}));
}

TEST_F(ImportWriting, AChosenSplitComesAloneWithItsClips) {
  write(of_splits({"train"}));
  EXPECT_EQ(ids(), (Strings{"a", "d"}));
  const auto splits = AnnotationStore::open(store_).info().splits;
  EXPECT_EQ(splits, (std::map<std::string, Integers>{{"train", {1, 0}}}));
}

TEST_F(ImportWriting, RefusesAnUnknownSplit) {
  EXPECT_EQ(thrown_message<DataError>([&] { write(of_splits({"trian"})); }),
            "source: no split 'trian'; did you mean 'train'?; expected one of: train, val\n"
            "  Correct --split, or leave it out to import everything.");
  EXPECT_FALSE(std::filesystem::exists(store_));
}

TEST_F(ImportWriting, ARejectedClipIsReportedAndInNoSplit) {
  const ImportReport report = write({}, true);
  EXPECT_EQ(report.clips, 3);
  ASSERT_EQ(report.rejected.count("no frames"), 1U);
  EXPECT_EQ(report.rejected.at("no frames"), std::make_pair(int64_t{1}, std::string("b")));
  EXPECT_EQ(AnnotationStore::open(store_).split("val"), Integers{});
}

TEST_F(ImportWriting, StrictRefusesWhatWouldBeRejected) {
  Importer::Context context;
  context.is_strict = true;
  EXPECT_EQ(thrown_message<DataError>([&] { write(context, true); }),
            "source: clip 'b': no frames; expected one\n  Mend it.");
  EXPECT_FALSE(std::filesystem::exists(store_));
}

TEST_F(ImportWriting, RefusesASourceWithoutAUsableClip) {
  ImportWriter writer("source", store_, store_info(), {});
  writer.reject("a", "no frames", Fault{});
  writer.reject("b", "no frames", Fault{});
  EXPECT_EQ(thrown_message<DataError>([&] { writer.finish(); }),
            "source: none of 2 clips is usable: no frames (such as a); expected at least one\n"
            "  Is the source the right one?");
}

TEST_F(ImportWriting, OfFaultyFilesTheFirstErrorIsTheExample) {
  ImportWriter writer("source", store_, store_info(), {});
  writer.add(clip_of("a"));
  for (const std::string id : {"b", "c"}) {
    const Fault fault{id + ".json, byte 7", "not valid JSON", "a list", "Download it again."};
    EXPECT_FALSE(writer.try_read(id, [&]() -> Clip { throw DataError(fault); }));
  }
  EXPECT_EQ(warnings_of(writer.finish()),
            Strings{"2 clips left out: a faulty file (such as b.json, byte 7: not valid JSON; "
                    "expected a list)"});
}

TEST_F(ImportWriting, AValueTooLargeForTheStoreLeavesItsClipOut) {
  ImportWriter writer("source", store_, store_info(), {});
  Clip large = clip_of("a");
  large.keypoints[4] = 1e40;
  EXPECT_FALSE(writer.add(large));
  EXPECT_TRUE(writer.add(clip_of("b")));
  EXPECT_EQ(warnings_of(writer.finish()),
            Strings{"1 clip left out: a faulty file (such as source: clip 'a', frame 0, person 0, "
                    "joint 1: 1e+40; expected a magnitude below 3.4028235677973366e+38 for "
                    "float32)"});
  EXPECT_EQ(ids(), Strings{"b"});
}

TEST_F(ImportWriting, StrictlyAValueTooLargeForTheStoreIsAnError) {
  Importer::Context context;
  context.is_strict = true;
  ImportWriter writer("source", store_, store_info(), context);
  Clip large = clip_of("a");
  large.keypoints[4] = 1e40;
  const std::string error = thrown_message<DataError>([&] { writer.add(large); });
  EXPECT_EQ(error.find("source: clip 'a', frame 0, person 0, joint 1: 1e+40; expected"), 0U)
      << error;
}

TEST_F(ImportWriting, AClipThatCanBeReadIsGiven) {
  ImportWriter writer("source", store_, store_info(), {});
  const auto clip = writer.try_read("a", [] { return clip_of("a"); });
  ASSERT_TRUE(clip);
  EXPECT_EQ(clip->id, "a");
}

TEST_F(ImportWriting, StrictThrowsWhatReadingThrew) {
  Importer::Context context;
  context.is_strict = true;
  ImportWriter writer("source", store_, store_info(), context);
  const auto read = []() -> Clip { throw DataError(Fault{"a.json", "x", "y", "Mend it."}); };
  EXPECT_EQ(thrown_message<DataError>([&] { writer.try_read("a", read); }),
            "a.json: x; expected y\n  Mend it.");
}

TEST_F(ImportWriting, OnlyErrorsInTheDataLeaveAClipOut) {
  ImportWriter writer("source", store_, store_info(), {});
  const auto read = []() -> Clip { throw UsageError("stop"); };
  EXPECT_EQ(thrown_message<UsageError>([&] { writer.try_read("a", read); }), "stop");
}

TEST_F(ImportWriting, WhereAllFilesAreFaultyTheFirstErrorIsThrown) {
  ImportWriter writer("source", store_, store_info(), {});
  for (const std::string id : {"a", "b"})
    writer.reject(id, DataError(Fault{id + ".json, byte 7", "x", "y", "Mend it."}));
  EXPECT_EQ(thrown_message<DataError>([&] { writer.finish(); }),
            "a.json, byte 7: x; expected y\n  Mend it.");
}

TEST_F(ImportWriting, WhereClipsHaveSeveralFaultsAllAreTold) {
  ImportWriter writer("source", store_, store_info(), {});
  writer.reject("a", "no frames", Fault{});
  writer.reject("b", DataError(Fault{"b.json, byte 7", "x", "y", "Mend it."}));
  EXPECT_EQ(thrown_message<DataError>([&] { writer.finish(); }),
            "source: none of 2 clips is usable: a faulty file (such as b.json, byte 7: x; expected "
            "y), no frames (such as a); expected at least one\n  Is the source the right one?");
}

TEST_F(ImportWriting, ProgressCountsRejectedClipsToo) {
  Strings steps;
  Importer::Context context;
  context.progress = [&](int64_t done, int64_t all) {
    steps.push_back(fmt::format("{}/{}", done, all));
  };
  write(context, true);
  EXPECT_EQ(steps, (Strings{"1/4", "2/4", "3/4", "4/4"}));
}

}  // namespace
}  // namespace kinegraph
