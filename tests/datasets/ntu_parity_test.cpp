// The raw recordings of shared/golden/raw/ntu as the published code bases read them
// (shared/golden/rawdata.h5), made by the registered importer. And real recordings, as far as one
// can say what must come out.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>

#include "framework/io/annotation_store.h"
#include "tests/datasets/run_import.h"
#include "tests/support/golden.h"
#include "tests/support/parity_log.h"
#include "tests/support/temp_dir.h"
#include "tests/support/toy_clips.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

using Strings = std::vector<std::string>;

/// Whose reading `repo` does by which rule. A repository that is not here fails the test.
const std::map<std::string, std::string> kRules{
    {"st-gcn", "st_gcn"},           {"2s-AGCN", "ms_g3d"}, {"MS-G3D", "ms_g3d"},
    {"DualHead-Network", "ms_g3d"}, {"pyskl", "pyskl"},    {"mmaction2", "mmaction2"}};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// "S001C001P001R001A001.skeleton" or a path of that: the clip's name.
std::string clip_name(const std::string& sample_name) {
  return fs::path(sample_name).filename().replace_extension().string();
}

/// Imports the recordings once for every rule, benchmark and precision that is asked for.
class Stores {
 public:
  explicit Stores(fs::path source) : source_(std::move(source)) {}

  const AnnotationStore& get(const std::string& rule, const std::string& benchmark,
                             const std::string& precision) {
    const std::string name = rule + "_" + benchmark + "_" + precision + ".h5";
    auto& store = stores_[name];
    if (!store) {
      run_import(fmt::format("{{type: ntu_raw, rule: {}, benchmark: {}, precision: {}}}", rule,
                             benchmark, precision),
                 source_, folder_ / name);
      store = std::make_unique<AnnotationStore>(AnnotationStore::open(folder_ / name));
    }
    return *store;
  }

 private:
  fs::path source_;
  TempDir folder_;
  std::map<std::string, std::unique_ptr<AnnotationStore>> stores_;
};

Clip clip_of(const AnnotationStore& store, const std::string& id) {
  for (int64_t i = 0; i < store.num_clips(); ++i)
    if (store.id(i) == id) return store.read(i);
  ADD_FAILURE() << "no clip " << id;
  return {};
}

Strings ids_of(const AnnotationStore& store, const std::string& split) {
  Strings ids;
  for (const int64_t clip : store.split(split)) ids.push_back(store.id(clip));
  return ids;
}

bool is_beyond_ntu60(const std::string& id) { return std::stoi(id.substr(id.find('A') + 1)) > 60; }

class RawDataParity : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(golden_) || !fs::exists(source_))
      GTEST_SKIP() << "no " << golden_ << " or " << source_ << "; set KINEGRAPH_SHARED_DIR";
  }

  /// golden (C, T, V, M), ours (M, T, V, C).
  void compare_read_xyz(const Hdf5File& file, const std::string& path, const std::string& rule) {
    const auto golden = file.read<double>(path);
    const std::string id = path.substr(path.rfind('/') + 1);
    const Clip clip = clip_of(stores_.get(rule, "auto", "float64"), id);
    ASSERT_EQ(golden.shape, (std::vector<int64_t>{3, clip.num_frames, 25, clip.num_persons}));
    size_t wrong = 0, at = 0;
    for (int64_t c = 0; c < 3; ++c)
      for (int64_t t = 0; t < clip.num_frames; ++t)
        for (int64_t v = 0; v < 25; ++v)
          for (int64_t m = 0; m < clip.num_persons; ++m) {
            const int64_t ours = ((m * clip.num_frames + t) * 25 + v) * 3 + c;
            wrong += golden.values[at++] != clip.keypoints[static_cast<size_t>(ours)];
          }
    EXPECT_EQ(wrong, 0U) << "of " << golden.values.size() << " values";
  }

  /// A clip of an annotation pickle; the clip's group is `group`.
  void compare_annotation(const Hdf5File& file, const std::string& path, const std::string& rule) {
    const std::string group = path.substr(0, path.rfind('/'));
    const std::string id = group.substr(group.rfind('/') + 1);
    const std::string benchmark = contains(path, "ntu120") ? "ntu120" : "ntu60";
    // MMAction2 keeps actions above 60 in its NTU-60 file; there is no such class.
    if (benchmark == "ntu60" && is_beyond_ntu60(id)) return;
    const Clip clip = clip_of(stores_.get(rule, benchmark, "published"), id);
    const auto golden = file.read<double>(path);
    EXPECT_EQ(golden.shape, (std::vector<int64_t>{clip.num_persons, clip.num_frames, 25, 3}));
    EXPECT_EQ(golden.values, clip.keypoints);
    EXPECT_EQ(file.read_attribute<int64_t>(group, "label"), clip.labels.at(0));
    EXPECT_EQ(file.read_attribute<int64_t>(group, "total_frames"), clip.num_frames);
  }

  /// A split of an annotation pickle: MMAction2 lists it in the order of the folder.
  void compare_split(const Hdf5File& file, const std::string& path, const std::string& rule) {
    const std::string benchmark = contains(path, "ntu120") ? "ntu120" : "ntu60";
    Strings golden = file.read_vector<std::string>(path);
    if (benchmark == "ntu60")
      golden.erase(std::remove_if(golden.begin(), golden.end(), is_beyond_ntu60), golden.end());
    std::sort(golden.begin(), golden.end());
    EXPECT_EQ(ids_of(stores_.get(rule, benchmark, "published"), path.substr(path.rfind('/') + 1)),
              golden);
  }

  /// "/MS-G3D/xsub/train/label" beside ".../sample_name".
  void compare_labels(const Hdf5File& file, const std::string& path, const std::string& rule) {
    const std::string group = path.substr(0, path.rfind('/'));
    const auto names = file.read_vector<std::string>(group + "/sample_name");
    const auto labels = file.read_vector<int64_t>(group + "/label");
    const fs::path parts = group;
    const std::string split =
        parts.parent_path().filename().string() + "_" + parts.filename().string();
    const AnnotationStore& store = stores_.get(rule, "ntu60", "float64");
    Strings golden;
    for (size_t i = 0; i < names.size(); ++i) {
      golden.push_back(clip_name(names[i]));
      EXPECT_EQ(clip_of(store, golden.back()).labels, std::vector<int64_t>{labels.at(i)});
    }
    std::sort(golden.begin(), golden.end());
    EXPECT_EQ(ids_of(store, split), golden);
  }

  /// "/2s-AGCN/xsub/train/joint_bone_first120": pre-normalised clips in the order of sample_name,
  /// (N, C, T, V, M), of which the file has the first 120 frames, the shape or sums.
  void compare_prepared(const Hdf5File& file, const std::string& path, const std::string& rule) {
    const size_t begin = path.rfind('/') + 1;
    for (const std::string what : {"_first120", "_shape", "_sum_abs_sum"}) {
      if (!ends_with(path, what)) continue;
      const auto samples = prepared(file, path.substr(0, begin), rule,
                                    path.substr(begin, path.size() - what.size() - begin));
      const auto golden = read_numbers(file, path);
      if (what == "_first120") return expect_first_frames(golden, samples);
      if (what == "_shape") return expect_shape(golden.values, samples);
      return expect_sums(golden.values, samples);
    }
    FAIL() << "no comparison for this data set";
  }

  std::vector<KeypointArray> prepared(const Hdf5File& file, const std::string& group,
                                      const std::string& rule, const std::string& kind) {
    const std::string kinds = kind == "joint_bone" ? "joint, bone" : kind;
    const Pipeline pipeline = make_pipeline(
        "[{type: format_gcn}, {type: pad, mode: zero}, {type: pre_normalize_2s_agcn}, "
        "{type: stream, kinds: [" +
            kinds + "]}]",
        Skeleton::load((source_dir() / "datasets/skeletons/ntu25.yaml").string()));
    const AnnotationStore& store = stores_.get(rule, "ntu60", "float64");
    std::vector<KeypointArray> samples;
    for (const auto& name : file.read_vector<std::string>(group + "sample_name")) {
      const Clip clip = clip_of(store, clip_name(name));
      Sample sample = toy_clip(clip.num_persons, clip.num_frames, 25, 3, clip.keypoints);
      Rng rng(0, 0, 0);
      pipeline.apply(sample, rng);
      samples.push_back(sample.keypoints);
    }
    return samples;
  }

  static void expect_first_frames(const Hdf5Array<double>& golden,
                                  const std::vector<KeypointArray>& samples) {
    const auto& x = samples.at(0);
    ASSERT_EQ(golden.shape, (std::vector<int64_t>{static_cast<int64_t>(samples.size()), x.channels,
                                                  120, x.joints, x.persons}));
    double worst = 0;
    size_t at = 0;
    for (const auto& sample : samples)
      for (int64_t c = 0; c < x.channels; ++c)
        for (int64_t t = 0; t < 120; ++t)
          for (int64_t v = 0; v < x.joints; ++v)
            for (int64_t m = 0; m < x.persons; ++m)
              worst = std::max(worst, std::abs(golden.values[at++] - sample.joint(m, t, v)[c]));
    EXPECT_LE(worst, 1e-5);
  }

  static void expect_shape(const std::vector<double>& golden,
                           const std::vector<KeypointArray>& samples) {
    const auto& x = samples.at(0);
    const std::vector<size_t> shape{samples.size(), static_cast<size_t>(x.channels),
                                    static_cast<size_t>(x.frames), static_cast<size_t>(x.joints),
                                    static_cast<size_t>(x.persons)};
    EXPECT_EQ(golden, (std::vector<double>{shape.begin(), shape.end()}));
  }

  /// The sum of all values and that of their magnitudes, for each clip.
  static void expect_sums(const std::vector<double>& golden,
                          const std::vector<KeypointArray>& samples) {
    ASSERT_EQ(golden.size(), 2 * samples.size());
    for (size_t i = 0; i < samples.size(); ++i) {
      double sum = 0, magnitudes = 0;
      for (const double value : samples[i].values) {
        sum += value;
        magnitudes += std::abs(value);
      }
      EXPECT_NEAR(golden[2 * i], sum, 1e-5 * magnitudes);
      EXPECT_NEAR(golden[2 * i + 1], magnitudes, 1e-5 * magnitudes);
    }
  }

  fs::path golden_ = shared_dir() / "golden/rawdata.h5", source_ = shared_dir() / "golden/raw/ntu";
  Stores stores_{source_};
};

TEST_F(RawDataParity, EveryRepositoryReadsTheRecordingsAsWeDo) {
  const auto file = Hdf5File::open(golden_);
  int ran = 0;
  for (const auto& repository : file.list("/"))
    for (const auto& path : datasets_below(file, "/" + repository)) {
      if (contains(path, "/kinetics")) continue;
      SCOPED_TRACE(path);
      ASSERT_EQ(kRules.count(repository), 1U) << "no rule for " << repository;
      const std::string& rule = kRules.at(repository);
      if (contains(path, "/ntu_read_xyz/")) {
        compare_read_xyz(file, path, rule);
      } else if (ends_with(path, "/keypoint")) {
        compare_annotation(file, path, rule);
      } else if (contains(path, "/split/")) {
        compare_split(file, path, rule);
      } else if (ends_with(path, "/label") || ends_with(path, "/sample_name")) {
        compare_labels(file, path, rule);
      } else {
        compare_prepared(file, path, rule);
      }
      ++ran;
    }
  EXPECT_GT(ran, 0);
  log_parity("rawdata", ran, 0, 0);
}

/// Three recordings of the data set: two of one person, one of two.
class RealRecordings : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!fs::exists(source_)) GTEST_SKIP() << "no " << source_ << "; set KINEGRAPH_SHARED_DIR";
    run_import("{type: ntu_raw, rule: " + GetParam() + "}", source_, folder_ / "store.h5");
  }
  AnnotationStore store() const { return AnnotationStore::open(folder_ / "store.h5"); }

  fs::path source_ = shared_dir() / "data/ntu_skeleton";
  TempDir folder_;
};

/// Distance of two joints of the first person in one frame.
double distance(const Clip& clip, int64_t frame, int64_t a, int64_t b) {
  double sum = 0;
  for (int64_t c = 0; c < 3; ++c) {
    const auto at = [&](int64_t joint) {
      return clip.keypoints[static_cast<size_t>((frame * 25 + joint) * 3 + c)];
    };
    sum += (at(a) - at(b)) * (at(a) - at(b));
  }
  return std::sqrt(sum);
}

TEST_P(RealRecordings, HaveTheirFramesAndActions) {
  const AnnotationStore all = store();
  ASSERT_EQ(all.num_clips(), 3);
  EXPECT_EQ(all.id(0), "S001C001P001R001A011");
  EXPECT_EQ(all.clip(0).num_frames, 82);
  EXPECT_EQ(all.clip(1).num_frames, 70);
  EXPECT_EQ(all.clip(2).num_frames, 100);
  EXPECT_EQ(all.info().class_names.at(static_cast<size_t>(all.clip(0).labels[0])), "reading");
  EXPECT_EQ(all.info().class_names.at(static_cast<size_t>(all.clip(1).labels[0])), "handshaking");
  EXPECT_EQ(all.info().class_names.at(static_cast<size_t>(all.clip(2).labels[0])),
            "brushing teeth");
}

TEST_P(RealRecordings, AHandshakeTakesTwo) {
  const Clip handshake = store().read(1);
  ASSERT_EQ(handshake.num_persons, 2);
  const size_t half = handshake.keypoints.size() / 2;
  EXPECT_TRUE(std::any_of(handshake.keypoints.begin() + static_cast<std::ptrdiff_t>(half),
                          handshake.keypoints.end(), [](double x) { return x != 0; }));
}

TEST_P(RealRecordings, PeopleHaveTheSizeOfPeople) {
  constexpr int64_t kSpineBase = 0, kHead = 3;
  const AnnotationStore all = store();
  for (int64_t i = 0; i < all.num_clips(); ++i) {
    const Clip clip = all.read(i);
    for (int64_t t = 0; t < clip.num_frames; ++t) {
      const double trunk = distance(clip, t, kSpineBase, kHead);
      EXPECT_GT(trunk, 0.4) << clip.id << " frame " << t;
      EXPECT_LT(trunk, 1.0) << clip.id << " frame " << t;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, RealRecordings,
                         testing::Values("st_gcn", "ms_g3d", "pyskl", "mmaction2", "ctr_gcn"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace kinegraph
