// What importers of arrays without a description of their own must be told, or may guess.
#pragma once

#include <string>
#include <vector>

#include "framework/config/options.h"
#include "framework/io/ndarray.h"
#include "framework/io/store_info.h"

namespace kinegraph {

struct StoreOptions {
  std::string skeleton, class_file, coordinates = "auto", precision = "auto";
  std::vector<std::string> class_names;
  int64_t labels_start_at = 0;

  template <class Fields>
  void describe(Fields& field) {
    field("skeleton", skeleton, "joint layout; empty: the one with that number of joints");
    field("class_names", class_names, "names of the classes; empty: class 0, class 1, ...");
    field("class_file", class_file, "text file with a class name a line, instead of class_names");
    field("labels_start_at", labels_start_at, "label of the first class in the source",
          Range{0, 1});
    field("coordinates", coordinates, "auto: pixels for 2 channels, metres for 3",
          OneOf{{"auto", "pixels", "metres", "normalised"}});
    field("precision", precision, "numbers in the store; auto: as in the source",
          OneOf{{"auto", "float16", "float32", "float64"}});
  }
};

/// What the arrays themselves tell.
struct ArrayTraits {
  int64_t num_joints = 0, num_channels = 0;
  NdType type;
  int64_t max_label = -1;  // counted from 0; -1: no labels
};

/// The description of a store for such arrays. `source` leads messages. Throws DataError that names
/// the option to set when the skeleton cannot be told from the number of joints and channels, when
/// there are fewer class names than labels, or a file cannot be read.
StoreInfo make_store_info(const StoreOptions& options, const ArrayTraits& traits,
                          const std::string& source);

/// The wider of two types in which a store can keep all values of both.
NdType wider_type(const NdType& a, const NdType& b);

}  // namespace kinegraph
