#include "framework/skeleton/skeleton.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <map>
#include <set>

#include "framework/base/error.h"
#include "framework/base/text.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

constexpr const char* kLegs = R"(name: legs
description: hips and knees
joints: [hips, left_knee, right_knee]
bones: [[left_knee, hips], [right_knee, hips]]
edge_sets: {knees: [[left_knee, right_knee]]}
left_right: [[left_knee, right_knee]]
center: hips
)";

std::string parse_error(const std::string& text) {
  return thrown_message<ConfigError>([&] { Skeleton::parse(text, "f.yaml"); });
}

/// The errors of a layout of the joints a, b, c whose last lines are `rest`, at line 3 and on.
std::string error_of(const std::string& rest) {
  return parse_error("name: x\njoints: [a, b, c]\n" + rest);
}

class SkeletonFiles : public testing::Test {
 protected:
  static void SetUpTestSuite() { setenv("KINEGRAPH_HOME", source_dir().c_str(), 1); }
};

TEST(Skeleton, ReadsALayout) {
  const Skeleton legs = Skeleton::parse(kLegs, "legs.yaml");
  EXPECT_EQ(legs.name, "legs");
  EXPECT_EQ(legs.description, "hips and knees");
  EXPECT_EQ(join(legs.joints), "hips, left_knee, right_knee");
  EXPECT_EQ(legs.parents, (std::vector<int64_t>{Skeleton::kNoParent, 0, 0}));
  EXPECT_EQ(legs.edge_set("knees"), (std::vector<JointPair>{{1, 2}}));
  EXPECT_EQ(legs.left_right, (std::vector<JointPair>{{1, 2}}));
  EXPECT_EQ(legs.center, 0);
}

TEST(Skeleton, BonesAreTheDefaultEdges) {
  const Skeleton legs = Skeleton::parse(kLegs, "legs.yaml");
  EXPECT_EQ(legs.edge_set("default"), (std::vector<JointPair>{{1, 0}, {2, 0}}));
}

TEST(Skeleton, EdgesTakeThePlaceOfTheBones) {
  const Skeleton legs = Skeleton::parse(std::string(kLegs) + "edges: [[left_knee, hips]]", "f");
  EXPECT_EQ(legs.edge_set("default"), (std::vector<JointPair>{{1, 0}}));
  EXPECT_EQ(legs.parents, (std::vector<int64_t>{Skeleton::kNoParent, 0, 0}));
}

TEST(Skeleton, EmptyEdgesAreNotTheBones) {
  const Skeleton legs = Skeleton::parse(std::string(kLegs) + "edges: []", "f");
  EXPECT_TRUE(legs.edge_set("default").empty());
  EXPECT_EQ(Skeleton::parse(legs.to_yaml(), "dump"), legs);
}

TEST(Skeleton, WritesWhatItReads) {
  EXPECT_EQ(Skeleton::parse(kLegs, "legs.yaml").to_yaml(),
            "name: legs\n"
            "description: \"hips and knees\"\n"
            "joints: [hips, left_knee, right_knee]\n"
            "bones: [[left_knee, hips], [right_knee, hips]]\n"
            "edge_sets:\n"
            "  knees: [[left_knee, right_knee]]\n"
            "left_right: [[left_knee, right_knee]]\n"
            "center: hips\n");
}

TEST(Skeleton, WritesNamesThatYamlCouldMistake) {
  const Skeleton odd = Skeleton::parse(
      "name: 'null'\ndescription: '007'\njoints: ['012', '- a', 'b: \"c\" #', true]\n"
      "bones: [['- a', '012']]\nedge_sets: {'d: e': [['012', true]]}\ncenter: '012'\n",
      "odd.yaml");
  const Skeleton again = Skeleton::parse(odd.to_yaml(), "dump");
  EXPECT_EQ(again, odd);
  EXPECT_EQ(again.description, "007");
}

TEST(Skeleton, EqualityComparesContent) {
  const Skeleton legs = Skeleton::parse(kLegs, "legs.yaml");
  Skeleton other = legs;
  other.description = "told otherwise";
  EXPECT_EQ(other, legs);
  const auto expect_differs = [&](auto change) {
    Skeleton changed = legs;
    change(changed);
    EXPECT_NE(changed, legs);
  };
  expect_differs([](Skeleton& s) { s.name = "arms"; });
  expect_differs([](Skeleton& s) { s.joints[1] = "knee"; });
  expect_differs([](Skeleton& s) { s.parents[2] = 1; });
  expect_differs([](Skeleton& s) { s.edge_sets["knees"].clear(); });
  expect_differs([](Skeleton& s) { s.left_right.clear(); });
  expect_differs([](Skeleton& s) { s.center = 1; });
}

TEST(Skeleton, OrderOfPairsInTheFileIsNoContent) {
  const std::string joints = "name: x\njoints: [a, b, c, d]\ncenter: a\n";
  EXPECT_EQ(Skeleton::parse(joints + "bones: [[b, a], [c, a]]\nedges: [[b, a], [c, b]]\n"
                                     "left_right: [[a, b], [c, d]]",
                            "f"),
            Skeleton::parse(joints + "bones: [[c, a], [b, a]]\nedges: [[c, b], [b, a]]\n"
                                     "left_right: [[c, d], [a, b]]",
                            "g"));
}

TEST(SkeletonErrors, MissingAndUnknownKeys) {
  EXPECT_EQ(parse_error("name: x\nleftright: []"),
            "f.yaml:1:1: missing key 'joints' in the skeleton layout\n"
            "f.yaml:1:1: missing key 'bones' in the skeleton layout\n"
            "f.yaml:1:1: missing key 'center' in the skeleton layout\n"
            "f.yaml:2:1: unknown key 'leftright' in the skeleton layout; did you mean "
            "'left_right'?\n"
            "  known keys: name, description, joints, bones, edges, edge_sets, left_right, center");
}

TEST(SkeletonErrors, DuplicateKey) {
  EXPECT_EQ(error_of("bones: []\ncenter: a\ncenter: b"),
            "f.yaml:5:1: duplicate key 'center', first at f.yaml:4:1");
}

TEST(SkeletonErrors, WrongKinds) {
  EXPECT_EQ(parse_error("[a, b]"),
            "f.yaml:1:1: expected a skeleton layout, a map of name, joints, bones and center; "
            "found a list of 2");
  EXPECT_EQ(error_of("bones: 3\nedges: [[a], [b, [c]]]\ncenter: ''"),
            "f.yaml:3:8: expected a list of [joint, joint] pairs, found '3'\n"
            "f.yaml:4:9: expected [joint, joint], found a list of 1\n"
            "f.yaml:4:18: expected a name, found a list of 1\n"
            "f.yaml:5:9: expected a name, found ''");
  EXPECT_EQ(parse_error("name: x\njoints: []\nbones: []\ncenter: ''"),
            "f.yaml:4:9: expected a name, found ''\n"
            "f.yaml:2:9: 'joints' is empty; a skeleton has at least one joint");
}

TEST(SkeletonErrors, BrokenYaml) {
  EXPECT_EQ(parse_error("name: [x"), "f.yaml:1:1: not valid YAML: end of sequence flow not found");
}

TEST(SkeletonErrors, UnknownJoints) {
  EXPECT_EQ(parse_error("name: x\njoints: [hips, left_knee]\nbones: [[left_nee, hips]]\n"
                        "edges: [[hips, foot]]\nedge_sets: {far: [[hip, left_knee]]}\n"
                        "left_right: [[hips, rump]]\ncenter: spine"),
            "f.yaml:3:10: unknown joint 'left_nee' in bones; did you mean 'left_knee'?\n"
            "  joints: hips, left_knee\n"
            "f.yaml:4:16: unknown joint 'foot' in edges\n"
            "  joints: hips, left_knee\n"
            "f.yaml:5:20: unknown joint 'hip' in edge_sets.far; did you mean 'hips'?\n"
            "  joints: hips, left_knee\n"
            "f.yaml:6:21: unknown joint 'rump' in left_right\n"
            "  joints: hips, left_knee\n"
            "f.yaml:7:9: unknown joint 'spine' in center\n"
            "  joints: hips, left_knee");
}

TEST(SkeletonErrors, DuplicateJoint) {
  EXPECT_EQ(parse_error("name: x\njoints: [a, b, a]\nbones: []\ncenter: a"),
            "f.yaml:2:16: duplicate joint 'a', first at f.yaml:2:10");
}

TEST(SkeletonErrors, BoneCycle) {
  EXPECT_EQ(error_of("bones: [[a, b], [b, c], [c, a]]\ncenter: a"),
            "f.yaml:3:25: the bone [c, a] closes the cycle c -> a -> b -> c; a chain of parents "
            "must end at a joint without a parent");
}

TEST(SkeletonErrors, TwoParents) {
  EXPECT_EQ(error_of("bones: [[a, b], [a, c]]\ncenter: a"),
            "f.yaml:3:17: 'a' has the parent 'b' already, given at f.yaml:3:9; a bone leads from a "
            "child to its only parent");
}

TEST(SkeletonErrors, PairOfOneJoint) {
  EXPECT_EQ(error_of("bones: [[a, a]]\nedges: [[b, b]]\nleft_right: [[c, c]]\ncenter: a"),
            "f.yaml:3:9: [a, a] in bones joins a joint to itself; leave it out\n"
            "f.yaml:4:9: [b, b] in edges joins a joint to itself; leave it out\n"
            "f.yaml:5:14: [c, c] in left_right joins a joint to itself; leave it out");
}

TEST(SkeletonErrors, DuplicateEdges) {
  EXPECT_EQ(error_of("bones: []\nedges: [[a, b], [b, a]]\n"
                     "edge_sets: {s: [[b, c], [b, c]]}\ncenter: a"),
            "f.yaml:4:17: duplicate edge [b, a] in edges, first at f.yaml:4:9\n"
            "f.yaml:5:25: duplicate edge [b, c] in edge_sets.s, first at f.yaml:5:17");
}

TEST(SkeletonErrors, JointInTwoMirroredPairs) {
  EXPECT_EQ(error_of("bones: []\nleft_right: [[a, b], [c, a]]\ncenter: a"),
            "f.yaml:4:26: 'a' is in a left_right pair already, at f.yaml:4:15");
}

TEST(SkeletonErrors, ReservedEdgeSetName) {
  EXPECT_EQ(error_of("bones: []\nedge_sets: {default: []}\ncenter: a"),
            "f.yaml:4:12: 'default' is the edge set that 'edges' gives; choose another name");
}

TEST(SkeletonErrors, TooManyJoints) {
  std::string joints;
  for (int i = 0; i < 5000; ++i) joints += "j" + std::to_string(i) + ", ";
  EXPECT_EQ(parse_error("name: x\njoints: [" + joints + "]\nbones: []\ncenter: j0\n"),
            "f.yaml:1:1: 5000 joints; expected at most 4096");
}

TEST(SkeletonErrors, OfALongListAreNotAllTold) {
  std::string bones;
  for (int i = 0; i < 30000; ++i) bones += "[x" + std::to_string(i) + ", y], ";
  const std::string message = error_of("bones: [" + bones + "]\ncenter: a\n");
  EXPECT_LT(message.size(), 20000u);
  EXPECT_NE(message.find("\nand perhaps more"), std::string::npos);
}

TEST(SkeletonErrors, UnknownEdgeSet) {
  const Skeleton legs = Skeleton::parse(kLegs, "legs.yaml");
  EXPECT_EQ(thrown_message<ConfigError>([&] { legs.edge_set("knee"); }),
            "skeleton 'legs': no edge set 'knee'; did you mean 'knees'?; expected one of: default, "
            "knees");
}

TEST(Skeleton, FindsAJointByName) {
  const Skeleton legs = Skeleton::parse(kLegs, "legs.yaml");
  EXPECT_EQ(legs.joint_index("right_knee"), 2);
  EXPECT_EQ(thrown_message<ConfigError>([&] { legs.joint_index("right_nee"); }),
            "skeleton 'legs': no joint 'right_nee'; did you mean 'right_knee'?; expected one of: "
            "hips, left_knee, right_knee");
}

TEST_F(SkeletonFiles, UnknownNameGetsTheNearOne) {
  EXPECT_EQ(thrown_message<ConfigError>([] { Skeleton::load("coco71"); }),
            "skeleton 'coco71': no such layout; did you mean 'coco17'?; expected one of: "
            "blazepose33, body25, coco17, hand21, kinect20, ntu25, openpose18\n"
            "  A layout of your own is given by its path, such as ./mine.yaml.");
}

TEST_F(SkeletonFiles, LoadsAPath) {
  const TempDir folder;
  const auto path = folder.write("legs.yaml", kLegs);
  EXPECT_EQ(Skeleton::load(path.string()), Skeleton::parse(kLegs, "legs.yaml"));
  EXPECT_EQ(thrown_message<DataError>([] { Skeleton::load("none/there.yaml"); }),
            "none/there.yaml: cannot open it: No such file or directory\n"
            "  Check the path, the permissions and the free space.");
  EXPECT_EQ(thrown_message<DataError>([] { Skeleton::load("absent.yaml"); }),
            "absent.yaml: cannot open it: No such file or directory\n"
            "  Check the path, the permissions and the free space.");
  folder.write("bad.yaml", "- a");
  EXPECT_EQ(thrown_message<ConfigError>([&] { Skeleton::load((folder / "bad.yaml").string()); }),
            (folder / "bad.yaml").string() +
                ":1:1: expected a skeleton layout, a map of name, joints, bones and center; found "
                "a list of 1");
}

TEST_F(SkeletonFiles, ShippedLayoutsAreComplete) {
  const std::map<std::string, std::pair<int64_t, size_t>> kJointsAndPairs{
      {"blazepose33", {33, 16}}, {"body25", {25, 11}}, {"coco17", {17, 8}},    {"hand21", {21, 0}},
      {"kinect20", {20, 8}},     {"ntu25", {25, 10}},  {"openpose18", {18, 8}}};
  const auto names = Skeleton::shipped_names();
  ASSERT_EQ(names.size(), kJointsAndPairs.size());
  for (const auto& name : names) {
    SCOPED_TRACE(name);
    const Skeleton skeleton = Skeleton::load(name);
    EXPECT_EQ(skeleton.name, name);
    EXPECT_FALSE(skeleton.description.empty());
    EXPECT_EQ(skeleton.joint_count(), kJointsAndPairs.at(name).first);
    EXPECT_EQ(skeleton.left_right.size(), kJointsAndPairs.at(name).second);
    const auto& parents = skeleton.parents;
    EXPECT_EQ(std::count(parents.begin(), parents.end(), Skeleton::kNoParent), 1);
    EXPECT_EQ(Skeleton::parse(skeleton.to_yaml(), "dump"), skeleton);
  }
}

TEST_F(SkeletonFiles, MirroredJointsBearTheirSidesInTheirNames) {
  for (const auto& name : Skeleton::shipped_names()) {
    const Skeleton skeleton = Skeleton::load(name);
    std::set<std::string> mirrored;
    for (const auto& [left, right] : skeleton.left_right) {
      std::string mirror = skeleton.joints[static_cast<size_t>(left)];
      mirrored.insert(mirror);
      mirror.replace(mirror.find("left"), 4, "right");
      EXPECT_EQ(skeleton.joints[static_cast<size_t>(right)], mirror);
    }
    for (const auto& joint : skeleton.joints)
      EXPECT_EQ(joint.find("left") != std::string::npos, mirrored.count(joint) > 0) << joint;
  }
}

TEST_F(SkeletonFiles, BonesAreSymmetric) {
  for (const auto& name : Skeleton::shipped_names()) {
    const Skeleton skeleton = Skeleton::load(name);
    std::vector<int64_t> mirror(skeleton.joints.size());
    for (size_t v = 0; v < mirror.size(); ++v) mirror[v] = static_cast<int64_t>(v);
    for (const auto& [left, right] : skeleton.left_right)
      std::swap(mirror[static_cast<size_t>(left)], mirror[static_cast<size_t>(right)]);
    for (size_t v = 0; v < mirror.size(); ++v) {
      const int64_t parent = skeleton.parents[v];
      const int64_t expected = parent < 0 ? parent : mirror[static_cast<size_t>(parent)];
      EXPECT_EQ(skeleton.parents[static_cast<size_t>(mirror[v])], expected)
          << name << " " << skeleton.joints[v];
    }
  }
}

}  // namespace
}  // namespace kinegraph
