#include <fmt/format.h>

#include <cmath>
#include <fstream>

#include "framework/base/file.h"
#include "framework/data/exporter.h"
#include "framework/io/pickle_numpy.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

/// The third channel of x, y and score becomes the scores.
void take_scores_out(Clip& clip) {
  constexpr size_t kChannels = 3;
  size_t kept = 0;
  for (size_t i = 0; i < clip.keypoints.size(); ++i)
    if (i % kChannels == kChannels - 1)
      clip.scores.push_back(clip.keypoints[i]);
    else
      clip.keypoints[kept++] = clip.keypoints[i];
  clip.keypoints.resize(kept);
}

/// Writes one store as {'split', 'annotations', ...} into a growing file.
class PysklWriter {
 public:
  PysklWriter(const AnnotationStore& store, std::ofstream& out)
      : store_(store),
        info_(store.info()),
        out_(out),
        has_score_channel_(info_.channels == "xys"),
        has_scores_(store.has_scores() || has_score_channel_),
        num_channels_(has_score_channel_ ? 2 : info_.num_channels()) {
    type_.width = info_.precision == Precision::float16   ? 2
                  : info_.precision == Precision::float32 ? 4
                                                          : 8;
  }

  void run(const std::function<void(int64_t, int64_t)>& progress) {
    writer_.begin_dict();
    write_description();
    writer_.text("split");
    writer_.begin_dict();
    for (const auto& [name, clips] : info_.splits) {
      writer_.text(name);
      writer_.begin_list();
      for (const int64_t clip : clips) writer_.text(store_.id(clip));
      writer_.end_list();
    }
    writer_.end_dict();
    writer_.text("annotations");
    writer_.begin_list();
    for (int64_t clip = 0; clip < store_.num_clips(); ++clip) {
      write_clip(clip);
      flush(writer_.take());
      if (progress) progress(clip + 1, store_.num_clips());
    }
    writer_.end_list();
    writer_.end_dict();
    flush(writer_.finish());
  }

 private:
  void flush(const std::string& bytes) {
    out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  /// What PYSKL has no place for and passes over; our importer takes it up.
  void write_description() {
    writer_.text("class_names");
    writer_.begin_list();
    for (const auto& name : info_.class_names) writer_.text(name);
    writer_.end_list();
    field("skeleton", info_.skeleton);
    field("coordinates", std::string(name_of(info_.coordinates)));
  }

  void field(const std::string& name, int64_t value) {
    writer_.text(name);
    writer_.integer(value);
  }
  void field(const std::string& name, double value) {
    writer_.text(name);
    writer_.real(value);
  }
  void field(const std::string& name, const std::string& value) {
    writer_.text(name);
    writer_.text(value);
  }
  void array(const char* name, const std::vector<int64_t>& shape, const std::vector<double>& values,
             const NdType& type) {
    writer_.text(name);
    pickle::write_array(writer_, type, shape, to_bytes(values, type));
  }
  void array(const char* name, const std::vector<int64_t>& values) {
    const std::string_view bytes(reinterpret_cast<const char*>(values.data()),
                                 values.size() * sizeof(int64_t));
    writer_.text(name);
    pickle::write_array(writer_, {'i', 8, false}, {static_cast<int64_t>(values.size())}, bytes);
  }
  void image_shape(const std::string& name, int64_t height, int64_t width) {
    writer_.text(name);
    writer_.begin_tuple();
    writer_.integer(height);
    writer_.integer(width);
    writer_.end_tuple();
  }

  void write_clip(int64_t index) {
    Clip clip = store_.read(index);
    if (has_score_channel_) take_scores_out(clip);
    writer_.begin_dict();
    field("frame_dir", clip.id);
    write_labels(clip);
    field("total_frames", clip.num_frames);
    if (clip.image_height && clip.image_width)
      image_shape("img_shape", *clip.image_height, *clip.image_width);
    for (const auto& [name, value] : {std::pair("subject", clip.subject),
                                      {"camera", clip.camera},
                                      {"setup", clip.setup},
                                      {"replication", clip.replication}})
      if (value) field(name, *value);
    if (clip.fps) field("fps", *clip.fps);
    if (info_.person_layout == PersonLayout::dense)
      write_dense(clip);
    else
      write_by_frame(clip);
    const NdType wide{'f', 8, false};
    const auto count = [](const auto& values) { return static_cast<int64_t>(values.size()); };
    if (!clip.box_scores.empty())
      array("box_score", {count(clip.box_scores)}, clip.box_scores, wide);
    if (!clip.timestamps.empty())
      array("timestamps", {count(clip.timestamps)}, clip.timestamps, wide);
    if (!clip.track_ids.empty()) array("track_ids", clip.track_ids);
    write_extra_fields(static_cast<size_t>(index));
    writer_.end_dict();
  }

  void write_labels(const Clip& clip) {
    if (clip.labels.empty()) return;
    if (clip.labels.size() == 1) return field("label", clip.labels[0]);
    writer_.text("label");
    writer_.begin_list();
    for (const int64_t label : clip.labels) writer_.integer(label);
    writer_.end_list();
  }

  void write_dense(const Clip& clip) {
    const std::vector<int64_t> joints{clip.num_persons, clip.num_frames, info_.num_joints};
    array("keypoint", {joints[0], joints[1], joints[2], num_channels_}, clip.keypoints, type_);
    if (has_scores_) array("keypoint_score", joints, clip.scores, type_);
  }

  /// Kinetics' form: the score is the third channel, frame_inds has the frame of each row.
  void write_by_frame(const Clip& clip) {
    std::vector<int64_t> frames;
    for (size_t frame = 0; frame < clip.frame_persons.size(); ++frame)
      frames.insert(frames.end(), static_cast<size_t>(clip.frame_persons[frame]),
                    static_cast<int64_t>(frame));
    const auto rows = static_cast<int64_t>(frames.size());
    const auto channels = static_cast<size_t>(num_channels_);
    const bool is_joined = channels == 2 && has_scores_;
    std::vector<double> values;
    for (size_t joint = 0; joint < clip.keypoints.size() / channels; ++joint) {
      const double* first = clip.keypoints.data() + joint * channels;
      values.insert(values.end(), first, first + channels);
      if (is_joined) values.push_back(clip.scores[joint]);
    }
    array("frame_inds", frames);
    array("keypoint", {rows, info_.num_joints, num_channels_ + (is_joined ? 1 : 0)}, values, type_);
    if (has_scores_ && !is_joined)
      array("keypoint_score", {rows, info_.num_joints}, clip.scores, type_);
  }

  /// Values that stand for "none" are left out again.
  void write_extra_fields(size_t index) {
    std::vector<std::pair<double, int64_t>> valid;
    for (const auto& name : store_.extra_fields()) {
      const FieldValues& values = store_.extra_field(name);
      if (const auto* integers = std::get_if<std::vector<int64_t>>(&values)) {
        if ((*integers)[index] != -1) write_integer(name, (*integers)[index], valid);
      } else if (const auto* numbers = std::get_if<std::vector<double>>(&values)) {
        if (!std::isnan((*numbers)[index])) field(name, (*numbers)[index]);
      } else if (const auto& text = std::get<std::vector<std::string>>(values)[index];
                 !text.empty()) {
        field(name, text);
      }
    }
    if (valid.empty()) return;
    writer_.text("valid");
    writer_.begin_dict();
    for (const auto& [threshold, count] : valid) {
      writer_.real(threshold);
      writer_.integer(count);
    }
    writer_.end_dict();
  }

  void write_integer(const std::string& name, int64_t value,
                     std::vector<std::pair<double, int64_t>>& valid) {
    double threshold = 0;
    int used = 0;
    if (std::sscanf(name.c_str(), "valid_%lf%n", &threshold, &used) == 1 &&
        static_cast<size_t>(used) == name.size())
      valid.emplace_back(threshold, value);
    else
      field(name, value);
  }

  const AnnotationStore& store_;
  const StoreInfo& info_;
  std::ofstream& out_;
  bool has_score_channel_, has_scores_;
  int64_t num_channels_;
  NdType type_;
  pickle::Writer writer_{3};
};

/// An annotation pickle for PYSKL and MMAction2; `kinegraph import pyskl` gives the store back.
class PysklExporter : public Exporter {
 public:
  using Options = NoOptions;

  PysklExporter(const Options&, const Context& context) : context_(context) {}

  void write(const AnnotationStore& store, const fs::path& target) const override {
    PendingFile file(target);
    std::ofstream out(file.part_path(), std::ios::binary);
    PysklWriter(store, out).run(context_.progress);
    out.close();
    if (!out)
      throw DataError(Fault{target.string(), "cannot write it", "",
                            "Check the permissions and the free space."});
    file.commit();
  }

 private:
  Context context_;
};

KINEGRAPH_REGISTER(Exporter, "pyskl", PysklExporter, "an annotation pickle for PYSKL, MMAction2")

}  // namespace
}  // namespace kinegraph
