// Options that change what a model computes, but neither names nor shapes of its state: for every
// source and backbone, and every option of the backbone, a file of another form is refused, or
// computes the same, or the summary says that the option was taken from the config.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "framework/config/compose.h"
#include "framework/config/yaml.h"
#include "framework/run/state_translation.h"
#include "framework/run/weights.h"
#include "tests/support/models/build_model.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

struct Origin {
  std::string source, backbone;
};

std::vector<Origin> origins() {
  std::vector<Origin> all;
  for (const auto& backbone : Registry<Backbone>::instance().names()) {
    const auto sources = StateDialect::sources_of(backbone);
    for (const auto& source : sources) all.push_back({source, backbone});
    if (!sources.empty()) all.push_back({"kinegraph", backbone});
  }
  return all;
}

/// "path=value": two units, and the options of the source's form.
std::vector<std::string> form_of(const Origin& origin) {
  const bool is_pyskl = origin.source == "pyskl" || origin.source == "mmaction2";
  std::vector<std::string> form{origin.backbone == "dualhead" ? "width=12" : "channels=[12, 24]"};
  if (is_pyskl && (origin.backbone == "ctrgcn" || origin.backbone == "msg3d"))
    form.emplace_back("receiver=column");
  if (is_pyskl && origin.backbone == "ctrgcn") form.emplace_back("relu_after_temporal=true");
  return form;
}

std::string heads_of(const std::string& backbone) {
  if (backbone == "dualhead")
    return "{fine: {type: gcn, feature: fine}, coarse: {type: gcn, feature: coarse}}";
  if (backbone == "stgcn_two_stream")
    return "{origin: {type: gcn, feature: origin}, motion: {type: gcn, feature: motion}}";
  return "{logits: gcn}";
}

struct SmallForm {
  SmallForm(const std::string& backbone, const std::vector<std::string>& changes)
      : options(read(backbone, changes)), model(options, model_context("ntu25", 2, 16, 4)) {}

  static ModelOptions read(const std::string& backbone, const std::vector<std::string>& changes) {
    Diagnostics diagnostics;
    Node root = parse_yaml(fmt::format("backbone: {{type: {}}}\nheads: {}\nloss: cross_entropy\n",
                                       backbone, heads_of(backbone)),
                           "model.yaml", diagnostics);
    for (const auto& change : changes) apply_override(root, "backbone." + change, diagnostics);
    diagnostics.throw_if_any();
    return model_options(dump_yaml(root));
  }

  at::Tensor score(const at::Tensor& input) {
    const at::NoGradGuard no_grad;
    model.eval();
    return model.score(model.forward({{"keypoints", input}}));
  }

  ModelOptions options;
  Recognizer model;
};

/// Values as after training: nothing is 0 that would hide an option.
void fill(const Recognizer& model, const StateDialect& dialect) {
  const at::NoGradGuard no_grad;
  for (auto [name, tensor] : state_of(model)) {
    if (dialect.is_constant(name) || !tensor.is_floating_point()) continue;
    const bool is_variance = name.find("running_var") != name.npos;
    is_variance ? tensor.uniform_(1, 2) : tensor.normal_(0, 0.3);
  }
}

/// Other values of an option.
std::vector<std::string> others(const OptionDoc& option) {
  if (option.name == "edge_set") return {"default", "pyskl"};
  if (option.type.find(" | ") != option.type.npos) {
    std::vector<std::string> values = split(option.type, '|');
    for (auto& value : values)
      value.erase(std::remove(value.begin(), value.end(), ' '), value.end());
    return values;
  }
  if (option.type == "integer") return {std::to_string(std::stoi(option.fallback) + 1)};
  if (option.type == "number") return {fmt::format("{}", std::stod(option.fallback) + 0.1)};
  const auto last = option.fallback.find_last_of(' ') + 1;
  return {fmt::format("{}{}]", option.fallback.substr(0, last),
                      std::stoi(option.fallback.substr(last)) + 1)};
}

/// "path=value" for every option in turn.
std::vector<std::string> changes_of(const std::vector<OptionDoc>& options,
                                    const std::string& prefix = "") {
  std::vector<std::string> changes;
  for (const auto& option : options) {
    const std::string path = prefix + option.name;
    if (!option.nested.empty())
      for (const auto& change : changes_of(option.nested, path + ".")) changes.push_back(change);
    else
      for (const auto& value : others(option)) changes.push_back(path + "=" + value);
  }
  return changes;
}

Weights foreign_weights(NamedState state, const std::string& dialect) {
  Weights weights;
  weights.options = {"theirs.pth", dialect, false};
  weights.foreign.tensors = std::move(state);
  return weights;
}

/// What is logged while `weights` are loaded.
std::string summary_of(SmallForm& form, const Weights& weights) {
  testing::internal::CaptureStderr();
  const std::string error =
      thrown_message<Error>([&] { load_weights(form.model, form.options, weights); });
  const std::string log = testing::internal::GetCapturedStderr();
  return error == "nothing thrown" ? log : "refused: " + error;
}

class ForeignForm : public testing::TestWithParam<Origin> {};
INSTANTIATE_TEST_SUITE_P(, ForeignForm, testing::ValuesIn(origins()), [](const auto& info) {
  return info.param.backbone + "_of_" + info.param.source;
});

TEST_P(ForeignForm, IsNotTakenForAnotherUnnoticed) {
  const auto& [source, backbone] = GetParam();
  at::manual_seed(1);
  const auto form = form_of(GetParam());
  SmallForm theirs(backbone, form);
  const StateDialect dialect = StateDialect::load(source, backbone);
  fill(theirs.model, dialect);
  const Weights weights = foreign_weights(export_state(theirs.model, dialect), source);
  const at::Tensor input = at::randn({1, 2, 16, 25, 3}), expected = theirs.score(input);
  int64_t loaded = 0;
  for (const auto& change :
       changes_of(Registry<Backbone>::instance().find_info(backbone)->options())) {
    SCOPED_TRACE(change);
    auto changed = form;
    changed.push_back(change);
    std::unique_ptr<SmallForm> ours;
    try {
      ours = std::make_unique<SmallForm>(backbone, changed);
    } catch (const ConfigError&) {
      continue;  // such a model cannot be
    }
    const std::string summary = summary_of(*ours, weights);
    if (summary.rfind("refused: ", 0) == 0) continue;
    ++loaded;
    const std::string path = change.substr(0, change.find('='));
    if (summary.find("taken from the config: ") != summary.npos &&
        summary.find(path + " ") != summary.npos)
      continue;
    const at::Tensor difference = (ours->score(input) - expected).abs().max();
    EXPECT_LE(difference.item<double>(), 1e-4 * expected.abs().max().item<double>()) << summary;
  }
  EXPECT_GT(loaded, 0);
}

TEST(LoadWeights, SaysWhatTheFileDoesNotShow) {
  SmallForm theirs("agcn", {"channels=[8, 8]"}), ours("agcn", {"channels=[8, 8]"});
  const auto state = export_state(theirs.model, StateDialect::load("agcn", "agcn"));
  EXPECT_EQ(summary_of(ours, foreign_weights(state, "")),
            fmt::format("weights: {} tensors of theirs.pth, named as by agcn\n"
                        "  not in the file, taken from the config: graph.edge_set default, "
                        "graph.normalization published\n",
                        state.size()));
}

TEST(LoadWeights, RefusesAPartitionThatTheSourceDoesNotHave) {
  SmallForm theirs("agcn", {"channels=[8, 8]"});
  SmallForm ours("agcn", {"channels=[8, 8]", "graph.partition=spatial"});
  const auto state = export_state(theirs.model, StateDialect::load("agcn", "agcn"));
  EXPECT_EQ(summary_of(ours, foreign_weights(state, "")),
            "refused: model.backbone.graph.partition: 'spatial'; expected 'self_in_out', with "
            "which the model computes what that of agcn does\n"
            "  Names and shapes would agree, the results would not. Set "
            "model.backbone.graph.partition=self_in_out.");
}

TEST(LoadWeights, RefusesDilationsThatTheSourceDoesNotHave) {
  SmallForm theirs("ctrgcn", {"channels=[8, 8]"});
  SmallForm ours("ctrgcn", {"channels=[8, 8]", "dilations=[1, 3]"});
  const auto state = export_state(theirs.model, StateDialect::load("ctrgcn", "ctrgcn"));
  EXPECT_EQ(summary_of(ours, foreign_weights(state, "")),
            "refused: model.backbone.dilations: '[1, 3]'; expected '[1, 2]', with which the model "
            "computes what that of ctrgcn does\n"
            "  Names and shapes would agree, the results would not. Set "
            "model.backbone.dilations=[1, 2].");
}

TEST(LoadWeights, ComparesTheGraphOfStGcnsAuthors) {
  SmallForm theirs("stgcn", {"channels=[8, 8]"});
  SmallForm ours("stgcn", {"channels=[8, 8]", "graph.edge_set=pyskl"});
  const auto state = export_state(theirs.model, StateDialect::load("st_gcn", "stgcn"));
  EXPECT_EQ(summary_of(ours, foreign_weights(state, "")),
            "refused: theirs.pth: 1 tensor does not fit the model:\n"
            "  other constant: A differs by up to 0.5 from what the model computes; is the graph "
            "of the config theirs (partition, edge_set)?\n"
            "  Use the config of the model that the file is for.");
}

TEST(LoadWeights, MissesConstantsThatWouldShowTheGraph) {
  SmallForm form("aagcn", {"channels=[8, 8]"});
  NamedState state = export_state(form.model, StateDialect::load("pyskl", "aagcn"));
  state.erase(std::remove_if(state.begin(), state.end(),
                             [](const auto& entry) { return entry.first == "backbone.A"; }),
              state.end());
  EXPECT_EQ(summary_of(form, foreign_weights(state, "")),
            "refused: theirs.pth: 1 tensor does not fit the model:\n"
            "  missing constant: backbone.A, by which the model's is checked\n"
            "  Use the config of the model that the file is for.");
}

/// A checkpoint of ours.
Weights own_weights(const SmallForm& form, bool is_partial = false) {
  Weights weights;
  weights.options = {"ours.pth", "", is_partial};
  weights.own.emplace();
  weights.own->model = state_of(form.model);
  Node model = Node::make_map({}), config = Node::make_map({});
  model.set("backbone", form.options.backbone.resolved());
  config.set("model", model);
  weights.own->config_yaml = dump_yaml(config);
  return weights;
}

TEST(LoadWeights, ComparesTheFormOfOurOwnCheckpointsWithTheConfig) {
  SmallForm column("ctrgcn", {"channels=[8, 8]", "receiver=column"});
  SmallForm row("ctrgcn", {"channels=[8, 8]"});
  const auto before = at::clone(state_of(row.model).front().second);
  EXPECT_EQ(summary_of(row, own_weights(column)),
            "refused: model.backbone.receiver: 'row'; expected 'column', with which ours.pth was "
            "trained\n"
            "  Names and shapes would agree, the results would not. Set "
            "model.backbone.receiver=column.");
  EXPECT_TRUE(at::equal(state_of(row.model).front().second, before));
  EXPECT_EQ(summary_of(row, own_weights(row)), "");
}

TEST(LoadWeights, SaysThatItGoesOnInAnotherFormWhenPartial) {
  SmallForm plain("agcn", {"channels=[8, 8]"});
  SmallForm other("agcn", {"channels=[8, 8]", "graph.edge_set=pyskl"});
  EXPECT_EQ(summary_of(other, own_weights(plain, /*is_partial=*/true)),
            fmt::format("weights: {} tensors of ours.pth\n"
                        "  model.backbone.graph.edge_set: 'pyskl'; expected 'default', with which "
                        "ours.pth was trained\n",
                        state_of(plain.model).size()));
}

}  // namespace
}  // namespace kinegraph
