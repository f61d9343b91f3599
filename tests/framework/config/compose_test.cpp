#include "framework/config/compose.h"

#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/config_text.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

/// `over` merged onto `base`, dumped; faults are expected in `faults`.
std::string merged(const std::string& base, const std::string& over,
                   const std::string& faults = "") {
  Node root = tree_of(base);
  Diagnostics diagnostics;
  merge(root, tree_of(over), diagnostics);
  EXPECT_EQ(messages_of(diagnostics), faults);
  return dump_yaml(root);
}

// Maps, lists and scalars.

TEST(Merge, GoesIntoMaps) {
  EXPECT_EQ(merged("a: {b: 1, c: {d: 2, e: 3}}", "a: {c: {d: 4}, f: 5}"),
            "a:\n  b: 1\n  c:\n    d: 4\n    e: 3\n  f: 5\n");
}

TEST(Merge, ReplacesScalars) { EXPECT_EQ(merged("a: 1\nb: 2", "a: x"), "a: x\nb: 2\n"); }

TEST(Merge, ReplacesLists) { EXPECT_EQ(merged("a: [1, 2, 3]", "a: [4]"), "a: [4]\n"); }

TEST(Merge, ReplacesAMapByAScalar) { EXPECT_EQ(merged("a: {b: 1}", "a: x"), "a: x\n"); }

TEST(Merge, ReplacesAScalarByAMap) { EXPECT_EQ(merged("a: x", "a: {b: 1}"), "a:\n  b: 1\n"); }

TEST(Merge, TakesTheLocationOfTheUpperValue) {
  Node root = tree_of("a: 1\nb: 2");
  Diagnostics diagnostics;
  merge(root, parse_yaml("\nb: 3", "over.yaml", diagnostics), diagnostics);
  EXPECT_EQ(root.find("a")->location.text(), "c.yaml:1:4");
  EXPECT_EQ(root.find("b")->location.text(), "over.yaml:2:4");
}

TEST(Merge, ReplacesTheWholeMapWhenTheTypeChanges) {
  EXPECT_EQ(merged("optimizer: {type: sgd, lr: 0.1, nesterov: true}",
                   "optimizer: {type: adamw, weight_decay: 0.01}"),
            "optimizer:\n  type: adamw\n  weight_decay: 0.01\n");
}

TEST(Merge, GoesIntoAMapOfTheSameType) {
  EXPECT_EQ(merged("optimizer: {type: sgd, nesterov: true}", "optimizer: {type: sgd, lr: 1}"),
            "optimizer:\n  type: sgd\n  nesterov: true\n  lr: 1\n");
}

TEST(Merge, AddsATypeToAMapWithoutOne) {
  EXPECT_EQ(merged("a: {b: 1}", "a: {type: x}"), "a:\n  b: 1\n  type: x\n");
}

TEST(Merge, KeepsTheMapForATypeThatIsNotText) {
  EXPECT_EQ(merged("a: {type: x, b: 1}", "a: {type: [y]}"), "a:\n  type: [y]\n  b: 1\n");
}

TEST(Merge, ReplacesTheMapWhenItsTypeWasNotText) {
  EXPECT_EQ(merged("a: {type: [x], b: 1}", "a: {type: y}"), "a:\n  type: y\n");
}

TEST(Merge, DeletesByNull) { EXPECT_EQ(merged("a: {b: 1, c: 2}", "a: {b: null}"), "a:\n  c: 2\n"); }

TEST(Merge, ForgetsANullThatMetNothing) {
  EXPECT_EQ(merged("a: 1", "b: null\nc: {d: null, e: {f: null, g: 1}}"),
            "a: 1\nc:\n  e:\n    g: 1\n");
}

TEST(Merge, ForgetsNullsOfAMapOfAnotherType) {
  EXPECT_EQ(merged("a: {type: x, b: 1}", "a: {type: y, b: null}"), "a:\n  type: y\n");
}

// Lists of steps.

constexpr const char* kSteps =
    "- {type: uniform_sample, length: 100}\n- {type: to_bone, name: bone}\n- format\n";

TEST(MergeSteps, PatchesByType) {
  EXPECT_EQ(merged(kSteps, "uniform_sample: {length: 64}"),
            "- type: uniform_sample\n  length: 64\n- type: to_bone\n  name: bone\n- format\n");
}

TEST(MergeSteps, PatchesByName) {
  EXPECT_EQ(merged(kSteps, "bone: {pairs: ntu}"),
            "- type: uniform_sample\n  length: 100\n- type: to_bone\n  name: bone\n"
            "  pairs: ntu\n- format\n");
}

TEST(MergeSteps, DoesNotFindANamedStepByItsType) {
  EXPECT_EQ(merged("- {type: to_bone, name: bone}", "to_bone: {pairs: ntu}",
                   "c.yaml:1:1: no step 'to_bone' in the list\n  steps: bone\n"
                   "  a new step needs 'before:' or 'after:' one of these"),
            "- type: to_bone\n  name: bone\n");
}

TEST(MergeSteps, PatchesAStepOfPlainText) {
  EXPECT_EQ(merged(kSteps, "format: {persons: 2}"),
            "- type: uniform_sample\n  length: 100\n- type: to_bone\n  name: bone\n"
            "- type: format\n  persons: 2\n");
}

TEST(MergeSteps, RemovesByNull) {
  EXPECT_EQ(merged(kSteps, "bone: null\nformat: null"), "- type: uniform_sample\n  length: 100\n");
}

TEST(MergeSteps, ReplacesAStepWhoseTypeChanges) {
  EXPECT_EQ(merged(kSteps, "uniform_sample: {type: dense_sample, stride: 2}\nbone: null"),
            "- type: dense_sample\n  stride: 2\n- format\n");
}

TEST(MergeSteps, KeepsTheNameOfAStepWhoseTypeChanges) {
  EXPECT_EQ(merged("- {type: to_bone, name: stream}", "stream: {type: to_motion}"),
            "- type: to_motion\n  name: stream\n");
}

TEST(MergeSteps, ReplacesAStepByPlainText) { EXPECT_EQ(merged("[a, b]", "a: c"), "[c, b]\n"); }

TEST(MergeSteps, InsertsBefore) {
  EXPECT_EQ(merged("[a, b]", "flip: {before: b, p: 0.5}"), "- a\n- p: 0.5\n  type: flip\n- b\n");
}

TEST(MergeSteps, InsertsAfter) {
  EXPECT_EQ(merged("[a, b]", "flip: {after: b}"), "- a\n- b\n- type: flip\n");
}

TEST(MergeSteps, NamesAnInsertedStepThatGivesItsType) {
  EXPECT_EQ(merged("[a]", "second: {after: a, type: flip}"), "- a\n- type: flip\n  name: second\n");
}

TEST(MergeSteps, InsertsBesideAStepInsertedBefore) {
  EXPECT_EQ(merged("[a]", "b: {after: a}\nc: {before: b}"), "- a\n- type: c\n- type: b\n");
}

TEST(MergeSteps, ForgetsNullsOfAnInsertedStep) {
  EXPECT_EQ(merged("[a]", "b: {after: a, p: null}"), "- a\n- type: b\n");
}

TEST(MergeSteps, ReportsAnUnknownStep) {
  EXPECT_EQ(merged("[pre_normalize, to_bone]", "\nto_bne: {pairs: ntu}",
                   "c.yaml:2:1: no step 'to_bne' in the list; did you mean 'to_bone'?\n"
                   "  steps: pre_normalize, to_bone\n"
                   "  a new step needs 'before:' or 'after:' one of these"),
            "[pre_normalize, to_bone]\n");
}

TEST(MergeSteps, ReportsTheRemovalOfAnUnknownStep) {
  EXPECT_EQ(merged("[a, b]", "zoom: null",
                   "c.yaml:1:1: no step 'zoom' in the list\n  steps: a, b\n"
                   "  a new step needs 'before:' or 'after:' one of these"),
            "[a, b]\n");
}

TEST(MergeSteps, ReportsBothBeforeAndAfter) {
  EXPECT_EQ(merged("[a, b]", "zoom: {before: b, after: a}",
                   "c.yaml:1:1: no step 'zoom' in the list\n  steps: a, b\n"
                   "  a new step needs 'before:' or 'after:' one of these"),
            "[a, b]\n");
}

TEST(MergeSteps, ReportsAnUnknownAnchor) {
  EXPECT_EQ(merged("[a, b]", "zoom: {before: c}",
                   "c.yaml:1:1: no step 'c' to put 'zoom' before; steps: a, b"),
            "[a, b]\n");
}

// Bases.

class Bases : public testing::Test {
 protected:
  std::string file(const std::string& name) const { return (dir_ / name).string(); }

  std::string loaded(const std::string& name, const std::string& faults = "") const {
    Diagnostics diagnostics;
    const Node root = load_with_bases(dir_ / name, diagnostics);
    EXPECT_EQ(messages_of(diagnostics), faults);
    return dump_yaml(root);
  }

  std::string error(const std::string& name) const {
    Diagnostics diagnostics;
    return thrown_message<ConfigError>([&] { load_with_bases(dir_ / name, diagnostics); });
  }

  TempDir dir_;
};

TEST_F(Bases, AreNotNeeded) {
  dir_.write("c.yaml", "a: 1\n");
  EXPECT_EQ(loaded("c.yaml"), "a: 1\n");
}

TEST_F(Bases, ComeBeforeOwnKeys) {
  dir_.write("base.yaml", "a: 1\nb: 2\n");
  dir_.write("c.yaml", "b: 3\nbase: base.yaml\n");
  EXPECT_EQ(loaded("c.yaml"), "a: 1\nb: 3\n");
}

TEST_F(Bases, MergeInTheOrderOfTheList) {
  dir_.write("x.yaml", "a: x\nb: x\n");
  dir_.write("y.yaml", "b: y\n");
  dir_.write("c.yaml", "base: [x.yaml, y.yaml]\n");
  dir_.write("d.yaml", "base: [y.yaml, x.yaml]\n");
  EXPECT_EQ(loaded("c.yaml"), "a: x\nb: y\n");
  EXPECT_EQ(loaded("d.yaml"), "b: x\na: x\n");
}

TEST_F(Bases, NestRelativeToTheIncludingFile) {
  dir_.write("base/deep/data.yaml", "a: 1\n");
  dir_.write("base/recipe.yaml", "base: deep/data.yaml\nb: 2\n");
  dir_.write("stgcn/c.yaml", "base: ../base/recipe.yaml\nc: 3\n");
  EXPECT_EQ(loaded("stgcn/c.yaml"), "a: 1\nb: 2\nc: 3\n");
}

TEST_F(Bases, KeepTheLocationsOfTheirFiles) {
  dir_.write("base/b.yaml", "\na: 1\n");
  dir_.write("c/c.yaml", "base: ../base/b.yaml\n");
  Diagnostics diagnostics;
  const Node root = load_with_bases(dir_ / "c/c.yaml", diagnostics);
  EXPECT_EQ(root.find("a")->location.text(), file("base/b.yaml") + ":2:4");
}

TEST_F(Bases, MayBeSharedByTwoBases) {
  dir_.write("root.yaml", "a: 1\n");
  dir_.write("x.yaml", "base: root.yaml\n");
  dir_.write("y.yaml", "base: root.yaml\n");
  dir_.write("c.yaml", "base: [x.yaml, y.yaml]\n");
  EXPECT_EQ(loaded("c.yaml"), "a: 1\n");
}

TEST_F(Bases, LoseWhatNullDeletes) {
  dir_.write("base.yaml", "a: {b: 1, c: 2}\nd: 3\n");
  dir_.write("c.yaml", "base: base.yaml\na: {b: null}\nd: null\n");
  EXPECT_EQ(loaded("c.yaml"), "a:\n  c: 2\n");
}

TEST_F(Bases, HavePipelinesThatCanBePatched) {
  dir_.write("base.yaml", "train: {pipeline: [pre_normalize, {type: crop, p: 1}]}\n");
  dir_.write("c.yaml", "base: base.yaml\ntrain: {pipeline: {crop: {p: 2}, pre_normalize: null}}\n");
  EXPECT_EQ(loaded("c.yaml"), "train:\n  pipeline:\n    - type: crop\n      p: 2\n");
}

TEST_F(Bases, ReportACycle) {
  dir_.write("a.yaml", "base: b.yaml\n");
  dir_.write("b.yaml", "base: a.yaml\n");
  EXPECT_EQ(error("a.yaml"),
            file("a.yaml") + ": 'base' files form a cycle: a.yaml -> b.yaml -> a.yaml");
}

TEST_F(Bases, ReportAFileThatIsItsOwnBase) {
  dir_.write("a.yaml", "base: ./a.yaml\n");
  EXPECT_EQ(error("a.yaml"), file("a.yaml") + ": 'base' files form a cycle: a.yaml -> a.yaml");
}

TEST_F(Bases, LocateAMissingFile) {
  dir_.write("c/c.yaml", "a: 1\nbase: [../base/nope.yaml]\n");
  EXPECT_EQ(loaded("c/c.yaml", file("c/c.yaml") + ":2:8: no file '" + file("base/nope.yaml") +
                                   "'; 'base' is relative to this file"),
            "a: 1\n");
}

TEST_F(Bases, LocateAllMissingFiles) {
  dir_.write("c.yaml", "base:\n  - x.yaml\n  - y.yaml\n");
  EXPECT_EQ(loaded("c.yaml", file("c.yaml") + ":2:5: no file '" + file("x.yaml") +
                                 "'; 'base' is relative to this file\n" + file("c.yaml") +
                                 ":3:5: no file '" + file("y.yaml") +
                                 "'; 'base' is relative to this file"),
            "{}\n");
}

TEST_F(Bases, MustBeNames) {
  dir_.write("c.yaml", "base: {a: 1}\n");
  EXPECT_EQ(
      loaded("c.yaml", file("c.yaml") + ":1:7: 'base' must be a file name or a list of file names"),
      "{}\n");
}

TEST_F(Bases, MustBeMaps) {
  dir_.write("base.yaml", "\n[1, 2]\n");
  dir_.write("c.yaml", "base: base.yaml\n");
  EXPECT_EQ(error("c.yaml"), file("base.yaml") + ":2:1: a config must be a map");
}

TEST_F(Bases, OfAMissingConfigAreNotLookedFor) {
  EXPECT_EQ(error("c.yaml"),
            file("c.yaml") +
                ": no such config file\n"
                "  Shipped configs lie under configs/; see `kinegraph train --help`.");
}

// --set.

std::string overridden(const std::string& base, const std::string& assignment,
                       const std::string& faults = "") {
  Node root = tree_of(base);
  Diagnostics diagnostics;
  apply_override(root, assignment, diagnostics);
  EXPECT_EQ(messages_of(diagnostics), faults);
  return dump_yaml(root);
}

std::string override_error(const std::string& base, const std::string& assignment) {
  Node root = tree_of(base);
  Diagnostics diagnostics;
  return thrown_message<ConfigError>([&] { apply_override(root, assignment, diagnostics); });
}

TEST(Override, ReplacesAValue) {
  EXPECT_EQ(overridden("a: {b: 1, c: 2}", "a.b=3"), "a:\n  b: 3\n  c: 2\n");
}

TEST(Override, CreatesMaps) { EXPECT_EQ(overridden("{}", "a.b.c=1"), "a:\n  b:\n    c: 1\n"); }

TEST(Override, CreatesMapsBelowAnEmptyConfig) {
  EXPECT_EQ(overridden("", "a.b=1"), "a:\n  b: 1\n");
}

TEST(Override, CreatesMapsInPlaceOfNull) {
  EXPECT_EQ(overridden("a: null", "a.b.c=1"), "a:\n  b:\n    c: 1\n");
}

TEST(Override, ReadsValuesAsYaml) {
  EXPECT_EQ(overridden("{}", "a=['x', 1, true]"), "a: [\"x\", 1, true]\n");
  EXPECT_EQ(overridden("{}", "a={b: 1}"), "a:\n  b: 1\n");
  EXPECT_EQ(overridden("{}", "a='1'"), "a: \"1\"\n");
}

TEST(Override, EndsTheKeyAtTheFirstEqualsSign) {
  EXPECT_EQ(overridden("{}", "a.b=c=d.e"), "a:\n  b: c=d.e\n");
}

TEST(Override, DeletesByNull) {
  EXPECT_EQ(overridden("a: {b: 1, c: 2}", "a.b=null"), "a:\n  c: 2\n");
}

TEST(Override, MergesMaps) {
  EXPECT_EQ(overridden("a: {b: 1, c: 2}", "a={b: 3}"), "a:\n  b: 3\n  c: 2\n");
}

TEST(Override, OfATypeReplacesTheMap) {
  EXPECT_EQ(overridden("optimizer: {type: sgd, nesterov: true}", "optimizer.type=adamw"),
            "optimizer:\n  type: adamw\n");
}

TEST(Override, IsTheLocationOfItsValues) {
  Node root = tree_of("a: {b: 1}");
  Diagnostics diagnostics;
  apply_override(root, "a.b=[1, {c: 2}]", diagnostics);
  const Node& list = *root.find("a")->find("b");
  EXPECT_EQ(list.location.text(), "--set a.b=[1, {c: 2}]");
  EXPECT_EQ(list.items[1].entries[0].key_location.text(), "--set a.b=[1, {c: 2}]");
  EXPECT_EQ(list.items[1].entries[0].value.location.text(), "--set a.b=[1, {c: 2}]");
}

TEST(Override, GoesIntoAStepByType) {
  EXPECT_EQ(overridden("p: [{type: a}, {type: b, x: 1}]", "p.b.x=2"),
            "p:\n  - type: a\n  - type: b\n    x: 2\n");
}

TEST(Override, GoesIntoAStepByName) {
  EXPECT_EQ(overridden("p: [{type: b, name: one}, {type: b, name: two}]", "p.two.x=2"),
            "p:\n  - type: b\n    name: one\n  - type: b\n    name: two\n    x: 2\n");
}

TEST(Override, GoesIntoAStepByPosition) {
  EXPECT_EQ(overridden("p: [{type: a}, {type: b, x: 1}]", "p.1.x=2"),
            "p:\n  - type: a\n  - type: b\n    x: 2\n");
}

TEST(Override, GoesIntoAStepOfPlainText) {
  EXPECT_EQ(overridden("p: [a, b]", "p.b.x=2"), "p:\n  - a\n  - type: b\n    x: 2\n");
}

TEST(Override, GoesIntoListsOfLists) {
  EXPECT_EQ(overridden("a: [[1, 2], [3, 4]]", "a.1.0=5"), "a: [[1, 2], [5, 4]]\n");
}

TEST(Override, ReplacesAListItemByPosition) {
  EXPECT_EQ(overridden("betas: [0.9, 0.999]", "betas.1=0.98"), "betas: [0.9, 0.98]\n");
}

TEST(Override, CountsPositionsEvenWhenAnItemReadsAsTheNumber) {
  EXPECT_EQ(overridden("a: [1, 0]", "a.0=5"), "a: [5, 0]\n");
}

TEST(Override, RemovesAListItemByPosition) {
  EXPECT_EQ(overridden("a: [1, 2, 3]", "a.1=null"), "a: [1, 3]\n");
}

TEST(Override, RemovesAStepByName) { EXPECT_EQ(overridden("p: [a, b]", "p.a=null"), "p: [b]\n"); }

TEST(Override, MergesAMapIntoAStepByPosition) {
  EXPECT_EQ(overridden("p: [{type: a, x: 1, y: 2}]", "p.0={y: 3}"),
            "p:\n  - type: a\n    x: 1\n    y: 3\n");
}

TEST(Override, InsertsAStep) {
  EXPECT_EQ(overridden("p: [a, b]", "p.c={after: a}"), "p:\n  - a\n  - type: c\n  - b\n");
}

TEST(Override, PatchesAListByAMap) {
  EXPECT_EQ(overridden("p: [a, b]", "p={a: null}"), "p: [b]\n");
}

TEST(Override, ReportsAnUnknownStep) {
  EXPECT_EQ(override_error("p: [a, b]", "p.c.x=1"),
            "--set p.c.x=1: no step 'c' in the list; steps: a, b");
}

TEST(Override, ReportsAnUnknownStepAtTheEnd) {
  EXPECT_EQ(override_error("p: [a, b]", "p.c=null"),
            "--set p.c=null: no step 'c' in the list; steps: a, b");
}

TEST(Override, ReportsAPositionBehindTheEnd) {
  EXPECT_EQ(override_error("a: [x, y]", "a.2=1"),
            "--set a.2=1: no step '2' in the list; steps: x, y");
}

TEST(Override, DoesNotTakeANameThatStartsWithADigitForAPosition) {
  EXPECT_EQ(override_error("p: [{type: a}, {type: b}]", "p.1b.x=1"),
            "--set p.1b.x=1: no step '1b' in the list; steps: a, b");
}

TEST(Override, ReportsAValueOnItsWay) {
  EXPECT_EQ(override_error("a: {b: 1}", "a.b.c.d=2"),
            "--set a.b.c.d=2: 'b' is not a map, so it has no 'c'");
}

TEST(Override, ReportsAValueInPlaceOfTheLastMap) {
  EXPECT_EQ(override_error("a: {b: 1}", "a.b.c=2"),
            "--set a.b.c=2: 'b' is not a map, so it has no 'c'");
}

TEST(Override, ReportsALeadingZero) {
  EXPECT_EQ(overridden("{}", "a=012",
                       "--set a=012:1:1: '012' reads as octal in some programs; write it without "
                       "the leading zero, or quoted if it is text"),
            "a: \"012\"\n");
}

TEST(Override, ReportsBrokenYaml) {
  EXPECT_EQ(override_error("{}", "a=}"), "--set a=}:1:1: not valid YAML: illegal flow end");
}

class MalformedOverride : public testing::TestWithParam<const char*> {};

TEST_P(MalformedOverride, IsReported) {
  EXPECT_EQ(override_error("a: 1", GetParam()),
            std::string("--set ") + GetParam() + ": expected key=value, such as train.epochs=30");
}

INSTANTIATE_TEST_SUITE_P(Forms, MalformedOverride,
                         testing::Values("", "a", "=1", "=", ".=1", "a.=1", ".a=1", "a..b=1"));

// Streams.

constexpr const char* kStreams =
    "p: [a, b]\nx: 1\nstreams: {joint: {}, bone: {x: 2, p: {a: {on: true}}}}\n";

std::string x_and_p_of(const Node& root) {
  Node part = Node::make_map({});
  for (const char* key : {"x", "p"})
    if (const Node* value = root.find(key)) part.set(key, *value);
  return dump_yaml(part);
}

std::string streamed(const std::string& base, const std::string& stream) {
  Node root = tree_of(base);
  Diagnostics diagnostics;
  apply_stream(root, stream, diagnostics);
  EXPECT_EQ(messages_of(diagnostics), "");
  return x_and_p_of(root);
}

TEST(Stream, AppliesItsOverrides) {
  EXPECT_EQ(streamed(kStreams, "bone"), "x: 2\np:\n  - type: a\n    on: true\n  - b\n");
}

TEST(Stream, WithoutOverridesChangesNothing) {
  EXPECT_EQ(streamed(kStreams, "joint"), "x: 1\np: [a, b]\n");
}

TEST(Stream, WithoutANameChangesNothing) { EXPECT_EQ(streamed(kStreams, ""), "x: 1\np: [a, b]\n"); }

TEST(Stream, ReportsAnUnknownName) {
  Node root = tree_of(kStreams);
  Diagnostics diagnostics;
  EXPECT_EQ(thrown_message<ConfigError>([&] { apply_stream(root, "bnoe", diagnostics); }),
            "no stream 'bnoe' in this config; did you mean 'bone'?\n  its streams: joint, bone");
}

TEST(Stream, ReportsANameInAConfigWithoutStreams) {
  Node root = tree_of("a: 1");
  Diagnostics diagnostics;
  EXPECT_EQ(thrown_message<ConfigError>([&] { apply_stream(root, "bone", diagnostics); }),
            "no stream 'bone' in this config\n  its streams: none");
}

TEST(Stream, ReportsOverridesThatAreNoMap) {
  Node root = tree_of("streams:\n  bone: 5\n");
  Diagnostics diagnostics;
  apply_stream(root, "bone", diagnostics);
  EXPECT_EQ(messages_of(diagnostics),
            "c.yaml:2:9: expected a map (overrides of stream 'bone'), found '5'");
}

/// Streams of files, whose nulls must live until the stream is chosen.
class StreamOfFile : public Bases {
 protected:
  std::string streamed(const std::string& name, const std::string& stream) const {
    Diagnostics diagnostics;
    Node root = load_with_bases(dir_ / name, diagnostics);
    apply_stream(root, stream, diagnostics);
    EXPECT_EQ(messages_of(diagnostics), "");
    return x_and_p_of(root);
  }
};

TEST_F(StreamOfFile, DeletesByNull) {
  dir_.write("c.yaml", "x: 1\np: [a, b]\nstreams: {bone: {x: null, p: {a: null}}}\n");
  EXPECT_EQ(streamed("c.yaml", "bone"), "p: [b]\n");
}

TEST_F(StreamOfFile, MayBeANameAlone) {
  dir_.write("c.yaml", "x: 1\nstreams:\n  joint:\n  bone: {x: 2}\n");
  EXPECT_EQ(streamed("c.yaml", "joint"), "x: 1\n");
}

TEST_F(StreamOfFile, DeletesByNullFromABase) {
  dir_.write("base.yaml", "streams: {bone: {x: null}}\n");
  dir_.write("c.yaml", "base: base.yaml\nx: 1\np: [a]\n");
  EXPECT_EQ(streamed("c.yaml", "bone"), "p: [a]\n");
}

TEST_F(StreamOfFile, MergesWithTheStreamOfABase) {
  dir_.write("base.yaml", "x: 1\np: [a, b]\nstreams: {bone: {x: 2, p: {a: null}}}\n");
  dir_.write("c.yaml", "base: base.yaml\nstreams: {bone: {x: null}, joint: {x: 5}}\n");
  EXPECT_EQ(streamed("c.yaml", "bone"), "p: [b]\n");
  EXPECT_EQ(streamed("c.yaml", "joint"), "x: 5\np: [a, b]\n");
}

TEST_F(StreamOfFile, GoesWhenStreamsAreDeleted) {
  dir_.write("base.yaml", "a: 1\nstreams: {bone: {x: 2}}\n");
  dir_.write("c.yaml", "base: base.yaml\nstreams: null\n");
  EXPECT_EQ(loaded("c.yaml"), "a: 1\n");
}

// Splits.

constexpr const char* kSplits =
    "split: xsub\nx: 1\np: [a, b]\nsplits: {xsub: {}, xview: {x: 2, p: {a: null}}}\n";

/// What is left of `text` when its split has been applied.
std::string with_split(const std::string& text, const std::string& assignment = "") {
  Node root = tree_of(text);
  Diagnostics diagnostics;
  if (!assignment.empty()) apply_override(root, assignment, diagnostics);
  apply_split(root, diagnostics);
  EXPECT_EQ(messages_of(diagnostics), "");
  return dump_yaml(root);
}

TEST(Split, IsTheOneTheConfigNames) { EXPECT_EQ(with_split(kSplits), "x: 1\np: [a, b]\n"); }

TEST(Split, CanBeChosenByAnOverride) {
  EXPECT_EQ(with_split(kSplits, "split=xview"), "x: 2\np: [b]\n");
}

TEST(Split, LeavesAConfigWithoutSplitsAlone) { EXPECT_EQ(with_split("x: 1"), "x: 1\n"); }

TEST(Split, ReportsAnUnknownNameWithItsPlace) {
  Node root = tree_of("split: xveiw\nsplits: {xsub: {}, xview: {}}\n");
  Diagnostics diagnostics;
  EXPECT_EQ(thrown_message<ConfigError>([&] { apply_split(root, diagnostics); }),
            "c.yaml:1:8: no split 'xveiw' in this config; did you mean 'xview'?\n"
            "  its splits: xsub, xview");
}

TEST(Split, ReportsANameThatIsNone) {
  Node root = tree_of("split: [xsub]\nsplits: {xsub: {}}\n");
  Diagnostics diagnostics;
  apply_split(root, diagnostics);
  EXPECT_EQ(messages_of(diagnostics),
            "c.yaml:1:8: expected the name of one of 'splits', found a list of 1");
}

using SplitOfFile = Bases;

TEST_F(SplitOfFile, KeepsItsNullsThroughBases) {
  dir_.write("base.yaml", "split: xsub\nx: 1\nsplits: {xsub: {}, xview: {x: null}}\n");
  dir_.write("c.yaml", "base: base.yaml\nsplit: xview\nsplits: {xview: {y: 3}}\n");
  Diagnostics diagnostics;
  Node root = load_with_bases(dir_ / "c.yaml", diagnostics);
  apply_split(root, diagnostics);
  EXPECT_EQ(messages_of(diagnostics), "");
  EXPECT_EQ(dump_yaml(root), "y: 3\n");
}

}  // namespace
}  // namespace kinegraph
