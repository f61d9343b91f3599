#include "framework/io/zip_archive.h"

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>
#include <mutex>

#include "framework/base/error.h"

namespace kinegraph {
namespace zip_detail {

constexpr size_t kFirstBlock = 1 << 16;

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseEntry {
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;
using OpenEntry = std::unique_ptr<zip_file_t, CloseEntry>;

[[noreturn]] void fail_zip(const std::string& where, const std::string& found) {
  throw DataError(
      Fault{where, found, "a whole zip archive that is not encrypted", "Download it again."});
}

Archive open_archive(const std::filesystem::path& path) {
  int code = 0;
  Archive archive(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (archive) return archive;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  fail_zip(path.string(), fmt::format("cannot open it as a zip archive ({})", text));
}

}  // namespace zip_detail

using namespace zip_detail;

struct ZipArchive::Handles {
  std::filesystem::path path;
  std::mutex mutex;
  std::vector<Archive> idle;

  /// libzip's handles serve one thread at a time.
  Archive take() {
    {
      const std::lock_guard lock(mutex);
      if (!idle.empty()) {
        Archive archive = std::move(idle.back());
        idle.pop_back();
        return archive;
      }
    }
    return open_archive(path);
  }

  void give_back(Archive archive) {
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(archive));
  }
};

ZipArchive::ZipArchive(std::filesystem::path path) : handles_(std::make_unique<Handles>()) {
  handles_->path = std::move(path);
  handles_->give_back(handles_->take());
}

ZipArchive::~ZipArchive() = default;

const std::filesystem::path& ZipArchive::path() const { return handles_->path; }

std::vector<ZipArchive::Entry> ZipArchive::entries() const {
  Archive archive = handles_->take();
  std::vector<Entry> entries;
  const auto count =
      static_cast<uint64_t>(std::max<int64_t>(zip_get_num_entries(archive.get(), 0), 0));
  for (uint64_t index = 0; index < count; ++index) {
    const char* name = zip_get_name(archive.get(), index, ZIP_FL_ENC_GUESS);
    if (!name)
      fail_zip(path().string(),
               fmt::format("entry {} has no name ({})", index, zip_strerror(archive.get())));
    entries.push_back({name, index});
  }
  handles_->give_back(std::move(archive));
  return entries;
}

std::string ZipArchive::read(const Entry& entry, size_t max_bytes) const {
  const std::string where = path().string() + ": " + entry.name;
  Archive archive = handles_->take();
  std::string content;
  {
    const OpenEntry file(zip_fopen_index(archive.get(), entry.index, 0));
    if (!file) fail_zip(where, fmt::format("cannot unpack it ({})", zip_strerror(archive.get())));
    // The size that the archive states is a claim; memory grows with what is really there.
    size_t size = 0;
    for (;;) {
      content.resize(std::max(kFirstBlock, 2 * size));
      const auto got = zip_fread(file.get(), content.data() + size, content.size() - size);
      if (got < 0)
        fail_zip(where, fmt::format("cannot unpack it ({})", zip_file_strerror(file.get())));
      if (got == 0) break;
      size += static_cast<size_t>(got);
      if (size > max_bytes)
        throw DataError(Fault{where, fmt::format("more than {} bytes", max_bytes), "a smaller file",
                              "Is this the right archive?"});
    }
    content.resize(size);
  }
  handles_->give_back(std::move(archive));
  return content;
}

}  // namespace kinegraph
