#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "framework/base/file.h"
#include "framework/data/exporter.h"
#include "framework/io/npy.h"
#include "framework/io/pickle_writer.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

/// <split>_data_joint.npy, float32 (N,C,T,V,M), and <split>_label.pkl, (names, labels), in one
/// folder: what ST-GCN, 2s-AGCN, MS-G3D and DualHead read. Clips are padded with zeros.
class Npy : public Exporter {
 public:
  struct Options {
    int64_t frames = 0, persons = 0;
    bool scores = true;

    template <class Fields>
    void describe(Fields& field) {
      field("frames", frames, "T; 0: as many as the longest clip has", Range{0, 1 << 20});
      field("persons", persons, "M; 0: as many as the largest clip has", Range{0, 1000});
      field("scores", scores, "whether the scores of x, y keypoints become the third channel");
    }
  };

  Npy(const Options& options, const Context& context) : options_(options), context_(context) {}

  void write(const AnnotationStore& store, const fs::path& target) const override {
    const Shape shape = shape_of(store);
    const auto& splits = store.info().splits;
    if (splits.empty())
      throw DataError(Fault{target.string(), "a store without splits", "one file for each split",
                            "Import the data with splits."});
    std::vector<std::unique_ptr<PendingFile>> files;
    int64_t total = 0, done = 0;
    for (const auto& [name, clips] : splits) total += static_cast<int64_t>(clips.size());
    for (const auto& [name, clips] : splits) {
      files.push_back(std::make_unique<PendingFile>(target / (name + "_data_joint.npy")));
      write_data(store, clips, shape, files.back()->part_path(), [&] {
        if (context_.progress) context_.progress(++done, total);
      });
      files.push_back(std::make_unique<PendingFile>(target / (name + "_label.pkl")));
      write_whole(files.back()->part_path(), label_pickle(store, clips));
    }
    for (const auto& file : files) file->commit();
  }

 private:
  struct Shape {
    int64_t channels, frames, joints, persons;
    bool has_scores;
    size_t size() const { return static_cast<size_t>(channels * frames * joints * persons); }
  };

  Shape shape_of(const AnnotationStore& store) const {
    const StoreInfo& info = store.info();
    const bool has_scores = options_.scores && store.has_scores() && info.num_channels() == 2;
    Shape shape{info.num_channels() + (has_scores ? 1 : 0), options_.frames, info.num_joints,
                options_.persons, has_scores};
    for (int64_t clip = 0; clip < store.num_clips(); ++clip) {
      if (options_.persons == 0) shape.persons = std::max(shape.persons, store.num_persons(clip));
      if (options_.frames == 0) shape.frames = std::max(shape.frames, store.num_frames(clip));
      if (store.num_frames(clip) > shape.frames)
        throw DataError(Fault{fmt::format("clip {}", store.id(clip)),
                              fmt::format("{} frames", store.num_frames(clip)),
                              fmt::format("at most {}", shape.frames),
                              "Raise the option 'frames', or set it to 0."});
    }
    return shape;
  }

  static void write_whole(const fs::path& path, const std::string& content) {
    std::ofstream out(path, std::ios::binary);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    close(out, path);
  }

  static void close(std::ofstream& out, const fs::path& path) {
    out.close();
    if (!out)
      throw DataError(
          Fault{path.string(), "cannot write it", "", "Check the permissions and the free space."});
  }

  template <class Step>
  static void write_data(const AnnotationStore& store, const std::vector<int64_t>& clips,
                         const Shape& shape, const fs::path& path, const Step& step) {
    const NdType type{'f', 4, false};
    std::ofstream out(path, std::ios::binary);
    const std::string header = npy_header(type, {static_cast<int64_t>(clips.size()), shape.channels,
                                                 shape.frames, shape.joints, shape.persons});
    out.write(header.data(), static_cast<std::streamsize>(header.size()));
    for (const int64_t clip : clips) {
      const std::string bytes = to_bytes(values_of(store, clip, shape), type);
      out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
      step();
    }
    close(out, path);
  }

  /// (M,T,V,C) of the store to (C,T,V,M).
  static std::vector<double> values_of(const AnnotationStore& store, int64_t clip,
                                       const Shape& shape) {
    const int64_t frames = store.num_frames(clip);
    const int64_t channels = store.info().num_channels();
    const auto joints = static_cast<size_t>(shape.persons * frames * shape.joints);
    std::vector<double> keypoints(joints * static_cast<size_t>(channels)), scores(joints);
    store.read_keypoints(clip, keypoints.data(), shape.persons);
    if (shape.has_scores) store.read_scores(clip, scores.data(), shape.persons);
    std::vector<double> values(shape.size(), 0.0);
    const double* from = keypoints.data();
    const double* score = scores.data();
    for (int64_t m = 0; m < shape.persons; ++m)
      for (int64_t t = 0; t < frames; ++t)
        for (int64_t v = 0; v < shape.joints; ++v) {
          const auto target = [&](int64_t c) -> double& {
            return values[static_cast<size_t>(
                ((c * shape.frames + t) * shape.joints + v) * shape.persons + m)];
          };
          for (int64_t c = 0; c < channels; ++c) target(c) = *from++;
          if (shape.has_scores) target(channels) = *score++;
        }
    return values;
  }

  static std::string label_pickle(const AnnotationStore& store, const std::vector<int64_t>& clips) {
    pickle::Writer writer;
    writer.begin_tuple();
    writer.begin_list();
    for (const int64_t clip : clips) writer.text(store.id(clip));
    writer.end_list();
    writer.begin_list();
    for (const int64_t clip : clips) {
      const auto labels = store.clip(clip).labels;
      if (labels.size() != 1)
        throw DataError(Fault{fmt::format("clip {}", store.id(clip)),
                              fmt::format("{} labels", labels.size()), "one",
                              "Only the pyskl form holds clips with none or several."});
      writer.integer(labels[0]);
    }
    writer.end_list();
    writer.end_tuple();
    return writer.finish();
  }

  Options options_;
  Context context_;
};

KINEGRAPH_REGISTER(Exporter, "npy", Npy, "float32 arrays for ST-GCN, 2s-AGCN, MS-G3D, DualHead")

}  // namespace
}  // namespace kinegraph
