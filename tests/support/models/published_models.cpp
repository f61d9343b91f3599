#include "tests/support/models/published_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace kinegraph {
namespace {

using nlohmann::json;

/// An argument without a meaning here must not be lost silently.
void refuse_unknown(const json& arguments, const std::vector<std::string>& known) {
  for (const auto& item : arguments.items())
    if (std::find(known.begin(), known.end(), item.key()) == known.end())
      throw Error(fmt::format("no option stands for the published argument '{}: {}'", item.key(),
                              item.value().dump()));
}

const std::string& skeleton_of(const std::string& layout) {
  static const std::map<std::string, std::string> kSkeletons{{"ntu-rgb+d", "ntu25"},
                                                             {"openpose", "openpose18"}};
  const auto found = kSkeletons.find(layout);
  if (found == kSkeletons.end()) throw Error(fmt::format("unknown layout '{}'", layout));
  return found->second;
}

/// (N, C, T, V, M) to (N, M, T, V, C).
const std::vector<int64_t> kFromNctvm{0, 4, 2, 3, 1};

/// `heads` holds what follows the backbone in the config.
PublishedModel st_gcn(const json& kwargs, const std::string& backbone, const std::string& heads,
                      const StateDialect& dialect) {
  refuse_unknown(
      kwargs, {"in_channels", "num_class", "dropout", "edge_importance_weighting", "graph_args"});
  const json& graph = kwargs.at("graph_args");
  refuse_unknown(graph, {"layout", "strategy", "max_hop", "dilation"});
  PublishedModel model;
  model.model_yaml = fmt::format(
      "backbone:\n"
      "  type: {}\n"
      "  graph: {{partition: {}, max_hop: {}, dilation: {}}}\n"
      "  dropout: 0\n"
      "  edge_importance: {}\n"
      "{}"
      "loss: cross_entropy\n",
      backbone, graph.at("strategy").get<std::string>(), graph.value("max_hop", 1),
      graph.value("dilation", 1), kwargs.at("edge_importance_weighting").get<bool>(), heads);
  model.skeleton = skeleton_of(graph.at("layout"));
  model.num_classes = kwargs.at("num_class");
  model.dialect = dialect;
  model.input_order = kFromNctvm;
  return model;
}

PublishedModel st_gcn_one_stream(const json& kwargs) {
  return st_gcn(
      kwargs, "stgcn", "heads: {logits: gcn}\n",
      {{"fcn\\.(.*)", "heads.logits.fc.$1", Reshape::kDropTrailingOnes}, {"(.*)", "backbone.$1"}});
}

PublishedModel st_gcn_two_streams(const json& kwargs) {
  return st_gcn(
      kwargs, "stgcn_two_stream",
      "heads:\n"
      "  origin: {type: gcn, feature: origin}\n"
      "  motion: {type: gcn, feature: motion}\n"
      "score: {outputs: [origin, motion], reduce: sum}\n",
      {{"(origin|motion)_stream\\.fcn\\.(.*)", "heads.$1.fc.$2", Reshape::kDropTrailingOnes},
       {"(.*)", "backbone.$1"}});
}

const std::vector<PublishedClass>& published_classes() {
  static const std::vector<PublishedClass> kClasses{
      {"st-gcn", "net.st_gcn.Model", "stgcn", st_gcn_one_stream},
      {"st-gcn", "net.st_gcn_twostream.Model", "stgcn_two_stream", st_gcn_two_streams},
      {"2s-AGCN", "model.agcn.Model", "agcn"},
      {"2s-AGCN", "model.aagcn.Model", "aagcn"},
      {"MS-G3D", "model.msg3d.Model", "msg3d"},
      {"DualHead-Network", "model.dualhead_net.Model", "dualhead"},
      {"CTR-GCN", "model.ctrgcn.Model", "ctrgcn"},
      {"Shift-GCN", "model.shift_gcn.Model", "shiftgcn"},
      {"pyskl", "RecognizerGCN/STGCN/GCNHead", "stgcn_pyskl"},
      {"pyskl", "RecognizerGCN/AAGCN/GCNHead", "aagcn_pyskl"},
      {"pyskl", "RecognizerGCN/CTRGCN/GCNHead", "ctrgcn_pyskl"},
      {"pyskl", "RecognizerGCN/DGSTGCN/GCNHead", "dgstgcn"},
      {"pyskl", "RecognizerGCN/MSG3D/GCNHead", "msg3d_pyskl"},
      {"pyskl", "Recognizer3D/ResNet3dSlowOnly/I3DHead", "posec3d_slowonly"},
      {"pyskl", "Recognizer3D/X3D/I3DHead", "posec3d_x3d"},
      {"mmaction2", "RecognizerGCN/STGCN/GCNHead", "stgcn_pyskl"},
      {"mmaction2", "Recognizer3D/ResNet3dSlowOnly/I3DHead", "posec3d_slowonly"},
  };
  return kClasses;
}

}  // namespace

const PublishedClass* find_published_class(const std::string& repo, const std::string& class_name) {
  for (const auto& published : published_classes())
    if (published.repo == repo && published.class_name == class_name) return &published;
  return nullptr;
}

}  // namespace kinegraph
