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

/// (N, M, T, V, C) after the clip dimension.
const std::vector<int64_t> kFromNmtvc{0, 1, 2, 3, 4};

PublishedModel published(const std::string& dialect, const std::string& backbone,
                         const std::string& heads, const std::string& loss = "cross_entropy") {
  PublishedModel model;
  model.model_yaml = fmt::format("backbone: {{{}}}\n{}loss: {}\n", backbone, heads, loss);
  model.dialect = dialect;
  model.input_order = kFromNctvm;
  return model;
}

const std::string kOneHead = "heads: {logits: gcn}\n";

/// `heads` holds what follows the backbone in the config.
PublishedModel st_gcn(const json& kwargs, const std::string& backbone, const std::string& heads) {
  refuse_unknown(
      kwargs, {"in_channels", "num_class", "dropout", "edge_importance_weighting", "graph_args"});
  const json& graph = kwargs.at("graph_args");
  refuse_unknown(graph, {"layout", "strategy", "max_hop", "dilation"});
  auto model = published(
      "st_gcn",
      fmt::format("type: {}, graph: {{partition: {}, max_hop: {}, dilation: {}}}, dropout: 0, "
                  "edge_importance: {}",
                  backbone, graph.at("strategy").get<std::string>(), graph.value("max_hop", 1),
                  graph.value("dilation", 1), kwargs.at("edge_importance_weighting").get<bool>()),
      heads);
  model.skeleton = skeleton_of(graph.at("layout"));
  model.num_classes = kwargs.at("num_class");
  return model;
}

PublishedModel st_gcn_one_stream(const json& kwargs) { return st_gcn(kwargs, "stgcn", kOneHead); }

PublishedModel st_gcn_two_streams(const json& kwargs) {
  return st_gcn(kwargs, "stgcn_two_stream",
                "heads:\n"
                "  origin: {type: gcn, feature: origin}\n"
                "  motion: {type: gcn, feature: motion}\n"
                "score: {outputs: [origin, motion], reduce: sum}\n");
}

const std::string& skeleton_of_graph(const std::string& graph) {
  static const std::map<std::string, std::string> kSkeletons{
      {"graph.ntu_rgb_d.Graph", "ntu25"},
      {"graph.ucla.Graph", "kinect20"},
      {"graph.kinetics.Graph", "openpose18"},
      {"graph.ntu_rgb_d.AdjMatrixGraph", "ntu25"},
      {"graph.kinetics.AdjMatrixGraph", "openpose18"},
      {"graph_msg3d.ntu_rgb_d.AdjMatrixGraph", "ntu25"}};
  const auto found = kSkeletons.find(graph);
  if (found == kSkeletons.end()) throw Error(fmt::format("unknown graph '{}'", graph));
  return found->second;
}

/// The family of 2s-AGCN: graph of three subsets, one head.
PublishedModel of_agcn_family(const json& kwargs, const std::string& backbone,
                              const std::string& dialect) {
  refuse_unknown(kwargs, {"num_class", "num_point", "num_person", "graph", "graph_args"});
  if (kwargs.at("graph_args") != json{{"labeling_mode", "spatial"}})
    throw Error("another labeling_mode than 'spatial'");
  auto model = published(dialect, "type: " + backbone, kOneHead);
  model.skeleton = skeleton_of_graph(kwargs.at("graph"));
  model.num_classes = kwargs.at("num_class");
  return model;
}

PublishedModel agcn(const json& kwargs) { return of_agcn_family(kwargs, "agcn", "agcn"); }
PublishedModel aagcn(const json& kwargs) { return of_agcn_family(kwargs, "aagcn", "agcn"); }
PublishedModel ctrgcn(const json& kwargs) { return of_agcn_family(kwargs, "ctrgcn", "ctrgcn"); }
PublishedModel shiftgcn(const json& kwargs) {
  return of_agcn_family(kwargs, "shiftgcn", "shiftgcn");
}

PublishedModel of_msg3d_family(const json& kwargs, const std::string& backbone,
                               const std::string& heads, const std::string& loss) {
  refuse_unknown(kwargs, {"num_class", "num_point", "num_person", "graph", "num_gcn_scales",
                          "num_g3d_scales"});
  auto model = published(
      backbone,
      fmt::format("type: {}, graph_scales: {}, window_scales: {}", backbone,
                  kwargs.at("num_gcn_scales").get<int>(), kwargs.at("num_g3d_scales").get<int>()),
      heads, loss);
  const std::string& graph = kwargs.at("graph");
  model.skeleton = skeleton_of_graph(graph);
  model.graphs = (backbone == "msg3d" ? "MS-G3D/" : "DualHead-Network/") +
                 std::string(model.skeleton == "ntu25" ? "ntu_rgb_d" : "kinetics");
  model.num_classes = kwargs.at("num_class");
  return model;
}

PublishedModel msg3d(const json& kwargs) {
  return of_msg3d_family(kwargs, "msg3d", kOneHead, "cross_entropy");
}

PublishedModel dualhead(const json& kwargs) {
  auto model = of_msg3d_family(kwargs, "dualhead",
                               "heads:\n"
                               "  fine: {type: gcn, feature: fine}\n"
                               "  coarse: {type: gcn, feature: coarse}\n",
                               "{type: cross_entropy, target: heads}");
  model.outputs = {{"fine", ""}, {"coarse", "_1"}};
  return model;
}

/// PYSKL's and MMAction2's form: {type, backbone: {...}, cls_head: {...}}.
PublishedModel of_pyskl(const json& kwargs, const std::string& backbone,
                        const std::vector<std::string>& known, const std::string& mode,
                        const std::string& dialect) {
  std::vector<std::string> arguments{"type", "graph_cfg"};
  arguments.insert(arguments.end(), known.begin(), known.end());
  refuse_unknown(kwargs.at("backbone"), arguments);
  refuse_unknown(kwargs.at("cls_head"), {"type", "num_classes", "in_channels"});
  const json& graph = kwargs.at("backbone").at("graph_cfg");
  if (graph.at("mode") != mode) throw Error("another graph than " + mode);
  static const std::map<std::string, std::string> kSkeletons{
      {"nturgb+d", "ntu25"}, {"openpose", "openpose18"}, {"coco", "coco17"}, {"handmp", "hand21"}};
  auto model = published(dialect, backbone, kOneHead);
  model.skeleton = kSkeletons.at(graph.at("layout"));
  if (model.skeleton == "ntu25" && mode != "random") {
    const std::string edges = "edge_set: pyskl";
    const auto at = model.model_yaml.find("EDGES");
    model.model_yaml.replace(at, 5, edges);
  } else if (const auto at = model.model_yaml.find(", EDGES"); at != std::string::npos) {
    model.model_yaml.erase(at, 7);
  }
  model.num_classes = kwargs.at("cls_head").at("num_classes");
  model.input_order = kFromNmtvc;
  model.clip_dimension = 1;
  return model;
}

PublishedModel stgcn_of(const json& kwargs, const std::string& dialect) {
  if (!kwargs.at("backbone").contains("gcn_adaptive"))
    return of_pyskl(kwargs, "type: stgcn, dropout: 0, graph: {partition: spatial, EDGES}", {},
                    "stgcn_spatial", dialect);
  const json& backbone = kwargs.at("backbone");
  if (backbone.at("gcn_adaptive") != "init" || backbone.at("tcn_type") != "mstcn" ||
      backbone.at("gcn_with_res") != true)
    throw Error("neither ST-GCN nor ST-GCN++");
  return of_pyskl(kwargs, "type: stgcnpp, graph: {partition: self_in_out, EDGES}",
                  {"gcn_adaptive", "gcn_with_res", "tcn_type"}, "spatial", dialect);
}

PublishedModel stgcn_pyskl(const json& kwargs) { return stgcn_of(kwargs, "pyskl"); }
PublishedModel stgcn_mmaction2(const json& kwargs) { return stgcn_of(kwargs, "mmaction2"); }

PublishedModel aagcn_pyskl(const json& kwargs) {
  return of_pyskl(kwargs, "type: aagcn, graph: {partition: self_in_out, EDGES}", {}, "spatial",
                  "pyskl");
}

PublishedModel ctrgcn_pyskl(const json& kwargs) {
  return of_pyskl(kwargs,
                  "type: ctrgcn, receiver: column, relu_after_temporal: true, "
                  "graph: {partition: self_in_out, EDGES}",
                  {}, "spatial", "pyskl");
}

PublishedModel msg3d_pyskl(const json& kwargs) {
  return of_pyskl(kwargs,
                  "type: msg3d, receiver: column, "
                  "graph: {partition: k_hop, normalization: column, EDGES}",
                  {}, "binary_adj", "pyskl");
}

PublishedModel dgstgcn_pyskl(const json& kwargs) {
  const json& backbone = kwargs.at("backbone");
  if (backbone.at("gcn_ctr") != "T" || backbone.at("gcn_ada") != "T")
    throw Error("DG-STGCN in another form than T, T");
  return of_pyskl(kwargs,
                  fmt::format("type: dgstgcn, ratio: {}, num_graphs: {}",
                              backbone.at("gcn_ratio").get<double>(),
                              backbone.at("graph_cfg").at("num_filter").get<int>()),
                  {"gcn_ratio", "gcn_ctr", "gcn_ada", "tcn_ms_cfg"}, "random", "pyskl");
}

const std::vector<PublishedClass>& published_classes() {
  static const std::vector<PublishedClass> kClasses{
      {"st-gcn", "net.st_gcn.Model", "stgcn", st_gcn_one_stream},
      {"st-gcn", "net.st_gcn_twostream.Model", "stgcn_two_stream", st_gcn_two_streams},
      {"2s-AGCN", "model.agcn.Model", "agcn", agcn},
      {"2s-AGCN", "model.aagcn.Model", "aagcn", aagcn},
      {"MS-G3D", "model.msg3d.Model", "msg3d", msg3d},
      {"DualHead-Network", "model.dualhead_net.Model", "dualhead", dualhead},
      {"CTR-GCN", "model.ctrgcn.Model", "ctrgcn", ctrgcn},
      {"Shift-GCN", "model.shift_gcn.Model", "shiftgcn", shiftgcn},
      {"pyskl", "RecognizerGCN/STGCN/GCNHead", "stgcn", stgcn_pyskl},
      {"pyskl", "RecognizerGCN/AAGCN/GCNHead", "aagcn", aagcn_pyskl},
      {"pyskl", "RecognizerGCN/CTRGCN/GCNHead", "ctrgcn", ctrgcn_pyskl},
      {"pyskl", "RecognizerGCN/DGSTGCN/GCNHead", "dgstgcn", dgstgcn_pyskl},
      {"pyskl", "RecognizerGCN/MSG3D/GCNHead", "msg3d", msg3d_pyskl},
      {"pyskl", "Recognizer3D/ResNet3dSlowOnly/I3DHead", "posec3d_slowonly"},
      {"pyskl", "Recognizer3D/X3D/I3DHead", "posec3d_x3d"},
      {"mmaction2", "RecognizerGCN/STGCN/GCNHead", "stgcn", stgcn_mmaction2},
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
