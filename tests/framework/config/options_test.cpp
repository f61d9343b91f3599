#include "framework/config/options.h"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "framework/base/error.h"
#include "framework/config/yaml.h"
#include "tests/support/config_text.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

/// Options with one field "value" of any type and constraints.
template <class T, class... Constraints>
struct One {
  T value{};
  std::tuple<Constraints...> constraints;

  template <class Fields>
  void describe(Fields& field) {
    std::apply([&](const auto&... all) { field("value", value, "a value", all...); }, constraints);
  }
};

template <class Options>
std::string faults_of(const std::string& yaml, Options options) {
  Diagnostics diagnostics;
  read_options(tree_of(yaml), options, "model", diagnostics);
  return messages_of(diagnostics);
}

/// The fault of `text` as a T, without its location (c.yaml:1:8).
template <class T>
std::string fault_of(const std::string& text) {
  const std::string fault = faults_of("value: " + text, One<T>{});
  const std::string where = "c.yaml:1:8: ";
  EXPECT_EQ(fault.substr(0, where.size()), fault.empty() ? "" : where);
  return fault.empty() ? "" : fault.substr(where.size());
}

template <class T, class Options = One<T>>
T value_of(const std::string& text, Options options = {}) {
  Diagnostics diagnostics;
  read_options(tree_of("value: " + text), options, "model", diagnostics);
  EXPECT_EQ(messages_of(diagnostics), "") << text;
  return options.value;
}

// Numbers.

TEST(Integer, ReadsDecimalDigits) {
  EXPECT_EQ(value_of<int64_t>("30"), 30);
  EXPECT_EQ(value_of<int64_t>("-7"), -7);
  EXPECT_EQ(value_of<int64_t>("+5"), 5);
  EXPECT_EQ(value_of<int64_t>("-0"), 0);
}

TEST(Integer, ReadsItsLimits) {
  EXPECT_EQ(value_of<int64_t>("9223372036854775807"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(value_of<int64_t>("-9223372036854775808"), std::numeric_limits<int64_t>::min());
}

class NotAnInteger : public testing::TestWithParam<const char*> {};

TEST_P(NotAnInteger, IsRefused) {
  EXPECT_EQ(fault_of<int64_t>(GetParam()),
            std::string("expected an integer, found '") + GetParam() + "'");
}

INSTANTIATE_TEST_SUITE_P(Texts, NotAnInteger,
                         testing::Values("3.0", "1e3", "1_000", "0x10", "+-5", "-+5", "++5", "5a",
                                         "+", "--5", "true", "abc", "9223372036854775808",
                                         "-9223372036854775809", "99999999999999999999999"));

TEST(Integer, RefusesQuotedDigits) {
  EXPECT_EQ(fault_of<int64_t>("'5'"), "expected an integer, found '5'");
}

TEST(Integer, RefusesNull) { EXPECT_EQ(fault_of<int64_t>("~"), "expected an integer, found null"); }

TEST(Integer, RefusesAList) {
  EXPECT_EQ(fault_of<int64_t>("[1, 2]"), "expected an integer, found a list of 2");
}

TEST(Integer, RefusesAMap) {
  EXPECT_EQ(fault_of<int64_t>("{a: 1}"), "expected an integer, found a map");
}

TEST(Number, ReadsDecimalsAndExponents) {
  EXPECT_EQ(value_of<double>("1e-3"), 1e-3);
  EXPECT_EQ(value_of<double>("1E3"), 1000);
  EXPECT_EQ(value_of<double>("-2.5"), -2.5);
  EXPECT_EQ(value_of<double>("+5"), 5);
  EXPECT_EQ(value_of<double>("3"), 3);
  EXPECT_EQ(value_of<double>("1.7976931348623157e308"), std::numeric_limits<double>::max());
}

TEST(Number, KeepsTheSignOfZero) { EXPECT_TRUE(std::signbit(value_of<double>("-0"))); }

class NotANumber : public testing::TestWithParam<const char*> {};

TEST_P(NotANumber, IsRefused) {
  EXPECT_EQ(fault_of<double>(GetParam()),
            std::string("expected a number, found '") + GetParam() + "'");
}

INSTANTIATE_TEST_SUITE_P(Texts, NotANumber,
                         testing::Values("inf", "-inf", ".inf", "nan", ".nan", "infinity", "1e400",
                                         "1_000", "1.5.2", "0x10", "+-5", "1e", "+", "true", "1f"));

TEST(Number, RefusesQuotedDigits) {
  EXPECT_EQ(fault_of<double>("'0.5'"), "expected a number, found '0.5'");
}

// Other types.

TEST(Bool, ReadsTrueAndFalse) {
  EXPECT_TRUE(value_of<bool>("true"));
  EXPECT_FALSE(value_of<bool>("false", One<bool>{true, {}}));
}

class NotABool : public testing::TestWithParam<const char*> {};

TEST_P(NotABool, IsRefused) {
  EXPECT_EQ(fault_of<bool>(GetParam()),
            std::string("expected true or false, found '") + GetParam() + "'");
}

INSTANTIATE_TEST_SUITE_P(Texts, NotABool,
                         testing::Values("yes", "no", "on", "off", "True", "FALSE", "1", "0"));

TEST(Bool, RefusesQuotedTrue) {
  EXPECT_EQ(fault_of<bool>("'true'"), "expected true or false, found 'true'");
}

TEST(Text, ReadsPlainAndQuotedScalars) {
  EXPECT_EQ(value_of<std::string>("xsub"), "xsub");
  EXPECT_EQ(value_of<std::string>("'012'"), "012");
}

TEST(Text, RefusesNull) { EXPECT_EQ(fault_of<std::string>("null"), "expected text, found null"); }

TEST(Text, RefusesAList) {
  EXPECT_EQ(fault_of<std::string>("[a]"), "expected text, found a list of 1");
}

TEST(AnyTree, IsKeptAsItIs) {
  EXPECT_EQ(dump_yaml(value_of<Node>("{a: [1, {b: 2}]}")), "a:\n  - 1\n  - b: 2\n");
}

using MaybeInteger = std::optional<int64_t>;

TEST(Optional, ReadsAValue) { EXPECT_EQ(value_of<MaybeInteger>("5"), 5); }

TEST(Optional, IsEmptyForNull) {
  EXPECT_EQ(value_of<MaybeInteger>("null", One<MaybeInteger>{7, {}}), std::nullopt);
}

TEST(Optional, KeepsItsDefaultWithoutAKey) {
  One<MaybeInteger> options{7, {}};
  Diagnostics diagnostics;
  read_options(tree_of("{}"), options, "model", diagnostics);
  EXPECT_EQ(options.value, 7);
}

TEST(Optional, RefusesAnotherType) {
  EXPECT_EQ(fault_of<MaybeInteger>("x"), "expected an integer, found 'x'");
}

using Matrix = std::vector<std::vector<int64_t>>;

TEST(Lists, Nest) { EXPECT_EQ(value_of<Matrix>("[[1, 2], [], [3]]"), (Matrix{{1, 2}, {}, {3}})); }

TEST(Lists, ReplaceTheirDefault) {
  EXPECT_EQ(value_of<Matrix>("[[3]]", One<Matrix>{{{1}, {2}}, {}}), (Matrix{{3}}));
}

TEST(Lists, LocateAnItemOfTheWrongType) {
  EXPECT_EQ(faults_of("value: [[1], [2, x]]", One<Matrix>{}),
            "c.yaml:1:18: expected an integer, found 'x'");
}

TEST(Lists, RefuseAScalar) {
  EXPECT_EQ(fault_of<Matrix>("5"), "expected a list of list of integer, found '5'");
}

TEST(NamedList, KeepsTheOrderOfTheFile) {
  EXPECT_EQ(value_of<NamedList<int64_t>>("{z: 1, a: 2, m: 3}"),
            (NamedList<int64_t>{{"z", 1}, {"a", 2}, {"m", 3}}));
}

TEST(NamedList, ReplacesItsDefault) {
  using Weights = NamedList<int64_t>;
  EXPECT_EQ(value_of<Weights>("{a: 1}", One<Weights>{{{"b", 2}}, {}}), (Weights{{"a", 1}}));
}

TEST(NamedList, RefusesAList) {
  EXPECT_EQ(fault_of<NamedList<int64_t>>("[1]"),
            "expected a map (map of integer), found a list of 1");
}

TEST(NamedList, LocatesAValueOfTheWrongType) {
  EXPECT_EQ(faults_of("value: {a: 1, b: x}", One<NamedList<int64_t>>{}),
            "c.yaml:1:18: expected an integer, found 'x'");
}

// Constraints.

TEST(Range, RefusesAValueAbove) {
  EXPECT_EQ(faults_of("value: 1.5", One<double, Range>{0, {Range{0, 1}}}),
            "c.yaml:1:8: 'value' is 1.5; expected 0..1");
}

TEST(Range, RefusesAValueBelow) {
  EXPECT_EQ(faults_of("value: -1", One<int64_t, Range>{0, {Range{0, 1}}}),
            "c.yaml:1:8: 'value' is -1; expected 0..1");
}

TEST(Range, IncludesItsBounds) {
  EXPECT_EQ(faults_of("value: 0", One<double, Range>{0, {Range{0, 1}}}), "");
  EXPECT_EQ(faults_of("value: 1", One<double, Range>{0, {Range{0, 1}}}), "");
}

TEST(Range, MayHaveNoUpperBound) {
  EXPECT_EQ(faults_of("value: 0", One<int64_t, Range>{1, {Range{1}}}),
            "c.yaml:1:8: 'value' is 0; expected >= 1");
  EXPECT_EQ(faults_of("value: 1000000", One<int64_t, Range>{1, {Range{1}}}), "");
}

TEST(Range, MayHaveNoLowerBound) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(faults_of("value: 0.5", One<double, Range>{0, {Range{-kInfinity, 0}}}),
            "c.yaml:1:8: 'value' is 0.5; expected <= 0");
}

TEST(Range, HoldsForEveryItemOfNestedLists) {
  EXPECT_EQ(faults_of("value: [[1, 2], [9]]", One<Matrix, Range>{{}, {Range{0, 5}}}),
            "c.yaml:1:8: 'value' is 9; expected 0..5");
}

TEST(Range, HoldsForAnOptionalValue) {
  EXPECT_EQ(faults_of("value: 9", One<MaybeInteger, Range>{{}, {Range{0, 5}}}),
            "c.yaml:1:8: 'value' is 9; expected 0..5");
}

TEST(Range, LetsNullPass) {
  EXPECT_EQ(faults_of("value: null", One<MaybeInteger, Range>{{}, {Range{1, 5}}}), "");
}

TEST(Range, IsNotCheckedForAValueOfTheWrongType) {
  EXPECT_EQ(faults_of("value: x", One<int64_t, Range>{-1, {Range{0, 5}}}),
            "c.yaml:1:8: expected an integer, found 'x'");
}

using Name = One<std::string, OneOf>;

TEST(OneOf, AcceptsItsValues) {
  EXPECT_EQ(faults_of("value: xview", Name{"xsub", {OneOf{{"xsub", "xview"}}}}), "");
}

TEST(OneOf, RefusesOtherValues) {
  EXPECT_EQ(faults_of("value: xveiw", Name{"xsub", {OneOf{{"xsub", "xview"}}}}),
            "c.yaml:1:8: 'value' is 'xveiw'; did you mean 'xview'?\n"
            "  expected one of: xsub, xview");
}

TEST(OneOf, HoldsForEveryItemOfAList) {
  EXPECT_EQ(faults_of("value: [joint, bones, motion]",
                      One<std::vector<std::string>, OneOf>{{}, {OneOf{{"joint", "bone"}}}}),
            "c.yaml:1:8: 'value' is 'bones'; did you mean 'bone'?\n  expected one of: joint, bone\n"
            "c.yaml:1:8: 'value' is 'motion'\n  expected one of: joint, bone");
}

TEST(Required, ReportsAMissingKey) {
  EXPECT_EQ(faults_of("\n{}", One<int64_t, Required>{}),
            "c.yaml:2:1: missing key 'value' in model");
}

TEST(Required, IsContentWithAnyValue) {
  EXPECT_EQ(faults_of("value: 0", One<int64_t, Required>{}), "");
}

// A whole struct.

struct Crop {
  double share = 0.9;
  std::string border = "zero";

  template <class Fields>
  void describe(Fields& field) {
    field("share", share, "kept share of the clip", Range{0, 1});
    field("border", border, "what is put outside");
  }
};

struct Options {
  int64_t width = 64;
  double dropout = 0.5;
  bool residual = true;
  std::string split = "xsub";
  std::optional<int64_t> limit;
  std::optional<double> clip = 1.5;
  std::vector<int64_t> strides{1, 2};
  Crop crop;
  std::vector<Crop> crops;
  NamedList<double> weights{{"joint", 1}, {"bone", 0.5}};

  template <class Fields>
  void describe(Fields& field) {
    field("width", width, "channels of block 1", Range{1, 4096}, Required{});
    field("dropout", dropout, "drop rate", Range{0, 1});
    field("residual", residual, "adds the input");
    field("split", split, "named split", OneOf{{"xsub", "xview", "012"}});
    field("limit", limit, "at most so many", Range{1});
    field("clip", clip, "largest norm");
    field("strides", strides, "per block");
    field("crop", crop, "crop of training");
    field("crops", crops, "more crops");
    field("weights", weights, "per stream");
  }
};

constexpr const char* kKnown =
    "\n  known keys: width, dropout, residual, split, limit, clip, strides, crop, crops, weights";

TEST(Options, KeepDefaultsOfMissingKeys) {
  Options options;
  Diagnostics diagnostics;
  read_options(tree_of("width: 8"), options, "model", diagnostics);
  EXPECT_EQ(messages_of(diagnostics), "");
  EXPECT_EQ(options.width, 8);
  EXPECT_EQ(options.dropout, 0.5);
}

TEST(Options, RejectsUnknownKey) {
  EXPECT_EQ(faults_of("width: 8\nepochs: 5", Options{}),
            std::string("c.yaml:2:1: unknown key 'epochs' in model") + kKnown);
}

TEST(Options, HintsAtTheNearNameOfAnUnknownKey) {
  EXPECT_EQ(
      faults_of("width: 8\ndroput: 0.1", Options{}),
      std::string("c.yaml:2:1: unknown key 'droput' in model; did you mean 'dropout'?") + kKnown);
}

TEST(Options, LetReservedKeysPass) {
  Options options;
  Diagnostics diagnostics;
  read_options(tree_of("{type: x, width: 1}"), options, "model", diagnostics, {"type"});
  EXPECT_EQ(messages_of(diagnostics), "");
}

TEST(Options, RejectUnknownKeysOfNestedOptions) {
  EXPECT_EQ(faults_of("width: 8\ncrop: {sharp: 1}", Options{}),
            "c.yaml:2:8: unknown key 'sharp' in this map; did you mean 'share'?\n"
            "  known keys: share, border");
}

TEST(Options, RejectAScalarForNestedOptions) {
  EXPECT_EQ(faults_of("width: 8\ncrop: 5", Options{}),
            "c.yaml:2:7: expected a map (options), found '5'");
}

TEST(Options, WithoutFieldsKnowNoKeys) {
  struct Empty {
    void describe(OptionReader&) {}
  };
  EXPECT_EQ(faults_of("a: 1", Empty{}), "c.yaml:1:1: unknown key 'a' in model\n  known keys: none");
}

TEST(Options, ReportEveryFaultInOneError) {
  Options options;
  Diagnostics diagnostics;
  read_options(tree_of("dropout: 2\nresidual: yes\nstrides: [1, x]\ncrop: {share: -1}\nzoom: 1\n"),
               options, "model", diagnostics);
  EXPECT_EQ(thrown_message<ConfigError>([&] { diagnostics.throw_if_any(); }),
            std::string("c.yaml:1:1: missing key 'width' in model\n"
                        "c.yaml:1:10: 'dropout' is 2; expected 0..1\n"
                        "c.yaml:2:11: expected true or false, found 'yes'\n"
                        "c.yaml:3:14: expected an integer, found 'x'\n"
                        "c.yaml:4:15: 'share' is -1; expected 0..1\n"
                        "c.yaml:5:1: unknown key 'zoom' in model") +
                kKnown);
}

TEST(Options, ReportAFaultOfATreeReadTwiceOnce) {
  Options options;
  Diagnostics diagnostics;
  const Node tree = tree_of("width: x");
  read_options(tree, options, "model", diagnostics);
  read_options(tree, options, "model", diagnostics);
  EXPECT_EQ(messages_of(diagnostics), "c.yaml:1:8: expected an integer, found 'x'");
}

TEST(Diagnostics, ThrowNothingWithoutFaults) { EXPECT_NO_THROW(Diagnostics{}.throw_if_any()); }

// The resolved tree.

Node resolved(const std::string& yaml) {
  Options options;
  Diagnostics diagnostics;
  const Node given = tree_of(yaml);
  read_options(given, options, "model", diagnostics);
  EXPECT_EQ(messages_of(diagnostics), "");
  return Codec<Options>::write(options, &given);
}

TEST(ResolvedOptions, HoldDefaultsAndGivenValuesWithTheirOrigins) {
  EXPECT_EQ(dump_yaml(resolved("width: 8\ncrop:\n  share: 0.25\ncrops: [{border: edge}]\n"
                               "weights: {bone: 2}\nstrides: [3]\n"),
                      true),
            "width: 8  # c.yaml:1:8\n"
            "dropout: 0.5  # default\n"
            "residual: true  # default\n"
            "split: xsub  # default\n"
            "clip: 1.5  # default\n"
            "strides: [3]  # c.yaml:6:10\n"
            "crop:\n"
            "  share: 0.25  # c.yaml:3:10\n"
            "  border: zero  # default\n"
            "crops:\n"
            "  - share: 0.9  # default\n"
            "    border: edge  # c.yaml:4:18\n"
            "weights:\n"
            "  bone: 2  # c.yaml:5:17\n");
}

class ResolvedOptionsReadBack : public testing::TestWithParam<const char*> {};

TEST_P(ResolvedOptionsReadBack, AsTheSameOptions) {
  const std::string once = dump_yaml(resolved(GetParam()));
  EXPECT_EQ(dump_yaml(resolved(once)), once);
}

INSTANTIATE_TEST_SUITE_P(
    Configs, ResolvedOptionsReadBack,
    testing::Values("width: 8", "{width: 8, dropout: 1e-3, limit: 5}", "{width: 8, strides: []}",
                    "{width: 8, crops: [{border: ''}, {border: '# x'}, {border: 'null'}]}",
                    "{width: 8, weights: {'a: b': 0.1, c: 1e-9}}", "{width: 8, split: '012'}",
                    "{width: 8, clip: null, weights: {}, crop: {border: '-1, 2'}}"));

TEST(ResolvedOptions, KeepEveryBitOfANumber) {
  const double value = 0.1 + 0.2;
  const Node node = Codec<double>::write(value, nullptr);
  EXPECT_EQ(value_of<double>(node.scalar), value);
}

TEST(ResolvedOptions, KeepANullThatWasGivenOverADefault) {
  const Node tree = resolved("{width: 8, clip: null}");
  ASSERT_NE(tree.find("clip"), nullptr);
  EXPECT_TRUE(tree.find("clip")->is_null());
}

TEST(ResolvedOptions, LeaveOutANullThatIsTheDefault) {
  EXPECT_EQ(resolved("{width: 8}").find("limit"), nullptr);
}

TEST(ResolvedOptions, KeepQuotedTextQuoted) {
  EXPECT_TRUE(resolved("{width: 8, split: '012'}").find("split")->is_quoted);
}

TEST(ResolvedOptions, QuoteTextOfDefaultsThatWouldNotReadBack) {
  One<std::string> options{"012", {}};
  EXPECT_EQ(dump_yaml(Codec<One<std::string>>::write(options, nullptr)), "value: \"012\"\n");
}

// The list for `describe`.

TEST(ListOptions, NamesTypesDefaultsConstraintsAndHelp) {
  std::string text;
  for (const auto& doc : list_options<Options>())
    text += doc.name + " | " + doc.type + " | " + doc.fallback + " | " + doc.constraint + " | " +
            doc.help + "\n";
  EXPECT_EQ(text,
            "width | integer |  | 1..4096, required | channels of block 1\n"
            "dropout | number | 0.5 | 0..1 | drop rate\n"
            "residual | true | false | true |  | adds the input\n"
            "split | xsub | xview | 012 | xsub |  | named split\n"
            "limit | integer or null | null | >= 1 | at most so many\n"
            "clip | number or null | 1.5 |  | largest norm\n"
            "strides | list of integer | [1, 2] |  | per block\n"
            "crop | map | ... |  | crop of training\n"
            "crops | list of map | [] |  | more crops\n"
            "weights | map of number | ... |  | per stream\n");
}

}  // namespace
}  // namespace kinegraph
