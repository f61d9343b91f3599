#include <simdjson.h>

#include <algorithm>
#include <set>

#include "datasets/formats/json_reader.h"
#include "framework/base/file.h"
#include "framework/data/import_writer.h"
#include "framework/skeleton/skeleton.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

constexpr int64_t kJoints = 20, kChannels = 3;
constexpr size_t kMaxFileBytes = 256 << 20;

/// Action a07 and a10 do not exist; labels follow the order of the others.
const std::vector<std::pair<int, std::string>> kActions{{1, "pick up with one hand"},
                                                        {2, "pick up with two hands"},
                                                        {3, "drop trash"},
                                                        {4, "walk around"},
                                                        {5, "sit down"},
                                                        {6, "stand up"},
                                                        {8, "donning"},
                                                        {9, "doffing"},
                                                        {11, "throw"},
                                                        {12, "carry"}};

/// aAA_sSS_eEE_vVV
struct ClipName {
  int action = 0, subject = 0, repetition = 0, view = 0;

  static ClipName parse(const std::string& name, const std::string& where) {
    ClipName parsed;
    int used = 0;
    const int found = std::sscanf(name.c_str(), "a%2d_s%2d_e%2d_v%2d%n", &parsed.action,
                                  &parsed.subject, &parsed.repetition, &parsed.view, &used);
    if (found != 4 || static_cast<size_t>(used) != name.size())
      throw DataError(Fault{where, fmt::format("the clip name '{}'", name),
                            "a name such as a01_s02_e03_v01", "Is this the NW-UCLA data?"});
    return parsed;
  }
};

int64_t label_of(const ClipName& name, const std::string& where) {
  for (size_t i = 0; i < kActions.size(); ++i)
    if (kActions[i].first == name.action) return static_cast<int64_t>(i);
  throw DataError(Fault{where, fmt::format("action {}", name.action), "one of 1-6, 8, 9, 11, 12",
                        "Is this the NW-UCLA data?"});
}

[[noreturn]] void fail_split(const std::string& where, const std::string& found) {
  throw DataError(Fault{where, found, "{\"train\": [{\"file_name\"}, ...], \"val\": [...]}",
                        "Download the file again, or remove it: the views then decide."});
}

[[noreturn]] void fail_json(const std::string& where, const std::string& found) {
  throw DataError(Fault{where, found,
                        "{\"file_name\", \"skeletons\": [T][20][3] in metres, \"label\": 1..10}",
                        "Download the file again."});
}

/// "a.json, byte 7", where the text is not JSON.
std::string place_of_fault(const fs::path& path, const std::string_view text) {
  const auto byte = text.empty() ? std::nullopt : find_json_fault(text);
  return byte ? fmt::format("{}, byte {}", path.string(), *byte) : path.string();
}

/// Reads clip files one after another, reusing memory.
class ClipReader {
 public:
  Clip read(const fs::path& path) {
    const simdjson::padded_string text(read_file(path, kMaxFileBytes));
    simdjson::dom::element root;
    if (const auto error = parser_.parse(text).get(root))
      fail_json(place_of_fault(path, text),
                fmt::format("not valid JSON ({})", simdjson::error_message(error)));
    Clip clip;
    clip.id = path.stem().string();
    const ClipName name = ClipName::parse(clip.id, path.string());
    clip.labels = {label_of(name, path.string())};
    check_label(root, clip.labels[0], path.string());
    clip.subject = name.subject;
    clip.camera = name.view;
    clip.replication = name.repetition;
    clip.num_persons = 1;
    read_frames(root, clip, path.string());
    return clip;
  }

 private:
  static void check_label(const simdjson::dom::element& root, int64_t label,
                          const std::string& where) {
    int64_t stored = 0;
    if (root["label"].get(stored)) fail_json(where, "no integer 'label'");
    if (stored != label + 1)
      fail_json(where, fmt::format("the label {} where the name says {}", stored, label + 1));
  }

  static void read_frames(const simdjson::dom::element& root, Clip& clip, const std::string& file) {
    simdjson::dom::array frames;
    if (root["skeletons"].get(frames)) fail_json(file, "no list 'skeletons'");
    for (const simdjson::dom::element frame : frames) {
      const std::string where = fmt::format("{}, frame {}", file, clip.num_frames++);
      simdjson::dom::array joints;
      if (frame.get(joints) || joints.size() != kJoints) fail_json(where, "no list of 20 joints");
      for (const simdjson::dom::element joint : joints) {
        simdjson::dom::array values;
        if (joint.get(values) || values.size() != kChannels)
          fail_json(where, "a joint that is not [x, y, z]");
        for (const simdjson::dom::element value : values) {
          double number = 0;
          if (value.get(number)) fail_json(where, "a coordinate that is no number");
          clip.keypoints.push_back(number);
        }
      }
    }
    if (clip.num_frames == 0) fail_json(file, "no frames");
  }

  simdjson::dom::parser parser_;
};

std::vector<fs::path> clip_files(const fs::path& source) {
  std::error_code ignored;
  if (fs::is_regular_file(source, ignored)) return {source};
  if (!fs::is_directory(source, ignored))
    throw DataError(Fault{source.string(), "no such folder",
                          "the folder of NW-UCLA, with all_sqe/ in it", "Check the path."});
  for (const fs::path& folder : {source / "all_sqe", source}) {
    std::vector<fs::path> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error))
      if (entry.path().extension() == ".json" && entry.path().filename().string()[0] == 'a')
        files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    if (!files.empty()) return files;
  }
  throw DataError(Fault{source.string(), "no clip files (aAA_sSS_eEE_vVV.json)",
                        "the folder of NW-UCLA, with all_sqe/ in it", "Check the path."});
}

/// Split name -> clip names, from split.json in the order of the published feeder.
SplitIds read_split_file(const fs::path& path) {
  simdjson::dom::parser parser;
  simdjson::dom::object root;
  const simdjson::padded_string text(read_file(path, kMaxFileBytes));
  const std::string where = path.string();
  if (parser.parse(text).get(root)) fail_split(place_of_fault(path, text), "not a JSON object");
  SplitIds splits;
  for (const auto& [split, value] : root) {
    simdjson::dom::array clips;
    if (value.get(clips)) fail_split(where, fmt::format("split '{}' is not a list", split));
    for (const simdjson::dom::element clip : clips) {
      std::string_view name;
      if (clip["file_name"].get(name))
        fail_split(where, fmt::format("a clip without 'file_name' in split '{}'", split));
      splits[std::string(split)].emplace_back(name);
    }
  }
  return splits;
}

/// Views 1 and 2 train, view 3 tests (Wang et al. 2014): used where there is no split.json.
SplitIds splits_by_view(const std::vector<fs::path>& files) {
  SplitIds splits;
  for (const auto& file : files) {
    const std::string name = file.stem().string();
    splits[ClipName::parse(name, file.string()).view == 3 ? "val" : "train"].push_back(name);
  }
  return splits;
}

/// Northwestern-UCLA Multiview Action3D as JSON clips of 20 Kinect-v1 joints, the form that
/// CTR-GCN and Shift-GCN use. Splits `train` (views 1, 2) and `val` (view 3).
class NwUcla : public Importer {
 public:
  struct Options {
    std::string precision = "float64";

    template <class Fields>
    void describe(Fields& field) {
      field("precision", precision, "float64 keeps the published text exactly",
            OneOf{{"float64", "float32", "float16"}});
    }
  };

  NwUcla(const Options& options, const Context& context) : options_(options), context_(context) {}

  ImportReport import(const fs::path& source, const fs::path& store) const override {
    const auto files = clip_files(source);
    const fs::path split_file = source / "split.json";
    auto splits =
        fs::is_regular_file(split_file) ? read_split_file(split_file) : splits_by_view(files);
    check_files_exist(splits, files, split_file);
    ImportWriter writer(source, store, store_info(), context_);
    writer.set_splits(std::move(splits), static_cast<int64_t>(files.size()));
    ClipReader reader;
    for (const auto& file : files) {
      const std::string id = file.stem().string();
      if (!writer.wants(id)) continue;
      if (const auto clip = writer.try_read(id, [&] { return reader.read(file); }))
        writer.add(*clip);
    }
    return writer.finish();
  }

 private:
  StoreInfo store_info() const {
    const Skeleton skeleton = Skeleton::load("kinect20");
    StoreInfo info;
    info.skeleton = skeleton.name;
    info.skeleton_layout = skeleton.to_yaml();
    info.num_joints = kJoints;
    info.coordinates = Coordinates::metres;
    info.precision = options_.precision == "float64"   ? Precision::float64
                     : options_.precision == "float32" ? Precision::float32
                                                       : Precision::float16;
    for (const auto& [action, name] : kActions) info.class_names.push_back(name);
    info.provenance = R"({"importer": "nw_ucla", "labels_start_at": 1})";
    return info;
  }

  static void check_files_exist(const SplitIds& splits, const std::vector<fs::path>& files,
                                const fs::path& split_file) {
    std::set<std::string> names;
    for (const auto& file : files) names.insert(file.stem().string());
    for (const auto& [split, clips] : splits)
      for (const auto& clip : clips)
        if (names.count(clip) == 0)
          throw DataError(Fault{split_file.string(), fmt::format("clip '{}' has no file", clip),
                                "a file of that name in all_sqe/", "Download the data again."});
  }

  Options options_;
  Context context_;
};

KINEGRAPH_REGISTER(Importer, "nw_ucla", NwUcla,
                   "Northwestern-UCLA: folder with all_sqe/*.json (and split.json), or one clip")

}  // namespace
}  // namespace kinegraph
