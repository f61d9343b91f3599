#include "framework/registry/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "framework/config/yaml.h"
#include "tests/support/config_text.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

/// A component interface of our own.
struct Shape {
  static constexpr const char* kKind = "shape";
  struct Context {
    int64_t scale = 1;
  };
  virtual ~Shape() = default;
  virtual int64_t area() const = 0;
};

struct Square : Shape {
  struct Options {
    int64_t side = 2;
    std::string colour = "red";
    template <class Fields>
    void describe(Fields& field) {
      field("side", side, "length of a side", Range{1, 100});
      field("colour", colour, "colour of the line", OneOf{{"red", "blue"}});
    }
  };
  Square(const Options& options, const Context& context) : side_(options.side * context.scale) {}
  int64_t area() const override { return side_ * side_; }

 private:
  int64_t side_;
};

struct Point : Shape {
  using Options = NoOptions;
  Point(const Options&, const Context&) {}
  int64_t area() const override { return 0; }
};

/// Holds other components, as a pipeline or a list of heads does.
struct Group : Shape {
  struct Options {
    std::vector<Component<Shape>> members;
    template <class Fields>
    void describe(Fields& field) {
      field("members", members, "what it holds");
    }
  };
  Group(const Options& options, const Context& context) {
    for (const auto& member : options.members) area_ += member.build(context)->area();
  }
  int64_t area() const override { return area_; }

 private:
  int64_t area_ = 0;
};

KINEGRAPH_REGISTER(Shape, "square", Square, "Four equal sides")
KINEGRAPH_REGISTER(Shape, "point", Point, "Nothing")
KINEGRAPH_REGISTER(Shape, "group", Group, "Several shapes")

Component<Shape> shape_of(const std::string& yaml) {
  Component<Shape> shape;
  Diagnostics diagnostics;
  EXPECT_TRUE(shape.read(tree_of(yaml), diagnostics));
  EXPECT_EQ(messages_of(diagnostics), "");
  return shape;
}

std::string faults_of(const std::string& yaml) {
  Component<Shape> shape;
  Diagnostics diagnostics;
  EXPECT_FALSE(shape.read(tree_of(yaml), diagnostics));
  return messages_of(diagnostics);
}

TEST(Registry, SortsItsNames) {
  EXPECT_EQ(Registry<Shape>::instance().names(),
            (std::vector<std::string>{"group", "point", "square"}));
}

TEST(Registry, KnowsSummaryAndFileOfAComponent) {
  const ComponentInfo* info = Registry<Shape>::instance().find_info("square");
  ASSERT_NE(info, nullptr);
  EXPECT_EQ(info->summary, "Four equal sides");
  EXPECT_EQ(info->file, __FILE__);
}

TEST(Registry, KnowsNothingOfAnUnknownComponent) {
  EXPECT_EQ(Registry<Shape>::instance().find_info("circle"), nullptr);
  EXPECT_EQ(Registry<Shape>::instance().find("circle"), nullptr);
}

TEST(Registry, ListsTheOptionsOfAComponent) {
  const auto docs = Registry<Shape>::instance().find_info("square")->options();
  ASSERT_EQ(docs.size(), 2u);
  EXPECT_EQ(docs[0].name, "side");
  EXPECT_EQ(docs[0].type, "integer");
  EXPECT_EQ(docs[0].fallback, "2");
  EXPECT_EQ(docs[0].constraint, "1..100");
  EXPECT_EQ(docs[0].help, "length of a side");
  EXPECT_EQ(docs[1].type, "red | blue");
}

TEST(Registry, ListsAComponentFieldUnderItsKind) {
  EXPECT_EQ(Registry<Shape>::instance().find_info("group")->options()[0].type, "list of shape");
}

TEST(Registry, IsAmongAllRegistries) {
  std::vector<std::string> kinds;
  for (const auto* registry : all_registries()) kinds.push_back(registry->kind());
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), "shape"), 1);
  EXPECT_TRUE(std::is_sorted(kinds.begin(), kinds.end()));
}

/// A registry whose names are free for each test.
class OwnRegistry : public RegistryBase {
 public:
  OwnRegistry() : RegistryBase("toy") {}
  using RegistryBase::add_info;
};

/// Lives until the end, for all_registries() points to it.
OwnRegistry& new_toys() {
  static std::deque<OwnRegistry> all;
  return all.emplace_back();
}

TEST(Registry, RefusesADuplicateAndNamesBothFiles) {
  OwnRegistry& toys = new_toys();
  toys.add_info({"ball", "", "models/ball.cpp", {}});
  EXPECT_EQ(thrown_message<Error>([&] {
              toys.add_info({"ball", "", "models/other.cpp", {}});
            }),
            "toy 'ball': registered twice: in models/ball.cpp and in models/other.cpp; expected "
            "one registration\n  Rename one of them.");
}

TEST(Registry, KeepsTheFirstOfADuplicate) {
  OwnRegistry& toys = new_toys();
  toys.add_info({"kite", "", "models/kite.cpp", {}});
  EXPECT_THROW(toys.add_info({"kite", "", "models/other.cpp", {}}), Error);
  EXPECT_EQ(toys.find_info("kite")->file, "models/kite.cpp");
}

// Runs before main, where a thrown fault would end the program.
const Registrar<Shape, Point> kDuplicate("square", "Not a square", "models/wrong.cpp");

TEST(Registrar, KeepsItsFaultForMain) {
  EXPECT_EQ(thrown_message<Error>([] { throw_registration_faults(); }),
            std::string("shape 'square': registered twice: in ") + __FILE__ +
                " and in models/wrong.cpp; expected one registration\n  Rename one of them.");
}

TEST(Component, IsBuiltFromItsOptionsAndTheContext) {
  EXPECT_EQ(shape_of("{type: square, side: 3}").build({10})->area(), 900);
}

TEST(Component, IsBuiltAnewEachTime) {
  const auto shape = shape_of("{type: square, side: 3}");
  EXPECT_NE(shape.build({}), shape.build({}));
}

TEST(Component, IsNotSetBeforeItIsRead) { EXPECT_FALSE(Component<Shape>{}.is_set()); }

TEST(Component, ReadsPlainTextAsItsType) {
  const auto shape = shape_of("square");
  EXPECT_EQ(shape.type(), "square");
  EXPECT_EQ(shape.build({})->area(), 4);
}

TEST(Component, KnowsItsLocation) {
  EXPECT_EQ(shape_of("\n{type: square}").location().text(), "c.yaml:2:1");
}

TEST(Component, KeepsItsNameInTheResolvedTree) {
  EXPECT_EQ(dump_yaml(shape_of("{side: 3, name: big, type: square}").resolved(), true),
            "type: square  # c.yaml:1:28\nname: big  # c.yaml:1:17\nside: 3  # c.yaml:1:8\n"
            "colour: red  # default\n");
}

TEST(Component, ResolvesPlainText) {
  EXPECT_EQ(dump_yaml(shape_of("square").resolved(), true),
            "type: square  # c.yaml:1:1\nside: 2  # default\ncolour: red  # default\n");
}

TEST(Component, ReadsBackFromItsResolvedTree) {
  const std::string once = dump_yaml(shape_of("{type: square, side: 7}").resolved());
  EXPECT_EQ(shape_of(once).build({})->area(), 49);
  EXPECT_EQ(dump_yaml(shape_of(once).resolved()), once);
}

TEST(Component, MayHoldComponents) {
  const auto group = shape_of("{type: group, members: [square, {type: square, side: 3}]}");
  EXPECT_EQ(group.build({})->area(), 13);
  EXPECT_EQ(dump_yaml(group.resolved()),
            "type: group\nmembers:\n  - type: square\n    side: 2\n    colour: red\n"
            "  - type: square\n    side: 3\n    colour: red\n");
}

TEST(Component, HintsAtTheNearNameOfAnUnknownType) {
  EXPECT_EQ(faults_of("\n{type: sqare}"),
            "c.yaml:2:8: unknown shape 'sqare'; did you mean 'square'?\n"
            "  known: group, point, square");
}

TEST(Component, ReportsAnUnknownTypeOfPlainText) {
  EXPECT_EQ(faults_of("circle"),
            "c.yaml:1:1: unknown shape 'circle'\n  known: group, point, square");
}

TEST(Component, NeedsAType) {
  EXPECT_EQ(faults_of("{side: 3}"),
            "c.yaml:1:1: a shape needs a 'type'\n  known: group, point, square");
}

TEST(Component, NeedsATypeThatIsText) {
  EXPECT_EQ(faults_of("{type: [square]}"),
            "c.yaml:1:1: a shape needs a 'type'\n  known: group, point, square");
}

TEST(Component, MustBeAMapOrText) {
  EXPECT_EQ(faults_of("[square]"),
            "c.yaml:1:1: expected a map (shape with a 'type'), found a list of 1");
  EXPECT_EQ(faults_of("null"), "c.yaml:1:1: expected a map (shape with a 'type'), found null");
}

TEST(Component, ReportsUnknownKeysUnderItsTypeName) {
  EXPECT_EQ(faults_of("{type: square, sid: 3}"),
            "c.yaml:1:16: unknown key 'sid' in shape 'square'; did you mean 'side'?\n"
            "  known keys: side, colour");
}

TEST(Component, WithoutOptionsKnowsNoKeys) {
  EXPECT_EQ(faults_of("{type: point, side: 3}"),
            "c.yaml:1:15: unknown key 'side' in shape 'point'\n  known keys: none");
}

TEST(Component, WithFaultsIsNotSet) {
  Component<Shape> shape;
  Diagnostics diagnostics;
  EXPECT_FALSE(shape.read(tree_of("{type: square, side: 0}"), diagnostics));
  EXPECT_FALSE(shape.is_set());
  EXPECT_EQ(messages_of(diagnostics), "c.yaml:1:22: 'side' is 0; expected 1..100");
}

TEST(Component, WithFaultsIsNotSetWhenReadAgain) {
  const Node node = tree_of("{type: square, side: 0}");
  Diagnostics diagnostics;
  Component<Shape> first, second;
  first.read(node, diagnostics);
  EXPECT_FALSE(second.read(node, diagnostics));
  EXPECT_FALSE(second.is_set());
}

TEST(Component, IsSetBesideFaultsOfAnother) {
  Diagnostics diagnostics;
  Component<Shape> bad, good;
  bad.read(tree_of("circle"), diagnostics);
  EXPECT_TRUE(good.read(tree_of("square"), diagnostics));
}

TEST(Component, WithAFaultyMemberIsNotSet) {
  EXPECT_EQ(faults_of("{type: group, members: [square, {type: square, side: 0}, circle]}"),
            "c.yaml:1:54: 'side' is 0; expected 1..100\n"
            "c.yaml:1:58: unknown shape 'circle'\n  known: group, point, square");
}

}  // namespace
}  // namespace kinegraph
