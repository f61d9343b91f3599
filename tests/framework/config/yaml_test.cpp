#include "framework/config/yaml.h"

#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/config_text.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

/// The messages of a text that parses but has faults.
std::string faults_of(const std::string& text) {
  Diagnostics diagnostics;
  parse_yaml(text, "c.yaml", diagnostics);
  return messages_of(diagnostics);
}

std::string syntax_error_of(const std::string& text) {
  Diagnostics diagnostics;
  return thrown_message<ConfigError>([&] { parse_yaml(text, "c.yaml", diagnostics); });
}

/// Kinds, texts, quotes and key order as one text; without locations.
std::string shape(const Node& node) {
  std::string text;
  switch (node.kind) {
    case Node::Kind::kNull:
      return "null";
    case Node::Kind::kScalar:
      return (node.is_quoted ? "q<" : "<") + node.scalar + ">";
    case Node::Kind::kList:
      for (const auto& item : node.items) text += shape(item) + " ";
      return "[" + text + "]";
    case Node::Kind::kMap:
      for (const auto& entry : node.entries) text += entry.key + "=" + shape(entry.value) + " ";
      return "{" + text + "}";
  }
  return "";
}

// Parsing.

TEST(ParseYaml, KeepsKindsTextsAndKeyOrder) {
  EXPECT_EQ(shape(tree_of("b: 1\na: [x, 'y', null]\nc: {d: }\n")),
            "{b=<1> a=[<x> q<y> null ] c={d=null } }");
}

TEST(ParseYaml, LocatesKeysFromOne) {
  const Node root = tree_of("a: 1\nb:\n  cd: 2\n");
  EXPECT_EQ(root.entries[0].key_location.text(), "c.yaml:1:1");
  EXPECT_EQ(root.find("b")->entries[0].key_location.text(), "c.yaml:3:3");
}

TEST(ParseYaml, LocatesValues) {
  const Node root = tree_of("a: 1\nb:\n  c:   'x'\n  d: {e: 5}\n");
  EXPECT_EQ(root.find("a")->location.text(), "c.yaml:1:4");
  EXPECT_EQ(root.find("b")->location.text(), "c.yaml:3:3");
  EXPECT_EQ(root.find("b")->find("c")->location.text(), "c.yaml:3:8");
  EXPECT_EQ(root.find("b")->find("d")->location.text(), "c.yaml:4:6");
  EXPECT_EQ(root.find("b")->find("d")->find("e")->location.text(), "c.yaml:4:10");
}

TEST(ParseYaml, LocatesListItems) {
  const Node root = tree_of("# a comment\na:\n  - 1\n  - {type: x}\n");
  EXPECT_EQ(root.find("a")->items[0].location.text(), "c.yaml:3:5");
  EXPECT_EQ(root.find("a")->items[1].location.text(), "c.yaml:4:5");
}

TEST(ParseYaml, GivesNullForNoText) { EXPECT_TRUE(tree_of("").is_null()); }

TEST(ParseYaml, GivesNullForOnlyAComment) { EXPECT_TRUE(tree_of("# nothing\n").is_null()); }

TEST(ParseYaml, MarksQuotedText) {
  EXPECT_EQ(shape(tree_of("['1', \"1\", 1]")), "[q<1> q<1> <1> ]");
}

TEST(ParseYaml, KeepsQuotedNullAsText) {
  EXPECT_EQ(shape(tree_of("['null', null, ~]")), "[q<null> null null ]");
}

TEST(ParseYaml, TreatsABlockTextAsQuoted) {
  EXPECT_EQ(shape(tree_of("a: |\n  12\n")), "{a=q<12\n> }");
}

TEST(ParseYaml, FollowsAliases) {
  EXPECT_EQ(shape(tree_of("a: &x [1, 2]\nb: *x\n")), "{a=[<1> <2> ] b=[<1> <2> ] }");
}

TEST(ParseYaml, ReportsDuplicateKeys) {
  EXPECT_EQ(faults_of("a: 1\nb:\n  c: 1\n  d: 2\n  c:\n    3\n"),
            "c.yaml:5:3: duplicate key 'c', first at c.yaml:3:3");
}

TEST(ParseYaml, AllowsTheSameKeyInDifferentMaps) {
  EXPECT_EQ(shape(tree_of("a: {x: 1}\nb: {x: 2}")), "{a={x=<1> } b={x=<2> } }");
}

TEST(ParseYaml, ReportsLeadingZeros) {
  EXPECT_EQ(faults_of("a: 012"),
            "c.yaml:1:4: '012' reads as octal in some programs; write it without the leading zero, "
            "or quoted if it is text");
}

TEST(ParseYaml, ReportsLeadingZerosAfterASign) {
  EXPECT_EQ(faults_of("[-012, +07]"),
            "c.yaml:1:2: '-012' reads as octal in some programs; write it without the leading "
            "zero, or quoted if it is text\n"
            "c.yaml:1:8: '+07' reads as octal in some programs; write it without the leading "
            "zero, or quoted if it is text");
}

TEST(ParseYaml, AllowsZerosThatLeadNoInteger) {
  EXPECT_EQ(faults_of("[0, -0, 0.5, -0.5, 0e1, '012', a01, 01_s]"), "");
}

TEST(ParseYaml, ReportsMergeKeys) {
  EXPECT_EQ(faults_of("a: &x {b: 1}\nc:\n  <<: *x\n"),
            "c.yaml:3:3: merge keys (<<) are not supported; use 'base:'");
}

TEST(ParseYaml, ReportsAKeyThatIsNotText) {
  EXPECT_EQ(faults_of("[a, b]: 1"), "c.yaml:1:1: a key must be plain text");
}

TEST(ParseYaml, ReportsTags) {
  EXPECT_EQ(faults_of("a: !!python/object:os.system [x]\nb: !mine {c: !!int '3'}\n"),
            "c.yaml:1:4: tags are not supported, found '!!python/object:os.system'\n"
            "c.yaml:2:4: tags are not supported, found '!mine'\n"
            "c.yaml:2:14: tags are not supported, found '!!int'");
}

TEST(ParseYaml, ReportsATagOfAKey) {
  EXPECT_EQ(faults_of("!!str a: 1"), "c.yaml:1:1: tags are not supported, found '!!str'");
}

TEST(ParseYaml, ReportsASecondDocument) {
  EXPECT_EQ(faults_of("a: 1\n---\nb: 2\n"), "c.yaml:3:1: a second document; expected one a file");
}

TEST(ParseYaml, AllowsTheMarksOfASingleDocument) {
  EXPECT_EQ(shape(tree_of("---\na: 1\n...\n")), "{a=<1> }");
}

TEST(ParseYaml, ReportsEveryFaultOfAText) {
  EXPECT_EQ(faults_of("a: 01\na: 2\n<<: 3\n"),
            "c.yaml:1:4: '01' reads as octal in some programs; write it without the leading zero, "
            "or quoted if it is text\n"
            "c.yaml:2:1: duplicate key 'a', first at c.yaml:1:1\n"
            "c.yaml:3:1: merge keys (<<) are not supported; use 'base:'");
}

TEST(ParseYaml, LocatesSyntaxErrors) {
  EXPECT_EQ(syntax_error_of("a: 1\nb: }\n"), "c.yaml:2:4: not valid YAML: illegal flow end");
}

TEST(ParseYaml, LocatesAnUnknownAlias) {
  const std::string expected = "c.yaml:1:4: not valid YAML: the referenced anchor is not defined";
  const std::string error = syntax_error_of("a: *x");
  EXPECT_EQ(error.substr(0, expected.size()), expected);  // later yaml-cpp adds the name
}

TEST(ParseYaml, RefusesAliasesThatMultiply) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + alias;
    for (int copy = 1; copy < 10; ++copy) bomb += ", " + alias;
    bomb += "]\n";
  }
  EXPECT_EQ(syntax_error_of(bomb),
            "c.yaml:1:37: nested too deeply or too large (aliases that multiply?)");
}

TEST(ParseYaml, RefusesAnAliasOfItself) {
  EXPECT_EQ(syntax_error_of("a: &x [*x]"),
            "c.yaml:1:4: nested too deeply or too large (aliases that multiply?)");
}

TEST(ParseYaml, AcceptsADepthOf64) {
  EXPECT_TRUE(tree_of(std::string(64, '[') + "x" + std::string(64, ']')).is_list());
}

TEST(ParseYaml, RefusesADepthOf65) {
  EXPECT_EQ(syntax_error_of(std::string(65, '[') + "x" + std::string(65, ']')),
            "c.yaml:1:66: nested too deeply or too large (aliases that multiply?)");
}

TEST(ParseYaml, RefusesADepthThatWouldOverflowTheStack) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "- ";
  EXPECT_EQ(syntax_error_of(text), "c.yaml:1:1000: nested too deeply");
}

TEST(ReadYaml, NamesTheFile) {
  const TempDir dir;
  Diagnostics diagnostics;
  const auto path = dir.write("c.yaml", "\na: 1\n");
  EXPECT_EQ(read_yaml(path, diagnostics).find("a")->location.text(), path.string() + ":2:4");
}

TEST(ReadYaml, GivesAnEmptyMapForAnEmptyFile) {
  const TempDir dir;
  Diagnostics diagnostics;
  EXPECT_EQ(shape(read_yaml(dir.write("c.yaml", ""), diagnostics)), "{}");
}

// Dumping.

/// dump_yaml(parse_yaml(x)) must parse to the tree of x.
class DumpYamlRoundTrip : public testing::TestWithParam<const char*> {};

TEST_P(DumpYamlRoundTrip, KeepsTheTree) {
  const Node tree = tree_of(GetParam());
  EXPECT_EQ(shape(tree_of(dump_yaml(tree))), shape(tree)) << dump_yaml(tree);
}

TEST_P(DumpYamlRoundTrip, KeepsTheTreeWithOrigins) {
  const Node tree = tree_of(GetParam());
  EXPECT_EQ(shape(tree_of(dump_yaml(tree, true))), shape(tree)) << dump_yaml(tree, true);
}

INSTANTIATE_TEST_SUITE_P(
    Scalars, DumpYamlRoundTrip,
    testing::Values("a: 1", "a: -1.5e-3", "a: text", "a: two words", "a: ''", "a: 'true'",
                    "a: true", "a: 'null'", "a: null", "a: '~'", "a: '012'", "a: '1'", "a: '# x'",
                    "a: 'x # y'", "a: x#y", "a: 'a: b'", "a: a:b", "a: 'a:'", "a: '- x'", "a: -x",
                    "a: '-'", "a: '---'", "a: '? x'", "a: ' x '", "a: \"x\\ny\"", "a: \"\\t\"",
                    "a: \"\\x01\\x7f\"", "a: 'a\"b\\c'", "a: \"it's\"", "a: b'c", "a: '[x]'",
                    "a: '{x'", "a: '*x'", "a: '&x'", "a: '!x'", "a: '%x'", "a: '@x'", "a: '`x'",
                    "a: '|'", "a: 'x, y'", "a: \xE9\xAA\xA8\xE9\xAA\xBC", "a: '\xC3\xA9: x'"));

INSTANTIATE_TEST_SUITE_P(Keys, DumpYamlRoundTrip,
                         testing::Values("'': 1", "'null': 1", "'a: b': 1", "'# a': 1", "'- a': 1",
                                         "'012': 1", "\"a\\nb\": 1", "\xC3\xA9: 1", "1: 2"));

INSTANTIATE_TEST_SUITE_P(
    Trees, DumpYamlRoundTrip,
    testing::Values("x", "null", "[]", "{}", "[1, 2]", "a: []", "a: {}", "a: [[], {}]",
                    "a: [[1, 2], [3], []]", "a: ['x, y', '-x, y', '', null]", "a: {b: {c: {d: 1}}}",
                    "a: [{b: 1, c: 2}, {d: [3]}]", "- {a: 1}\n- x", "- [{a: 1, b: 2}, {c: 3}]",
                    "- - - {a: 1}\n- {b: [{c: 1}, [{d: 2}, 3]]}", "a: [[{b: 1}], {c: {d: []}}]",
                    "a: [{}, x]", "a: [null, {b: null}]"));

/// Text that code makes need not have been quoted by a user.
class DumpYamlText : public testing::TestWithParam<const char*> {};

TEST_P(DumpYamlText, ReadsBackAsTheSameText) {
  Node list = Node::make_list({});
  list.items.push_back(Node::make_scalar(GetParam(), {}));
  Node map = Node::make_map({});
  map.set("a", list.items[0]);
  map.set("b", list);
  map.set("c", list);
  map.find("c")->items.push_back(tree_of("{d: 1}"));
  const Node read = tree_of(dump_yaml(map));
  EXPECT_EQ(read.find("a")->scalar, GetParam()) << dump_yaml(map);
  ASSERT_EQ(read.find("b")->items.size(), 1u) << dump_yaml(map);
  EXPECT_EQ(read.find("b")->items[0].scalar, GetParam()) << dump_yaml(map);
  EXPECT_EQ(read.find("c")->items[0].scalar, GetParam()) << dump_yaml(map);
  EXPECT_TRUE(read.find("a")->is_scalar() && read.find("b")->items[0].is_scalar());
}

INSTANTIATE_TEST_SUITE_P(Awkward, DumpYamlText,
                         testing::Values("", "# x", "a: b", "- x", "-", "-a, b", "-a]", "-\nx",
                                         "-\tx", "--- x", "---", "...", "null", "~", "012", "-012",
                                         "x\ny", "x\ty", "x\r", "x:", ":x", "a:b", "a,b", "a]", "{",
                                         "x #y", "?", "? x", "*x", "&x", "!x", "\"x\"", "'x'",
                                         "it's", "\\", "\x01", "\x7f", "\xC3\xA9", "<<", "%", "@x",
                                         "`x`", "|", ">", " x", "x ", "=",
                                         "a: ", "https://x.y/z?a=b#c"));

TEST(DumpYaml, WritesBlockStyle) {
  EXPECT_EQ(dump_yaml(tree_of("{a: {b: 1}, c: [1, 2], d: [{e: 3, f: []}, x], g: {}}")),
            "a:\n  b: 1\nc: [1, 2]\nd:\n  - e: 3\n    f: []\n  - x\ng: {}\n");
}

TEST(DumpYaml, LeavesPlainTextUnquoted) {
  EXPECT_EQ(dump_yaml(tree_of("a: xsub\nb: -1\nc: 1e-3\nd: '1'\n")),
            "a: xsub\nb: -1\nc: 1e-3\nd: \"1\"\n");
}

TEST(DumpYaml, NamesOrigins) {
  Node tree = tree_of("a: 1\nb:\n  - {c: [1, 2]}\n  - x\n");
  tree.set("d", Node::make_scalar("5", {"default", 0, 0}));
  EXPECT_EQ(dump_yaml(tree, true),
            "a: 1  # c.yaml:1:4\nb:\n  - c: [1, 2]  # c.yaml:3:9\n  - x  # c.yaml:4:5\n"
            "d: 5  # default\n");
}

TEST(DumpYaml, KeepsAnOriginOnItsLine) {
  Node map = Node::make_map({});
  map.set("a", Node::make_scalar("x\ny", {"--set a=x\ny", 0, 0}, true));
  EXPECT_EQ(dump_yaml(map, true), "a: \"x\\x0ay\"  # --set a=x y\n");
}

TEST(ParseYaml, ReadsAMapOfManyKeysInLinearTime) {
  std::string text;
  constexpr size_t kKeys = 50'000;  // in quadratic time nobody would wait for the test
  for (size_t i = 0; i < kKeys; ++i) text += "a_long_name_of_a_key_" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(tree_of(text).entries.size(), kKeys);
}

}  // namespace
}  // namespace kinegraph
