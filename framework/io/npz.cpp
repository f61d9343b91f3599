#include <fmt/format.h>
#include <zip.h>

#include <algorithm>

#include "framework/base/error.h"
#include "framework/io/npy.h"

namespace kinegraph {

struct NpzArray::State {
  struct CloseArchive {
    void operator()(zip_t* archive) const { zip_discard(archive); }
  };
  struct CloseEntry {
    void operator()(zip_file_t* entry) const { zip_fclose(entry); }
  };

  std::string where;
  std::unique_ptr<zip_t, CloseArchive> archive;
  std::unique_ptr<zip_file_t, CloseEntry> entry;  // goes before its archive
  NpyHeader header;
  int64_t next = 0;
  size_t row_bytes = 0;

  [[noreturn]] void fail(const std::string& found, const std::string& expected) const {
    throw DataError(Fault{where, found, expected, "The file is damaged; save it again."});
  }

  std::string take(size_t size) const {
    constexpr size_t kBlock = 1 << 20;
    std::string bytes;
    // What the header says is a claim; memory grows with what is really there.
    while (bytes.size() < size) {
      const size_t had = bytes.size();
      bytes.resize(std::min(size, had + kBlock));
      const auto got = zip_fread(entry.get(), bytes.data() + had, bytes.size() - had);
      if (got <= 0)
        fail(got < 0 ? zip_file_strerror(entry.get()) : "the array ends early",
             fmt::format("{} more bytes", size - had));
      bytes.resize(had + static_cast<size_t>(got));
    }
    return bytes;
  }

  void read_header() {
    constexpr size_t kPrefix = 12, kVersionAt = 6, kLengthAt = 8, kMaxHeader = 1 << 16;
    std::string bytes = take(kPrefix);
    const bool is_first_version = bytes[kVersionAt] == 1;
    size_t length = 0;
    for (size_t i = 0; i < (is_first_version ? 2U : 4U); ++i)
      length |= size_t{static_cast<uint8_t>(bytes[kLengthAt + i])} << (8 * i);
    const size_t total = kLengthAt + (is_first_version ? 2 : 4) + length;
    if (length <= kMaxHeader && total > kPrefix) bytes += take(total - kPrefix);
    header = parse_npy_header(bytes, where);
    if (header.is_fortran_order) fail("an array in Fortran order", "one in C order");
    row_bytes = static_cast<size_t>(header.type.width);
    for (size_t axis = 1; axis < header.shape.size(); ++axis) {
      const auto extent = static_cast<size_t>(header.shape[axis]);
      constexpr size_t kMaxRow = size_t{1} << 31;
      if (extent > 0 && row_bytes > kMaxRow / extent) fail("a huge row", "less than 2 GiB");
      row_bytes *= extent;
    }
  }
};

NpzArray::NpzArray(const std::filesystem::path& npz, const std::string& name)
    : state_(std::make_unique<State>()) {
  state_->where = npz.string() + ": " + name;
  int code = 0;
  state_->archive.reset(zip_open(npz.c_str(), ZIP_RDONLY, &code));
  if (!state_->archive) state_->fail("cannot open it as a zip archive", "an .npz file");
  state_->entry.reset(zip_fopen(state_->archive.get(), (name + ".npy").c_str(), 0));
  if (!state_->entry)
    state_->fail(fmt::format("no such array ({})", zip_strerror(state_->archive.get())),
                 "an .npz file with it");
  state_->read_header();
}

NpzArray::~NpzArray() = default;
NpzArray::NpzArray(NpzArray&& other) noexcept = default;

const NpyHeader& NpzArray::header() const { return state_->header; }

NdArray NpzArray::row(int64_t index) {
  const auto& shape = state_->header.shape;
  std::string bytes;
  for (; state_->next <= index; ++state_->next) bytes = state_->take(state_->row_bytes);
  const auto owned = std::make_shared<const std::string>(std::move(bytes));
  NdArray array = NdArray::over(state_->header.type, {shape.begin() + 1, shape.end()}, false,
                                *owned, state_->where);
  array.owned = owned;
  return array;
}

NdArray NpzArray::all(size_t max_bytes) {
  const auto& shape = state_->header.shape;
  const size_t rows = shape.empty() ? 1 : static_cast<size_t>(shape[0]);
  if (state_->row_bytes > 0 && rows > max_bytes / state_->row_bytes)
    state_->fail(fmt::format("{} rows of {} bytes", rows, state_->row_bytes),
                 fmt::format("at most {} bytes", max_bytes));
  const auto owned = std::make_shared<const std::string>(state_->take(rows * state_->row_bytes));
  NdArray array = NdArray::over(state_->header.type, shape, false, *owned, state_->where);
  array.owned = owned;
  return array;
}

}  // namespace kinegraph
