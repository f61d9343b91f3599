// The zip format: PKWARE, APPNOTE.TXT 6.3, sections 4.3.7 (local header), 4.3.12 (directory),
// 4.3.14 and 4.3.16 (ends of the directory), 4.5.3 (64-bit sizes).
#include "framework/run/checkpoint_file_zip.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "framework/base/error.h"
#include "framework/io/pickle.h"

namespace kinegraph {
namespace {

constexpr uint64_t kEndSize = 22, kEnd64LocatorSize = 20, kEnd64Size = 56;
constexpr uint64_t kEntrySize = 46, kHeaderSize = 30;
constexpr uint64_t kMaxComment = 0xFFFF, kMaxDirectory = uint64_t{256} << 20;
constexpr std::string_view kEndMark = "PK\x05\x06", kEnd64Mark = "PK\x06\x06";
constexpr std::string_view kLocatorMark = "PK\x06\x07", kEntryMark = "PK\x01\x02";
constexpr std::string_view kHeaderMark = "PK\x03\x04";

/// The little-endian number of `width` bytes at `offset`, which must be within `bytes`.
uint64_t number(std::string_view bytes, size_t offset, size_t width) {
  uint64_t value = 0;
  for (size_t i = width; i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[offset + i]);
  return value;
}

bool starts_with(std::string_view bytes, std::string_view mark) {
  return bytes.substr(0, mark.size()) == mark;
}

/// The 64-bit numbers of an entry's extra field, in order, or nothing.
std::string_view extra64(std::string_view extra) {
  while (extra.size() >= 4) {
    const uint64_t size = number(extra, 2, 2);
    if (number(extra, 0, 2) == 1) return extra.substr(4, size);
    extra.remove_prefix(std::min<size_t>(4 + size, extra.size()));
  }
  return {};
}

}  // namespace

ZipReader::ZipReader(const std::filesystem::path& path)
    : name_(path.string()), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  struct stat status {};
  const bool is_open = file_ >= 0 && ::fstat(file_, &status) == 0;
  const int error_number = errno;
  try {
    if (!is_open)
      throw DataError(Fault{name_, fmt::format("cannot open it: {}", std::strerror(error_number)),
                            "", "Check the path and the permissions."});
    if (!S_ISREG(status.st_mode)) fail(0, "no regular file", "a checkpoint");
    file_size_ = static_cast<uint64_t>(status.st_size);
    read_directory();
  } catch (...) {
    if (file_ >= 0) ::close(file_);
    throw;
  }
}

ZipReader::~ZipReader() { ::close(file_); }

void ZipReader::fail(uint64_t offset, const std::string& found, const std::string& expected) const {
  throw DataError(Fault{fmt::format("{}: byte {}", name_, offset), found, expected,
                        "The file is damaged or incomplete; download or write it again."});
}

void ZipReader::read_at(uint64_t offset, void* target, uint64_t size) const {
  if (offset > file_size_ || size > file_size_ - offset)
    fail(offset, fmt::format("the file ends at byte {}", file_size_),
         fmt::format("{} bytes", size));
  auto* bytes = static_cast<char*>(target);
  while (size > 0) {
    const ssize_t count = ::pread(file_, bytes, size, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(offset, fmt::format("cannot read it: {}", std::strerror(errno)), "");
    if (count == 0) fail(offset, "the file became shorter", "an unchanged file");
    bytes += count;
    offset += static_cast<uint64_t>(count);
    size -= static_cast<uint64_t>(count);
  }
}

void ZipReader::read_directory() {
  std::string tail(std::min(file_size_, kEndSize + kEnd64LocatorSize + kMaxComment), '\0');
  const uint64_t tail_offset = file_size_ - tail.size();
  read_at(tail_offset, tail.data(), tail.size());
  const size_t end = tail.rfind(kEndMark);
  if (end == std::string::npos || tail.size() - end < kEndSize)
    fail(file_size_, "the directory of a zip file is missing", "a file of torch.save");
  uint64_t size = number(tail, end + 12, 4), offset = number(tail, end + 16, 4);
  const size_t locator = end - std::min<size_t>(end, kEnd64LocatorSize);
  if (starts_with(std::string_view(tail).substr(locator), kLocatorMark)) {
    std::string end64(kEnd64Size, '\0');
    const uint64_t end64_offset = number(tail, locator + 8, 8);
    read_at(end64_offset, end64.data(), end64.size());
    if (!starts_with(end64, kEnd64Mark)) fail(end64_offset, "no 64-bit directory", "one");
    size = number(end64, 40, 8);
    offset = number(end64, 48, 8);
  }
  if (size > kMaxDirectory || size > file_size_)
    fail(tail_offset + end, fmt::format("a directory of {} bytes", size), "less");
  directory_offset_ = offset;
  std::string directory(size, '\0');
  read_at(offset, directory.data(), directory.size());
  for (uint64_t entry = 0; entry < size;) entry += add_record(directory, entry);
}

/// Returns the size of the entry.
uint64_t ZipReader::add_record(std::string_view directory, uint64_t offset) {
  const std::string_view entry = directory.substr(offset);
  if (entry.size() < kEntrySize || !starts_with(entry, kEntryMark))
    fail(directory_offset_ + offset, "a damaged entry of the directory", "an entry");
  const uint64_t name_size = number(entry, 28, 2), extra_size = number(entry, 30, 2);
  const uint64_t total = kEntrySize + name_size + extra_size + number(entry, 32, 2);
  if (total > entry.size())
    fail(directory_offset_ + offset, "an entry that exceeds the directory", "an entry");
  const std::string_view name = entry.substr(kEntrySize, name_size);
  std::string_view wide = extra64(entry.substr(kEntrySize + name_size, extra_size));
  const auto wide_number = [&](size_t position) {
    const uint64_t narrow = number(entry, position, 4);
    if (narrow != UINT32_MAX) return narrow;
    if (wide.size() < 8)
      fail(directory_offset_ + offset, "an entry without its 64-bit size", "one");
    const uint64_t value = number(wide, 0, 8);
    wide.remove_prefix(8);
    return value;
  };
  const uint64_t size = wide_number(24), stored_size = wide_number(20);
  const uint64_t header_offset = wide_number(42);
  const bool is_encrypted = number(entry, 8, 2) & 1;
  const bool is_stored = number(entry, 10, 2) == 0 && !is_encrypted && size == stored_size;
  if (is_stored && size > file_size_)
    fail(directory_offset_ + offset, fmt::format("a record of {} bytes", size),
         "no more than the file has");
  const size_t slash = name.find('/');
  if (slash != std::string_view::npos)
    records_.emplace(name.substr(slash + 1), Record{header_offset, size, is_stored});
  return total;
}

const ZipReader::Record& ZipReader::find(const std::string& record) const {
  const auto found = records_.find(record);
  if (found == records_.end())
    throw DataError(Fault{name_, "no record " + pickle::printable(record), "a file of torch.save",
                          "The file is damaged or no checkpoint; download or write it again."});
  if (!found->second.is_stored)
    throw DataError(Fault{name_, "record " + pickle::printable(record) + " is compressed",
                          "one as torch.save stores it",
                          "Load it in Python with torch.load and save it again with torch.save."});
  return found->second;
}

void ZipReader::read(const std::string& record, void* target) {
  const Record& entry = find(record);
  std::string header(kHeaderSize, '\0');
  read_at(entry.header_offset, header.data(), header.size());
  if (!starts_with(header, kHeaderMark)) fail(entry.header_offset, "no record", "a record");
  if (entry.size > file_size_ - bytes_read_)
    fail(entry.header_offset, "records that overlap", "each byte in one record");
  bytes_read_ += entry.size;
  const uint64_t skipped = kHeaderSize + number(header, 26, 2) + number(header, 28, 2);
  read_at(entry.header_offset + skipped, target, entry.size);
}

}  // namespace kinegraph
