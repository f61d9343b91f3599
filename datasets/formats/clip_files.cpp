#include "datasets/formats/clip_files.h"

#include <algorithm>

#include "framework/base/error.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

constexpr int kMostFolders = 8;  // below one another

ClipFile clip_file_of(const fs::path& path, const fs::path& relative) {
  ClipFile file;
  file.path = path;
  file.stem = relative.stem().string();
  file.id = (relative.parent_path() / relative.stem()).generic_string();
  if (relative.has_parent_path()) file.folder = relative.begin()->string();
  return file;
}

bool is_number(const std::string& text) {
  return !text.empty() && text.size() <= 18 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::vector<ClipFile> find_clip_files(const fs::path& source,
                                      const std::vector<std::string>& extensions,
                                      const std::string& expected) {
  std::vector<ClipFile> files;
  std::error_code error;
  if (fs::is_regular_file(source, error)) return {clip_file_of(source, source.filename())};
  const auto options = fs::directory_options::follow_directory_symlink;
  for (fs::recursive_directory_iterator at(source, options, error), end; !error && at != end;
       at.increment(error)) {
    if (at.depth() >= kMostFolders) at.disable_recursion_pending();
    const fs::path& path = at->path();
    const bool is_wanted =
        std::find(extensions.begin(), extensions.end(), path.extension()) != extensions.end();
    if (is_wanted && path.filename().string()[0] != '.' && at->is_regular_file())
      files.push_back(clip_file_of(path, path.lexically_relative(source)));
  }
  if (files.empty())
    throw DataError(Fault{source.string(), error ? error.message() : "no clip files", expected,
                          "Check the path."});
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return files;
}

std::vector<std::string> sorted_classes(std::vector<std::string> names) {
  const bool are_numbers = std::all_of(names.begin(), names.end(), is_number);
  std::sort(names.begin(), names.end(), [&](const auto& a, const auto& b) {
    return are_numbers && a.size() != b.size() ? std::stoll(a) < std::stoll(b) : a < b;
  });
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace kinegraph
