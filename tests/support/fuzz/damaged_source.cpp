#include "tests/support/fuzz/damaged_source.h"

#include <zip.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "framework/base/file.h"
#include "framework/io/zip_archive.h"
#include "tests/support/fuzz/damage_hdf5.h"
#include "tests/support/fuzz/mutate.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

constexpr size_t kMaxEntry = 1 << 24;

bool starts_with(const std::string& content, std::string_view mark) {
  return content.compare(0, mark.size(), mark) == 0;
}

/// The file of a folder that has one, beside folders.
std::optional<fs::path> only_file(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_regular_file()) files.push_back(entry.path());
  return files.size() == 1 ? std::optional(files.front()) : std::nullopt;
}

/// Mutates an entry of a sound archive.
void damage_entry(const fs::path& path, Rng& rng) {
  const ZipArchive sound(path);
  const auto entries = sound.entries();
  const auto& entry =
      entries[static_cast<size_t>(rng.integer(0, static_cast<int64_t>(entries.size()) - 1))];
  const std::string content = mutate(sound.read(entry, kMaxEntry), rng);
  zip_t* archive = zip_open(path.c_str(), 0, nullptr);
  zip_source_t* source =
      archive ? zip_source_buffer(archive, content.data(), content.size(), 0) : nullptr;
  if (!source || zip_file_replace(archive, entry.index, source, 0) != 0 ||
      zip_set_file_compression(archive, entry.index, ZIP_CM_STORE, 0) != 0 ||
      zip_close(archive) != 0)
    throw std::runtime_error("cannot rewrite " + path.string());
}

}  // namespace

DamagedSource::DamagedSource(const fs::path& seed) {
  if (fs::is_regular_file(seed)) {
    files_.emplace_back("source/" + seed.filename().string(), read_file(seed));
  } else {
    for (const auto& entry : fs::recursive_directory_iterator(seed))
      if (entry.is_regular_file())
        files_.emplace_back("source/" + fs::relative(entry.path(), seed).string(),
                            read_file(entry.path()));
  }
  if (files_.empty()) throw std::runtime_error("no files in " + seed.string());
  std::sort(files_.begin(), files_.end());
  for (const auto& [name, content] : files_) folder_.write(name, content);
  path_ = only_file(folder_ / "source").value_or(folder_ / "source");
}

fs::path DamagedSource::damage(uint64_t mutant) {
  Rng rng(0, 0, mutant);
  damaged_ = mutant % files_.size();
  const auto& [name, sound] = files_[damaged_];
  const bool keeps_checksums = mutant / files_.size() % 2 == 0;
  if (keeps_checksums && starts_with(sound, "\x89HDF"))
    damage_hdf5(folder_ / name, rng);
  else if (keeps_checksums && starts_with(sound, "PK"))
    damage_entry(folder_ / name, rng);
  else
    folder_.write(name, mutate(sound, rng));
  return folder_ / name;
}

void DamagedSource::restore() { folder_.write(files_[damaged_].first, files_[damaged_].second); }

}  // namespace kinegraph
