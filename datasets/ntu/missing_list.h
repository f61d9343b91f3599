// The data set's lists of samples with missing skeletons.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace kinegraph::ntu {

/// The clip names in NTU_RGBD_samples_with_missing_skeletons.txt or its NTU-120 sibling, as
/// distributed: some lines of prose, then one name a line. Throws DataError for a list without
/// names and for a line that looks like a name (S and a digit) but is none.
std::vector<std::string> read_missing_list(const std::filesystem::path& path);

}  // namespace kinegraph::ntu
