#include "framework/run/state_dialect.h"

#include <gtest/gtest.h>

#include <array>

#include "framework/base/error.h"
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

TEST(StateDialect, FirstRuleThatFitsDecides) {
  const StateDialect dialect({{"fc.<rest>", "head.<rest>"}, {"<rest>", "backbone.<rest>"}});
  EXPECT_EQ(dialect.to_ours("fc.bias")->key, "head.bias");
  EXPECT_EQ(dialect.to_ours("l1.bias")->key, "backbone.l1.bias");
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

}  // namespace
}  // namespace kinegraph
