// Published states into our models and back, for every model file of shared/golden; published
// checkpoint files; and real weights on real clips.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "framework/run/state_translation.h"
#include "framework/run/weights.h"
#include "tests/support/golden.h"
#include "tests/support/models/build_model.h"
#include "tests/support/models/golden_model.h"
#include "tests/support/models/published_models.h"
#include "tests/support/python.h"
#include "tests/support/thrown_message.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

constexpr double kSingle = 1e-5;     // float32 logits, relative to the largest
constexpr double kConstants = 1e-6;  // of float32 graphs

fs::path golden_dir() { return shared_dir() / "golden"; }

/// A published model, ours of the same form, and its input in our order.
struct Subject {
  explicit Subject(const fs::path& path)
      : golden(path), published(class_of(golden).model(golden.kwargs())) {
    options = model_options(published.model_yaml);
    auto read = golden.read("input");
    if (published.clip_dimension >= 0) read = read.select(published.clip_dimension, 0);
    input = read.permute(published.input_order).contiguous().to(at::kFloat);
  }

  static const PublishedClass& class_of(const GoldenModel& golden) {
    return *find_published_class(golden.repo(), golden.class_name());
  }

  std::shared_ptr<Recognizer> build() const {
    return std::make_shared<Recognizer>(
        options,
        model_context(published.skeleton, input.size(1), input.size(2), published.num_classes));
  }

  StateDialect dialect() const {
    return StateDialect::load(published.dialect, options.backbone.type());
  }

  NamedState state() const {
    NamedState state;
    for (const auto& entry : golden.state())
      state.emplace_back(entry.key, golden.value_of(entry).reshape(entry.shape));
    return state;
  }

  void expect_logits(Recognizer& model) const {
    const at::NoGradGuard no_grad;
    model.eval();
    const auto outputs = model.forward({{"keypoints", input}});
    if (published.outputs.empty()) expect_close(model.score(outputs), "output");
    for (const auto& [head, ending] : published.outputs)
      expect_close(outputs.at(head), "output" + ending);
  }

  void expect_close(const at::Tensor& actual, const std::string& dataset) const {
    const auto expected = golden.read(dataset);
    const auto error = (actual.to(at::kDouble) - expected).abs().max() / expected.abs().max();
    EXPECT_LE(error.item<double>(), kSingle) << dataset;
  }

  GoldenModel golden;
  PublishedModel published;
  ModelOptions options;
  at::Tensor input;
};

Weights foreign(NamedState state, const std::string& dialect = "", bool is_partial = false) {
  Weights weights;
  weights.options = {"theirs.pth", dialect, is_partial};
  weights.foreign.tensors = std::move(state);
  return weights;
}

bool is_bit_equal(const NamedState& a, const NamedState& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && at::equal(x.second, y.second);
  });
}

/// Model files whose backbone we have.
std::vector<fs::path> model_files() {
  std::vector<fs::path> files;
  if (!fs::exists(golden_dir())) return files;
  for (const auto& path : GoldenModel::files_in(golden_dir())) {
    const GoldenModel golden(path);
    const auto* published = find_published_class(golden.repo(), golden.class_name());
    if (published && published->model && Registry<Backbone>::instance().find(published->backbone))
      files.push_back(path);
  }
  return files;
}

class PublishedState : public testing::TestWithParam<fs::path> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PublishedState);
INSTANTIATE_TEST_SUITE_P(Shared, PublishedState, testing::ValuesIn(model_files()),
                         [](const auto& info) { return info.param.stem().string(); });

TEST_P(PublishedState, IsLoadedByItsNamesAloneAndGivesThePublishedLogits) {
  const Subject subject(GetParam());
  const auto model = subject.build();
  load_weights(*model, subject.options, foreign(subject.state()));
  subject.expect_logits(*model);
}

TEST_P(PublishedState, IsExportedWithTheSameNamesShapesOrderAndBits) {
  const Subject subject(GetParam());
  const auto model = subject.build();
  load_weights(*model, subject.options, foreign(subject.state(), subject.published.dialect));
  const NamedState exported = export_state(*model, subject.dialect());
  const auto& expected = subject.golden.state();
  ASSERT_EQ(exported.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    const auto& [name, tensor] = exported[i];
    EXPECT_EQ(name, expected[i].key) << i;
    EXPECT_EQ(tensor.sizes(), at::IntArrayRef(expected[i].shape)) << name;
    const at::Tensor value = subject.golden.value_of(expected[i]).reshape(expected[i].shape);
    if (tensor.sizes() != value.sizes()) continue;
    if (expected[i].kind == "const")
      EXPECT_TRUE(at::allclose(tensor.to(at::kDouble), value.to(at::kDouble), 0, kConstants))
          << name;
    else
      EXPECT_TRUE(tensor.scalar_type() == value.scalar_type() && at::equal(tensor, value)) << name;
  }
}

TEST_P(PublishedState, ComesBackFromAnExportBitForBit) {
  const Subject subject(GetParam());
  const auto model = subject.build(), loaded = subject.build();
  load_weights(*loaded, subject.options, foreign(export_state(*model, subject.dialect())));
  EXPECT_TRUE(is_bit_equal(state_of(*loaded), state_of(*model)));
}

/// Lines "key shape" as Python prints them.
std::string listing(const NamedState& state) {
  std::string text;
  for (const auto& [name, tensor] : state)
    text += fmt::format("{} {}\n", name, fmt::join(tensor.sizes(), ","));
  return text;
}

TEST(ExportedStates, AreLoadedByPython) {
  const Python python;
  if (!python.has_torch()) GTEST_SKIP() << python.name() << " cannot import torch";
  if (model_files().empty()) GTEST_SKIP() << "no folder " << golden_dir();
  const TempDir folder;
  for (const auto& path : model_files()) {
    const Subject subject(path);
    const auto model = subject.build();
    CheckpointMap map;
    for (auto& [name, tensor] : export_state(*model, subject.dialect()))
      map.emplace_back(name, tensor);
    write_checkpoint_file(folder / (path.stem().string() + ".pth"), map);
    folder.write(path.stem().string() + ".txt", listing(subject.state()));
  }
  EXPECT_EQ(python.run("import glob, torch\nfiles = glob.glob('" + folder.path().string() +
                       R"(/*.pth')
assert files
for file in files:
    state = torch.load(file, weights_only=True)
    lines = [f"{k} {','.join(map(str, v.shape))}\n" for k, v in state.items()]
    assert lines == open(file[:-3] + 'txt').readlines(), file
)"),
            0)
      << python.output();
}

/// spec/state_dict_keys lists "key (shape)", and the type of integers, without batch counters.
TEST(ExportedStates, HaveTheListedKeys) {
  const fs::path lists = shared_dir() / "spec" / "state_dict_keys";
  if (!fs::exists(lists)) GTEST_SKIP() << "no folder " << lists;
  const std::vector<std::pair<std::string, std::string>> pairs{
      {"agcn_ntu", "sd_agcn"},          {"aagcn_ntu", "sd_aagcn"},
      {"msg3d_ntu60", "sd_msg3d"},      {"ctrgcn_authors_ntu", "sd_ctrgcn"},
      {"shiftgcn_ntu", "sd_shiftgcn"},  {"dualhead_ntu60", "sd_dualhead"},
      {"stgcn_ntu_spatial", "sd_stgcn"}};
  for (const auto& [golden, list] : pairs) {
    SCOPED_TRACE(list);
    const Subject subject(golden_dir() / (golden + ".h5"));
    std::string expected = read_file(lists / (list + ".txt")), actual;
    for (const auto& [name, tensor] : export_state(*subject.build(), subject.dialect())) {
      if (name.find("num_batches_tracked") != name.npos) continue;
      const std::string shape = fmt::format("{}", fmt::join(tensor.sizes(), ", "));
      actual += fmt::format("{} ({}{}){}\n", name, shape, tensor.dim() == 1 ? "," : "",
                            tensor.scalar_type() == at::kLong ? " int64" : "");
    }
    EXPECT_EQ(actual, expected);
  }
}

/// golden/*.pth that lie beside a model file of their name.
class PublishedFile : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Golden, PublishedFile,
                         testing::Values("pyskl_stgcnpp_ntu.zip.pth",
                                         "pyskl_stgcnpp_ntu.legacy.pth",
                                         "pyskl_posec3d_x3d_shallow.zip.pth",
                                         "pyskl_posec3d_x3d_shallow.legacy.pth"));

TEST_P(PublishedFile, HoldsThePublishedState) {
  if (!fs::exists(golden_dir())) GTEST_SKIP() << "no folder " << golden_dir();
  const std::string name = GetParam();
  const GoldenModel golden(golden_dir() / (name.substr(0, name.find('.')) + ".h5"));
  const Weights weights = read_weights({(golden_dir() / name).string(), "", false});
  const NamedState& state = weights.foreign.tensors;
  ASSERT_EQ(state.size(), golden.state().size());
  for (size_t i = 0; i < state.size(); ++i) {
    const auto& entry = golden.state()[i];
    EXPECT_EQ(state[i].first, entry.key);
    EXPECT_TRUE(at::equal(state[i].second, golden.value_of(entry).reshape(entry.shape)))
        << entry.key;
  }
}

TEST(PublishedFiles, GiveThePublishedLogits) {
  if (!fs::exists(golden_dir())) GTEST_SKIP() << "no folder " << golden_dir();
  const Subject subject(golden_dir() / "pyskl_stgcnpp_ntu.h5");
  for (const char* form : {"zip", "legacy"}) {
    const auto model = subject.build();
    const fs::path file = golden_dir() / fmt::format("pyskl_stgcnpp_ntu.{}.pth", form);
    load_weights(*model, subject.options, read_weights({file.string(), "", false}));
    subject.expect_logits(*model);
  }
}

const std::string kSmall =
    "backbone: {type: stgcn, channels: [8, 8], temporal_kernel: 3}\n"
    "heads: {logits: gcn}\n"
    "loss: cross_entropy\n";

struct SmallModel {
  explicit SmallModel(const std::string& yaml = kSmall, int64_t classes = 4)
      : options(model_options(yaml)), model(options, model_context("kinect20", 1, 8, classes)) {}

  std::string error_of(const Weights& weights) {
    return thrown_message<Error>([&] { load_weights(model, options, weights); });
  }
  NamedState published(const std::string& dialect) const {
    return export_state(model, StateDialect::load(dialect, options.backbone.type()));
  }

  ModelOptions options;
  Recognizer model;
};

TEST(LoadWeights, TellsEveryDifferenceInBothNames) {
  SmallModel small;
  NamedState state = small.published("st_gcn");
  for (auto& [name, tensor] : state) {
    if (name == "fcn.weight") tensor = at::ones({5, 8, 1, 1});
    if (name == "data_bn.bias") tensor = at::ones({60}, at::kLong);
    if (name == "fcn.bias") name = "fcn.bais";
  }
  EXPECT_EQ(small.error_of(foreign(state)),
            "theirs.pth: 4 tensors do not fit the model:\n"
            "  other type: data_bn.bias (our backbone.data_bn.bias) is Long, the model has Float\n"
            "  other shape: fcn.weight (our heads.logits.fc.weight) is (5x8), the model has (4x8)\n"
            "  missing: fcn.bias (our heads.logits.fc.bias) (4)\n"
            "  not in the model: fcn.bais (4); did you mean 'fcn.bias'?\n"
            "  Use the config of the model that the file is for.");
}

TEST(LoadWeights, TakesWhatFitsWhenPartial) {
  SmallModel ten(kSmall, 10), four;
  const at::Tensor head = at::clone(state_of(four.model).back().second);
  load_weights(four.model, four.options, foreign(ten.published("st_gcn"), "", true));
  const auto given = state_of(ten.model), taken = state_of(four.model);
  for (size_t i = 0; i < given.size(); ++i)
    if (given[i].first.rfind("backbone.", 0) == 0) {
      EXPECT_TRUE(at::equal(given[i].second, taken[i].second)) << given[i].first;
    }
  EXPECT_TRUE(at::equal(state_of(four.model).back().second, head));
}

TEST(LoadWeights, RefusesAPartialFileOfWhichNothingFits) {
  SmallModel small;
  const NamedState state{{"data_bn.weight", at::ones({7})}};
  EXPECT_NE(small.error_of(foreign(state, "", true)).find("data_bn.weight"), std::string::npos);
}

TEST(LoadWeights, RefusesNamesOfNoDialect) {
  SmallModel small;
  EXPECT_EQ(small.error_of(foreign({{"encoder.0.weight", at::ones({7})}})),
            "theirs.pth: no name that the backbone 'stgcn' has, but encoder.0.weight; expected "
            "names as of kinegraph, mmaction2, pyskl, st_gcn\n"
            "  Use the config of the model that the file is for.");
}

TEST(LoadWeights, KnowsOurOwnNamesToo) {
  SmallModel from, to;
  load_weights(to.model, to.options, foreign(state_of(from.model)));
  EXPECT_TRUE(is_bit_equal(state_of(to.model), state_of(from.model)));
}

TEST(LoadWeights, AcceptsOldFilesWithoutBatchCounters) {
  SmallModel from, to;
  NamedState state = from.published("st_gcn");
  state.erase(std::remove_if(state.begin(), state.end(),
                             [](const auto& entry) {
                               return entry.first.find("num_batches_tracked") != std::string::npos;
                             }),
              state.end());
  EXPECT_EQ(to.error_of(foreign(state)), "nothing thrown");
}

TEST(LoadWeights, RefusesConstantsOfAnotherGraph) {
  SmallModel small;
  NamedState state = small.published("pyskl");
  for (auto& [name, tensor] : state)
    if (name == "backbone.gcn.1.gcn.A") tensor = tensor + 0.25;
  EXPECT_EQ(small.error_of(foreign(state)),
            "theirs.pth: 1 tensor does not fit the model:\n"
            "  other constant: backbone.gcn.1.gcn.A differs by up to 0.25 from what the model "
            "computes; is the graph of the config theirs (partition, edge_set)?\n"
            "  Use the config of the model that the file is for.");
}

TEST(LoadWeights, RefusesAModelThatWouldComputeSomethingElse) {
  const std::string yaml =
      "backbone: {type: ctrgcn, channels: [16, 16], graph: {partition: self_in_out}, receiver: "
      "column, relu_after_temporal: true}\n"
      "heads: {logits: gcn}\n"
      "loss: cross_entropy\n";
  SmallModel theirs(yaml);
  std::string other = yaml;
  other.replace(other.find("column"), 6, "row");
  SmallModel ours(other);
  EXPECT_EQ(ours.error_of(foreign(theirs.published("pyskl"))),
            "model.backbone.receiver: 'row'; expected 'column', with which the model computes what "
            "that of pyskl does\n"
            "  Names and shapes would agree, the results would not. Set "
            "model.backbone.receiver=column.");
}

TEST(RealWeights, OfShiftGcnGiveThePublishedLogitsOfRealClips) {
  const fs::path file = shared_dir() / "data/checkpoints/ntu_ShiftGCN_joint_xsub.pt";
  if (!fs::exists(file)) GTEST_SKIP() << "no file " << file;
  const auto data = Hdf5File::open(golden_dir() / "shiftgcn_real_ntu.h5");
  const at::Tensor input = read_tensor(data, "input_NMTVC").to(at::kFloat);
  const at::Tensor expected = read_tensor(data, "logits_ntu_ShiftGCN_joint_xsub");
  const auto options = model_options(
      "backbone: shiftgcn\n"
      "heads: {logits: gcn}\n"
      "loss: cross_entropy\n");
  Recognizer model(options, model_context("ntu25", 2, 300, 60));
  load_weights(model, options, read_weights({file.string(), "", false}));
  const at::NoGradGuard no_grad;
  model.eval();
  const at::Tensor logits = model.score(model.forward({{"keypoints", input}})).to(at::kDouble);
  EXPECT_LT((logits - expected).abs().max().item<double>(), 1e-4);
  EXPECT_TRUE(at::equal(logits.argmax(1), at::tensor({10, 57, 2}, at::kLong)));
}

TEST(RealWeights, OfPysklsHandGesturesLoadStrictly) {
  const fs::path file = shared_dir() / "data/checkpoints/hagrid.pth";
  if (!fs::exists(file)) GTEST_SKIP() << "no file " << file;
  const auto options = model_options(
      "backbone: {type: stgcnpp, channels: [64, 64, 64, 64, 64, 128]}\n"
      "heads: {logits: gcn}\n"
      "loss: cross_entropy\n");
  ModelContext context = model_context("hand21", 1, 10, 40);
  context.backbone.inputs["keypoints"].channels = 2;
  Recognizer model(options, context);
  const Weights weights = read_weights({file.string(), "", false});
  load_weights(model, options, weights);
  const NamedState back = export_state(model, StateDialect::load("pyskl", "stgcnpp"));
  EXPECT_TRUE(is_bit_equal(back, weights.foreign.tensors));
}

}  // namespace
}  // namespace kinegraph
