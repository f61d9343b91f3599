#include "datasets/ntu/recordings.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "framework/base/error.h"
#include "framework/base/file.h"

namespace fs = std::filesystem;

namespace kinegraph::ntu {
namespace {

constexpr size_t kMaxFileBytes = 64 << 20;  // the largest recordings have some 4 MB
constexpr char kSourceForms[] =
    "a folder or zip archive with files such as S001C001P001R001A001.skeleton, or one such file";

bool is_recording(const fs::path& path) {
  return path.extension() == ".skeleton" && path.filename().string()[0] != '.';
}

}  // namespace

Recordings::Recordings(const fs::path& source) {
  std::error_code error;
  if (fs::is_directory(source, error))
    add_folder(source);
  else if (!fs::exists(source, error))
    throw DataError(
        Fault{source.string(), "no such file or folder", kSourceForms, "Check the path."});
  else if (source.extension() == ".zip")
    add_archive(source);
  else if ((is_single_file_ = is_recording(source)))
    add_file(source);
  if (files_.empty())
    throw DataError(Fault{source.string(), "no .skeleton files", kSourceForms, "Check the path."});
  sort_and_check();
}

void Recordings::add_folder(const fs::path& folder) {
  std::error_code error;
  auto at = fs::recursive_directory_iterator(folder, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (!at->is_regular_file(error)) continue;
    if (is_recording(at->path())) add_file(at->path());
    if (at->path().extension() == ".zip") add_archive(at->path());
  }
  if (error)
    throw DataError(
        Fault{folder.string(), "cannot list it: " + error.message(), "", "Check the permissions."});
}

void Recordings::add_file(const fs::path& path) {
  files_.push_back({path.stem().string(), nullptr, {path.string(), 0}});
}

void Recordings::add_archive(const fs::path& path) {
  archives_.push_back(std::make_unique<ZipArchive>(path));
  for (auto& entry : archives_.back()->entries())
    if (const fs::path inner = entry.name; is_recording(inner))
      files_.push_back({inner.stem().string(), archives_.back().get(), std::move(entry)});
}

void Recordings::sort_and_check() {
  // Paths, too, so that messages do not depend on the order of the folder.
  std::sort(files_.begin(), files_.end(), [](const File& a, const File& b) {
    return std::tie(a.id, a.entry.name) < std::tie(b.id, b.entry.name);
  });
  for (int64_t i = 1; i < size(); ++i)
    if (id(i) == id(i - 1))
      throw DataError(Fault{where(i), fmt::format("the clip that is also {}", where(i - 1)),
                            "every clip once", "Remove one of the two files."});
}

std::string Recordings::where(int64_t index) const {
  const File& found = file(index);
  return found.archive ? found.archive->path().string() + ": " + found.entry.name
                       : found.entry.name;
}

std::string Recordings::read(int64_t index) const {
  const File& found = file(index);
  return found.archive ? found.archive->read(found.entry, kMaxFileBytes)
                       : read_file(found.entry.name, kMaxFileBytes);
}

}  // namespace kinegraph::ntu
