// Annotation pickles for tests, written without Python.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "framework/io/pickle_numpy.h"
#include "framework/io/pickle_writer.h"

namespace kinegraph {

/// One annotation: NTU's 25 joints, two frames, one person unless altered.
struct TestAnnotation {
  std::string id = "one";
  int64_t label = 0, total_frames = 2;
  std::vector<int64_t> shape{1, 2, 25, 3};
  std::vector<double> values;  // empty: 0, 1, 2, ... modulo 512
  NdType type{'f', 2, false};
  std::function<void(pickle::Writer&)> more;  // further keys and values

  void write(pickle::Writer& writer) const {
    writer.begin_dict();
    writer.text("frame_dir");
    writer.text(id);
    writer.text("label");
    writer.integer(label);
    writer.text("total_frames");
    writer.integer(total_frames);
    if (!shape.empty()) {
      writer.text("keypoint");
      pickle::write_array(writer, type, shape, to_bytes(content(), type));
    }
    if (more) more(writer);
    writer.end_dict();
  }

  std::vector<double> content() const {
    if (!values.empty()) return values;
    int64_t size = 1;
    for (const int64_t extent : shape) size *= extent;
    std::vector<double> result;
    for (int64_t i = 0; i < size; ++i) result.push_back(static_cast<double>(i % 512));
    return result;
  }
};

using TestSplits = std::vector<std::pair<std::string, std::vector<std::string>>>;

inline std::string pyskl_pickle(const std::vector<TestAnnotation>& annotations,
                                const TestSplits& splits) {
  pickle::Writer writer(3);
  writer.begin_dict();
  writer.text("split");
  writer.begin_dict();
  for (const auto& [name, ids] : splits) {
    writer.text(name);
    writer.begin_list();
    for (const auto& id : ids) writer.text(id);
    writer.end_list();
  }
  writer.end_dict();
  writer.text("annotations");
  writer.begin_list();
  for (const auto& annotation : annotations) annotation.write(writer);
  writer.end_list();
  writer.end_dict();
  return writer.finish();
}

/// The value of a further key: an array.
inline void write_field(pickle::Writer& writer, const std::string& name, const NdType& type,
                        const std::vector<int64_t>& shape, const std::vector<double>& values) {
  writer.text(name);
  pickle::write_array(writer, type, shape, to_bytes(values, type));
}

}  // namespace kinegraph
