#include "datasets/formats/pyskl_clip.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

#include "datasets/formats/store_options.h"
#include "framework/data/import_writer.h"
#include "framework/io/pickle_numpy.h"

namespace kinegraph {
namespace {

constexpr char kRemedy[] = "Mend the annotation, or leave the clip out.";

[[noreturn]] void refuse_clip(const std::string& reason, const std::string& where,
                              const std::string& found, const std::string& expected) {
  throw UnusableClip(reason, Fault{where, found, expected, kRemedy});
}

/// One annotation while it is read.
class Reader {
 public:
  Reader(const PysklAnnotation& annotation, const std::string& where)
      : annotation_(annotation), where_(where) {}

  std::string at(const std::string& name) const { return where_ + ", " + name; }

  NdArray to_array(const pickle::Value& value, const char* name) const {
    try {
      return pickle::to_array(value, at(name));
    } catch (const DataError& error) {
      throw UnusableClip(fmt::format("a malformed '{}'", name), error);
    }
  }

  std::optional<NdArray> array(const char* name, size_t axes, const char* shape) const {
    const pickle::Ref value = annotation_.find(name);
    if (!value) return std::nullopt;
    const NdArray result = to_array(*value, name);
    if (result.shape.size() != axes)
      refuse_clip(fmt::format("'{}' of another shape", name), at(name),
                  "shape " + result.shape_text(), shape);
    return result;
  }

  NdArray required_array(const char* name, size_t axes, const char* shape) const {
    auto result = array(name, axes, shape);
    if (!result)
      refuse_clip(fmt::format("no '{}'", name), where_, fmt::format("no '{}'", name), shape);
    return *result;
  }

  std::optional<int64_t> count(const char* name) const {
    const pickle::Ref value = annotation_.find(name);
    if (!value) return std::nullopt;
    const auto number = pickle::to_integer(*value);
    if (!number || *number < 0)
      refuse_clip(fmt::format("a malformed '{}'", name), at(name),
                  number ? fmt::format("{}", *number) : pickle::describe_kind(*value),
                  "a number of 0 or more");
    return number;
  }

  /// (height, width) of an image, of a tuple, list or array of two or more numbers.
  std::optional<std::pair<int64_t, int64_t>> image_shape(const char* name) const {
    const pickle::Ref value = annotation_.find(name);
    if (!value) return std::nullopt;
    const auto numbers = integers(*value, name);
    if (!numbers || numbers->size() < 2 || (*numbers)[0] < 0 || (*numbers)[1] < 0)
      refuse_clip(fmt::format("a malformed '{}'", name), at(name), pickle::describe_kind(*value),
                  "(height, width)");
    return std::make_pair((*numbers)[0], (*numbers)[1]);
  }

  std::optional<std::vector<int64_t>> integers(const pickle::Value& value, const char* name) const {
    if (pickle::array_type(value)) return to_array(value, name).to_integers();
    const auto* tuple = value.get<pickle::Tuple>();
    const auto* list = value.get<pickle::List>();
    if (!tuple && !list) return std::nullopt;
    std::vector<int64_t> numbers;
    for (const pickle::Ref item : tuple ? tuple->items : list->items) {
      const auto number = pickle::to_integer(*item);
      if (!number) return std::nullopt;
      numbers.push_back(*number);
    }
    return numbers;
  }

  void read_dense(const PysklForm& form, Clip& clip) const {
    const NdArray keypoints = required_array("keypoint", 4, "M x T x V x C");
    check_joints(keypoints, form, form.num_channels);
    clip.num_persons = keypoints.shape[0];
    clip.num_frames = keypoints.shape[1];
    if (const auto total = count("total_frames"); total && *total != clip.num_frames)
      refuse_clip("another number of frames than 'total_frames'", at("keypoint"),
                  fmt::format("{} frames", clip.num_frames),
                  fmt::format("{}, as total_frames", *total));
    clip.keypoints = keypoints.to_doubles();
    if (!form.has_scores) return;
    const NdArray scores = required_array("keypoint_score", 3, "M x T x V");
    check_rows(scores, {keypoints.shape[0], keypoints.shape[1], keypoints.shape[2]},
               "keypoint_score");
    clip.scores = scores.to_doubles();
  }

  void read_by_frame(const PysklForm& form, Clip& clip) const {
    const NdArray keypoints = required_array("keypoint", 3, "N x V x C");
    check_joints(keypoints, form, form.num_channels + (form.has_score_channel ? 1 : 0));
    const int64_t rows = keypoints.shape[0];
    count_persons(rows, clip);
    const auto values = keypoints.to_doubles();
    const auto channels = static_cast<size_t>(keypoints.shape[2]);
    for (size_t i = 0; i < values.size(); ++i)
      (i % channels < static_cast<size_t>(form.num_channels) ? clip.keypoints : clip.scores)
          .push_back(values[i]);
    if (form.has_scores && !form.has_score_channel) {
      const NdArray scores = required_array("keypoint_score", 2, "N x V");
      check_rows(scores, {rows, form.num_joints}, "keypoint_score");
      clip.scores = scores.to_doubles();
    }
  }

  void read_rest(const PysklForm& form, Clip& clip) const {
    const int64_t rows =
        form.layout == PersonLayout::dense
            ? clip.num_persons
            : std::accumulate(clip.frame_persons.begin(), clip.frame_persons.end(), int64_t{0});
    if (form.has_box_scores) clip.box_scores = column("box_score", rows).to_doubles();
    if (form.has_timestamps) clip.timestamps = column("timestamps", clip.num_frames).to_doubles();
    if (form.has_track_ids)
      clip.track_ids = column("track_ids", rows).to_integers().value_or(std::vector<int64_t>());
    clip.subject = count("subject");
    clip.camera = count("camera");
    clip.setup = count("setup");
    clip.replication = count("replication");
    if (const pickle::Ref fps = annotation_.find("fps")) clip.fps = pickle::to_number(*fps);
    if (const auto shape = image_shape("img_shape"))
      std::tie(clip.image_height, clip.image_width) = *shape;
  }

 private:
  NdArray column(const char* name, int64_t rows) const {
    NdArray values = required_array(name, 1, "one dimension");
    check_rows(values, {rows}, name);
    return values;
  }

  void check_joints(const NdArray& keypoints, const PysklForm& form, int64_t channels) const {
    const size_t axes = keypoints.shape.size();
    if (keypoints.shape[axes - 2] != form.num_joints || keypoints.shape[axes - 1] != channels)
      refuse_clip(
          "another number of joints or coordinates", at("keypoint"),
          "shape " + keypoints.shape_text(),
          fmt::format("{} joints of {} values, as in earlier clips", form.num_joints, channels));
  }

  void check_rows(const NdArray& array, const std::vector<int64_t>& shape, const char* name) const {
    if (array.shape == shape) return;
    refuse_clip(fmt::format("'{}' of another shape", name), at(name), "shape " + array.shape_text(),
                fmt::format("{}, as 'keypoint'", fmt::join(shape, "x")));
  }

  /// frame_inds says for each row in which frame it is.
  void count_persons(int64_t rows, Clip& clip) const {
    const NdArray array = required_array("frame_inds", 1, "N");
    check_rows(array, {rows}, "frame_inds");
    const auto frames = array.to_integers();
    const auto total = count("total_frames");
    const bool is_sorted = frames && std::is_sorted(frames->begin(), frames->end());
    if (!is_sorted || !total || (rows > 0 && (frames->front() < 0 || frames->back() >= *total)))
      refuse_clip("a malformed 'frame_inds'", at("frame_inds"),
                  total ? fmt::format("indices that fall or leave the {} frames", *total)
                        : "no 'total_frames'",
                  "rising frame indices from 0");
    constexpr int64_t kMaxFrames = int64_t{1} << 24;
    if (*total < 1 || *total > kMaxFrames)
      refuse_clip("a malformed 'total_frames'", at("total_frames"), fmt::format("{}", *total),
                  fmt::format("1..{}", kMaxFrames));
    clip.num_frames = *total;
    clip.frame_persons.assign(static_cast<size_t>(*total), 0);
    for (const int64_t frame : *frames) ++clip.frame_persons[static_cast<size_t>(frame)];
  }

  const PysklAnnotation& annotation_;
  const std::string& where_;
};

}  // namespace

bool lists_persons_by_frame(const PysklAnnotation& annotation) {
  return annotation.find("frame_inds") != nullptr;
}

PysklForm PysklForm::of(const PysklAnnotation& annotation, const std::string& where) {
  PysklForm form;
  const Reader reader(annotation, where);
  const bool is_by_frame = lists_persons_by_frame(annotation);
  form.layout = is_by_frame ? PersonLayout::frame_persons : PersonLayout::dense;
  const NdArray keypoints = is_by_frame ? reader.required_array("keypoint", 3, "N x V x C")
                                        : reader.required_array("keypoint", 4, "M x T x V x C");
  form.has_scores = annotation.find("keypoint_score") != nullptr;
  form.num_channels = keypoints.shape.back();
  form.num_joints = keypoints.shape[keypoints.shape.size() - 2];
  if (is_by_frame && form.num_channels == 3 && !form.has_scores) {
    form.has_score_channel = form.has_scores = true;
    form.num_channels = 2;
  }
  form.has_box_scores = annotation.find("box_score") != nullptr;
  form.has_timestamps = annotation.find("timestamps") != nullptr;
  form.has_track_ids = annotation.find("track_ids") != nullptr;
  return form;
}

std::optional<NdType> keypoint_type(const PysklAnnotation& annotation) {
  std::optional<NdType> type;
  for (const char* name : {"keypoint", "keypoint_score"}) {
    const pickle::Ref value = annotation.find(name);
    const auto found = value ? pickle::array_type(*value) : std::nullopt;
    if (found) type = type ? wider_type(*type, *found) : *found;
  }
  return type;
}

std::vector<int64_t> read_labels(const PysklAnnotation& annotation, int64_t labels_start_at,
                                 const std::string& where) {
  const pickle::Ref value = annotation.find("label");
  if (!value) return {};
  std::optional<std::vector<int64_t>> labels;
  if (const auto label = pickle::to_integer(*value))
    labels = {*label};
  else
    labels = Reader(annotation, where).integers(*value, "label");
  if (!labels)
    refuse_clip("a malformed 'label'", where + ", label", pickle::describe_kind(*value),
                "a class index or a list of them");
  for (int64_t& label : *labels) {
    if (label < labels_start_at)
      refuse_clip(fmt::format("a label below {}", labels_start_at), where + ", label",
                  fmt::format("{}", label), fmt::format("{} or more", labels_start_at));
    label -= labels_start_at;
  }
  return *labels;
}

Clip read_clip(const PysklAnnotation& annotation, const std::string& id, const PysklForm& form,
               const std::string& where) {
  const Reader reader(annotation, where);
  Clip clip;
  clip.id = id;
  clip.labels = read_labels(annotation, form.labels_start_at, where);
  if (form.layout == PersonLayout::dense)
    reader.read_dense(form, clip);
  else
    reader.read_by_frame(form, clip);
  reader.read_rest(form, clip);
  if (clip.num_frames == 0) refuse_clip("no frames", where, "no frames", "at least one");
  return clip;
}

}  // namespace kinegraph
