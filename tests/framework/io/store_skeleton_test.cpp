#include "framework/io/store_skeleton.h"

#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "framework/io/annotation_store_writer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

Skeleton skeleton_in_store(int64_t num_joints) {
  const TempDir folder;
  StoreInfo info;
  info.skeleton = "leg";
  info.skeleton_layout = "name: leg\njoints: [hip, knee]\nbones: [[knee, hip]]\ncenter: hip\n";
  info.num_joints = num_joints;
  Clip clip;
  clip.id = "a";
  clip.num_frames = clip.num_persons = 1;
  clip.keypoints.assign(static_cast<size_t>(num_joints * 3), 1.0);
  AnnotationStoreWriter writer(folder / "store.h5", info);
  writer.add(clip);
  writer.finish();
  return skeleton_of(AnnotationStore::open(folder / "store.h5"), "store.h5");
}

TEST(StoreSkeleton, IsTheLayoutInTheStore) {
  EXPECT_EQ(skeleton_in_store(2).joints, (std::vector<std::string>{"hip", "knee"}));
}

TEST(StoreSkeleton, RefusesAnotherNumberOfJoints) {
  EXPECT_EQ(thrown_message<DataError>([] { skeleton_in_store(3); }),
            "store.h5: 3 joints, but its skeleton 'leg' has 2; expected the same number\n"
            "  Import the data again with the right skeleton.");
}

}  // namespace
}  // namespace kinegraph
