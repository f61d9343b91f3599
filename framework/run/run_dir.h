#pragma once

#include <filesystem>
#include <string>

namespace kinegraph {

/// Throws DataError when `requested` holds anything or is no folder; makes nothing. "" is fine.
void require_free_run_dir(const std::string& requested);

/// A new folder for one run: `requested` when given, else runs/<config_name>/<date>-<time>.
///
/// Never takes a folder that holds anything: throws DataError for a requested one, and adds a
/// number to the time otherwise.
std::filesystem::path make_run_dir(const std::string& requested, const std::string& config_name);

/// While it lives, no other process trains in the folder. Nothing is left in it, however the
/// process ends.
class RunDirLock {
 public:
  /// Throws DataError when another process holds it. File systems without locks are not locked.
  explicit RunDirLock(const std::filesystem::path& dir);
  ~RunDirLock();
  RunDirLock(const RunDirLock&) = delete;
  RunDirLock& operator=(const RunDirLock&) = delete;

 private:
  int descriptor_;
};

/// "stgcn_nw_ucla" for configs/stgcn/nw_ucla.yaml; with a stream, "stgcn_nw_ucla-bone".
std::string run_name(const std::filesystem::path& config, const std::string& stream);

/// "stgcn_nw_ucla" for runs/stgcn_nw_ucla/<date>-<time>/best.pth; "mine" for mine/best.pth.
std::string run_name_of_checkpoint(const std::filesystem::path& checkpoint);

}  // namespace kinegraph
