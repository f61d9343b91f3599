#include "framework/run/state_dialect.h"

#include <gtest/gtest.h>

#include <array>

#include "framework/base/error.h"
#include "framework/config/yaml.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

TEST(TranslateName, TakesOverTheRest) {
  EXPECT_EQ(translate_name("fc.weight", "fc.<rest>", "heads.logits.fc.<rest>"),
            "heads.logits.fc.weight");
}

TEST(TranslateName, CountsFromAnotherNumber) {
  EXPECT_EQ(translate_name("gcn.9.tcn.bn.bias", "gcn.<i>.<rest>", "l<i+1>.<rest>"),
            "l10.tcn.bn.bias");
  EXPECT_EQ(translate_name("l10.tcn.bn.bias", "l<i+1>.<rest>", "gcn.<i>.<rest>"),
            "gcn.9.tcn.bn.bias");
}

TEST(TranslateName, TakesOverAPiece) {
  EXPECT_EQ(translate_name("fc_fine.bias", "fc_<name>.<rest>", "heads.<name>.fc.<rest>"),
            "heads.fine.fc.bias");
}

TEST(TranslateName, RefusesAnotherName) {
  EXPECT_FALSE(translate_name("fcn.weight", "fc.<rest>", "<rest>"));
  EXPECT_FALSE(translate_name("gcn.x.A", "gcn.<i>.A", "A.<i>"));
  EXPECT_FALSE(translate_name("a.fc.weight", "fc.<rest>", "<rest>"));
}

TEST(StateDialect, EveryShippedNameComesBack) {
  for (const auto& [source, backbone, ours] : std::vector<std::array<std::string, 3>>{
           {"pyskl", "stgcn", "backbone.st_gcn_networks.3.tcn.2.weight"},
           {"pyskl", "aagcn", "backbone.l10.gcn1.PA"},
           {"pyskl", "msg3d", "backbone.gcn3d1.gcn3d.0.gcn3d.1.A_res"},
           {"mmaction2", "stgcnpp", "heads.logits.fc.bias"},
           {"dualhead", "dualhead", "heads.fine.fc.weight"},
           {"st_gcn", "stgcn", "backbone.edge_importance.9"}}) {
    const auto dialect = StateDialect::load(source, backbone);
    const auto theirs = dialect.to_theirs(ours);
    ASSERT_TRUE(theirs) << ours;
    EXPECT_NE(theirs->key, ours);
    EXPECT_EQ(dialect.to_ours(theirs->key)->key, ours);
  }
}

TEST(StateDialect, NamesTheSourcesThatKnowABackbone) {
  EXPECT_EQ(StateDialect::sources_of("ctrgcn"),
            (std::vector<std::string>{"ctrgcn", "mmaction2", "pyskl"}));
}

TEST(StateDialect, RefusesAnUnknownSource) {
  const auto message = thrown_message<ConfigError>([] { StateDialect::load("pyskll", "stgcn"); });
  EXPECT_EQ(message.find("no dialect 'pyskll'"), 0u) << message;
  EXPECT_NE(message.find("did you mean 'pyskl'?"), std::string::npos) << message;
  EXPECT_NE(message.find("dialects: agcn, ctrgcn, dualhead, "), std::string::npos) << message;
}

TEST(StateDialect, RefusesABackboneThatTheSourceDoesNotHave) {
  const auto message = thrown_message<ConfigError>([] { StateDialect::load("msg3d", "stgcn"); });
  EXPECT_EQ(
      message,
      "the dialect 'msg3d' has no backbone 'stgcn'\n  it is known to: mmaction2, pyskl, st_gcn");
}

TEST(TranslateName, RefusesANameOfAbsurdLength) {
  EXPECT_TRUE(translate_name(std::string(1000, 'a'), "<rest>", "<rest>"));
  EXPECT_FALSE(translate_name(std::string(10'000'000, 'a'), "<rest>", "<rest>"));
}

StateDialect toy_dialect() {
  DialectForm form;
  form.source = "toy";
  form.rules = {
      {"u.<i>.A", "graph", /*is_constant=*/true, 0, "", "u.<i>.mask"},
      {"u.<i>.mask", "mask.<i>", false, 0, "u.<i>.weight", ""},
      {"head.<rest>", "fc.<rest>", false, 2, "", ""},
      {"<rest>", "<rest>", false, 0, "", ""},
  };
  Diagnostics diagnostics;
  for (auto& entry :
       parse_yaml("{receiver: column, relu: true, steps: [1, 2]}", "toy.yaml", diagnostics).entries)
    form.required.emplace_back(entry.key, entry.value);
  form.unseen = {"graph.edge_set", "steps", "absent"};
  return StateDialect(std::move(form));
}

TEST(StateDialect, TakesTheFirstRuleThatFits) {
  const StateDialect dialect = toy_dialect();
  EXPECT_EQ(dialect.to_ours("head.weight")->key, "fc.weight");
  EXPECT_EQ(dialect.to_ours("head.weight")->trailing_ones, 2);
  EXPECT_EQ(dialect.to_ours("u.1.weight")->key, "u.1.weight");
  EXPECT_TRUE(dialect.to_ours("u.1.A")->is_constant);
}

TEST(StateDialect, KnowsWhereTheirNamesStand) {
  const StateDialect dialect = toy_dialect();
  EXPECT_EQ(dialect.to_theirs("mask.4")->key, "u.4.mask");
  EXPECT_EQ(dialect.to_theirs("mask.4")->before, "u.4.weight");
  EXPECT_EQ(dialect.to_theirs("fc.bias")->before, "");
  EXPECT_EQ(dialect.constants_around("u.4.mask").after,
            (std::vector<ConstantName>{{"u.4.A", "graph"}}));
  EXPECT_TRUE(dialect.constants_around("u.4.weight").after.empty());
}

TEST(StateDialect, HasNoNameForAConstant) {
  EXPECT_TRUE(toy_dialect().is_constant("graph"));
  EXPECT_FALSE(toy_dialect().is_constant("mask.1"));
  EXPECT_FALSE(toy_dialect().to_theirs("graph").has_value());
}

std::string form_error(const std::string& options) {
  Diagnostics diagnostics;
  const Node backbone = parse_yaml(options, "a.yaml", diagnostics);
  return thrown_message<ConfigError>([&] { toy_dialect().require_form(backbone); });
}

TEST(StateDialect, RequiresTheOptionsOfItsForm) {
  EXPECT_EQ(form_error("{type: x, receiver: column, relu: true, steps: [1, 2]}"), "nothing thrown");
  EXPECT_EQ(form_error("{type: x, receiver: row, relu: true}"),
            "model.backbone.receiver: 'row'; expected 'column', with which the model computes what "
            "that of toy does\n"
            "  Names and shapes would agree, the results would not. Set "
            "model.backbone.receiver=column.");
}

TEST(StateDialect, RequiresTheListsOfItsForm) {
  EXPECT_EQ(form_error("{type: x, receiver: column, relu: true, steps: [1, 2, 3]}"),
            "model.backbone.steps: '[1, 2, 3]'; expected '[1, 2]', with which the model computes "
            "what that of toy does\n"
            "  Names and shapes would agree, the results would not. Set "
            "model.backbone.steps=[1, 2].");
}

TEST(StateDialect, NamesOptionsThatItsFilesDoNotShow) {
  Diagnostics diagnostics;
  const Node backbone =
      parse_yaml("{type: x, steps: [1, 3], graph: {edge_set: feet}}", "a.yaml", diagnostics);
  EXPECT_EQ(toy_dialect().describe_unseen(backbone), "graph.edge_set feet, steps [1, 3]");
  EXPECT_EQ(StateDialect::load("shiftgcn", "shiftgcn").describe_unseen(backbone), "");
}

TEST(StateDialect, KnowsWhichOptionsNoNameOrShapeShows) {
  EXPECT_EQ(StateDialect::hidden_options("ctrgcn"),
            (std::vector<std::string>{"dilations", "receiver", "relu_after_temporal"}));
  EXPECT_TRUE(StateDialect::hidden_options("aagcn").empty());
}

TEST(StateDialect, OfOursKeepsNames) {
  const auto dialect = StateDialect::own("stgcn");
  EXPECT_EQ(dialect.to_ours("backbone.a.b")->key, "backbone.a.b");
  EXPECT_EQ(dialect.to_theirs("backbone.a.b")->key, "backbone.a.b");
}

}  // namespace
}  // namespace kinegraph
