#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <stdexcept>

#include "framework/base/error.h"
#include "framework/io/annotation_store_content.h"
#include "framework/io/half.h"

namespace kinegraph {

using namespace store_format;

namespace {

constexpr char kReadRemedy[] = "The file is damaged or was changed; import the data again.";

/// Copies the first persons of every frame from P rows to M x T rows of `row` values each.
void scatter(const std::vector<double>& values, const std::vector<int64_t>& frame_persons,
             int64_t max_persons, int64_t row, double* out) {
  const auto num_frames = static_cast<int64_t>(frame_persons.size());
  const double* in = values.data();
  for (int64_t t = 0; t < num_frames; ++t) {
    const int64_t count = frame_persons[static_cast<size_t>(t)];
    for (int64_t m = 0; m < std::min(count, max_persons); ++m)
      std::copy_n(in + m * row, row, out + (m * num_frames + t) * row);
    in += count * row;
  }
}

}  // namespace

int64_t StoredPart::row_values() const {
  return std::accumulate(shape.begin() + 1, shape.end(), int64_t{1}, std::multiplies<>());
}

AnnotationStore::Content::~Content() {
  if (descriptor >= 0) ::close(descriptor);
}

size_t AnnotationStore::Content::index(int64_t clip) const {
  if (clip < 0 || clip >= table.num_clips())
    throw std::out_of_range(fmt::format("{}: clip {} of {}", name, clip, table.num_clips()));
  return static_cast<size_t>(clip);
}

std::string AnnotationStore::Content::where(int64_t clip) const {
  return fmt::format("{}: clip '{}'", name, table.id[static_cast<size_t>(clip)]);
}

Totals AnnotationStore::Content::totals() const {
  return {table.person_frame_offsets.back(), frame_offsets.back(), person_offsets.back()};
}

RowRange AnnotationStore::Content::rows(Part part, int64_t clip) const {
  const bool is_dense = info.person_layout == PersonLayout::dense;
  const auto& offsets = part == kFramePersons || part == kTimestamps ? frame_offsets
                        : part == kKeypoints || part == kScores || !is_dense
                            ? table.person_frame_offsets
                            : person_offsets;
  const size_t i = index(clip);
  return {offsets[i], offsets[i + 1] - offsets[i]};
}

void AnnotationStore::Content::read_bytes(int64_t offset, int64_t size, void* out) const {
  char* target = static_cast<char*>(out);
  while (size > 0) {
    const ssize_t got = ::pread(descriptor, target, static_cast<size_t>(size), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      throw DataError(Fault{name, fmt::format("cannot read it: {}", std::strerror(errno)), "",
                            "Check the disk or the network drive."});
    if (got == 0) throw DataError(Fault{name, "the file ends early", "", kReadRemedy});
    target += got;
    offset += got;
    size -= got;
  }
}

void AnnotationStore::Content::read_values(const StoredPart& part, int64_t first, int64_t count,
                                           double* out) const {
  const int64_t width = bytes_of(part.type);
  if (part.type == ElementType::float64)
    return read_bytes(part.offset + first * width, count * width, out);
  alignas(double) char block[1 << 15];
  const int64_t most = static_cast<int64_t>(sizeof block) / width;
  for (int64_t done = 0; done < count;) {
    const int64_t now = std::min(count - done, most);
    read_bytes(part.offset + (first + done) * width, now * width, block);
    if (part.type == ElementType::float16) {
      widen_halves(reinterpret_cast<const uint16_t*>(block), now, out + done);
    } else {
      const auto* values = reinterpret_cast<const float*>(block);
      std::copy(values, values + now, out + done);
    }
    done += now;
  }
}

std::vector<double> AnnotationStore::Content::read_doubles(Part part, int64_t clip) const {
  if (!parts[part]) return {};
  const RowRange range = rows(part, clip);
  const int64_t row = parts[part]->row_values();
  std::vector<double> values(static_cast<size_t>(range.count * row));
  read_values(*parts[part], range.first * row, range.count * row, values.data());
  return values;
}

std::vector<int64_t> AnnotationStore::Content::read_integers(Part part, int64_t clip) const {
  if (!parts[part]) return {};
  const RowRange range = rows(part, clip);
  std::vector<int64_t> values(static_cast<size_t>(range.count));
  read_bytes(parts[part]->offset + range.first * 8, range.count * 8, values.data());
  return values;
}

std::vector<int64_t> AnnotationStore::Content::read_frame_persons(int64_t clip) const {
  auto counts = read_integers(kFramePersons, clip);
  const int64_t most = table.num_persons[index(clip)];
  const int64_t expected = rows(kKeypoints, clip).count;
  int64_t sum = 0;
  for (const int64_t count : counts) {
    if (count < 0 || count > most)
      throw DataError(Fault{where(clip), fmt::format("{} persons in a frame", count),
                            fmt::format("0..{}", most), kReadRemedy});
    sum += count;
  }
  if (parts[kFramePersons] && sum != expected)
    throw DataError(Fault{where(clip), fmt::format("{} persons in all frames together", sum),
                          fmt::format("{}", expected), kReadRemedy});
  return counts;
}

void AnnotationStore::Content::read_persons(Part part, int64_t clip, int64_t max_persons,
                                            double* out) const {
  if (max_persons < 0) throw std::out_of_range("a negative number of persons");
  const size_t i = index(clip);
  const int64_t row = parts[part]->row_values();
  const int64_t person = table.num_frames[i] * row;  // values of one person in all frames
  if (info.person_layout == PersonLayout::frame_persons) {
    const auto counts = read_frame_persons(clip);
    std::fill_n(out, max_persons * person, 0.0);
    return scatter(read_doubles(part, clip), counts, max_persons, row, out);
  }
  const int64_t present = std::min(max_persons, table.num_persons[i]);
  read_values(*parts[part], rows(part, clip).first * row, present * person, out);
  std::fill_n(out + present * person, (max_persons - present) * person, 0.0);
}

}  // namespace kinegraph
