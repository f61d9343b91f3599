#include "framework/data/import_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "framework/base/text.h"

namespace kinegraph {
namespace {

std::vector<std::string> names_of(const SplitIds& splits) {
  std::vector<std::string> names;
  for (const auto& [name, ids] : splits) names.push_back(name);
  return names;
}

/// The chosen splits alone.
SplitIds choose(const SplitIds& splits, const std::vector<std::string>& chosen,
                const std::string& source) {
  SplitIds result;
  for (const auto& name : chosen) {
    const auto found = splits.find(name);
    if (found == splits.end())
      throw DataError(Fault{
          source, fmt::format("no split '{}'{}", name, near_name_hint(name, names_of(splits))),
          splits.empty() ? "a source with splits" : "one of: " + join(names_of(splits)),
          "Correct --split, or leave it out to import everything."});
    result.insert(*found);
  }
  return result;
}

/// An error without its remedy.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

int64_t num_persons_of(const Clip& clip) {
  if (clip.frame_persons.empty()) return clip.num_persons;
  return *std::max_element(clip.frame_persons.begin(), clip.frame_persons.end());
}

}  // namespace

std::vector<std::string> warnings_of(const ImportReport& report) {
  std::vector<std::string> lines;
  for (const auto& [reason, count] : report.rejected)
    lines.push_back(fmt::format("{} clip{} left out: {} (such as {})", count.first,
                                count.first == 1 ? "" : "s", reason, count.second));
  lines.insert(lines.end(), report.notes.begin(), report.notes.end());
  return lines;
}

ImportWriter::ImportWriter(std::filesystem::path source, const std::filesystem::path& store,
                           const StoreInfo& info, const Importer::Context& context)
    : source_(std::move(source)), context_(context), writer_(store, info, source_.string()) {}

void ImportWriter::set_splits(SplitIds splits, int64_t num_clips) {
  expected_ = num_clips;
  if (!context_.splits.empty()) {
    splits = choose(splits, context_.splits, source_.string());
    for (const auto& [name, ids] : splits) chosen_.insert(ids.begin(), ids.end());
    expected_ = static_cast<int64_t>(chosen_.size());
  }
  if (context_.limit && expected_ > 0) expected_ = std::min(expected_, *context_.limit);
  splits_ = std::move(splits);
}

bool ImportWriter::wants(const std::string& id) const {
  return !is_full() && (context_.splits.empty() || chosen_.count(id) > 0);
}

bool ImportWriter::is_full() const { return context_.limit && report_.clips >= *context_.limit; }

bool ImportWriter::add(const Clip& clip) {
  try {
    writer_.add(clip);
  } catch (const InvalidClip& why) {
    reject(clip.id, why);
    return false;
  }
  index_of_.emplace(clip.id, report_.clips++);
  report_.frames += clip.num_frames;
  report_.persons += num_persons_of(clip);
  if (std::all_of(clip.keypoints.begin(), clip.keypoints.end(), [](double x) { return x == 0; }) &&
      num_empty_++ == 0)
    first_empty_ = clip.id;
  show_progress();
  return true;
}

void ImportWriter::reject(const std::string& id, const std::string& reason, const Fault& fault) {
  reject(id, UnusableClip(reason, fault));
}

void ImportWriter::reject(const std::string& id, const DataError& why) {
  if (context_.is_strict) throw DataError(why);
  if (const auto* unusable = dynamic_cast<const UnusableClip*>(&why))
    return leave_out(id, unusable->reason());
  if (!first_error_) first_error_ = why;
  count_rejected("a faulty file", first_line(why.what()));
}

void ImportWriter::leave_out(const std::string& id, const std::string& reason) {
  count_rejected(reason, id);
}

void ImportWriter::count_rejected(const std::string& reason, const std::string& example) {
  auto& [count, first] = report_.rejected[reason];
  if (count++ == 0) first = example;
  ++num_rejected_;
  show_progress();
}

void ImportWriter::set_extra_field(const std::string& name, FieldValues values) {
  writer_.set_extra_field(name, std::move(values));
}

ImportReport ImportWriter::finish() {
  if (report_.clips == 0 && num_rejected_ > 0) refuse_all();
  for (const auto& [name, ids] : splits_) writer_.set_split(name, indices_of(ids));
  writer_.finish();
  return report_;
}

void ImportWriter::refuse_all() const {
  if (first_error_ && report_.rejected.size() == 1) throw DataError(*first_error_);
  std::vector<std::string> reasons;
  for (const auto& [reason, count] : report_.rejected)
    reasons.push_back(fmt::format("{} (such as {})", reason, count.second));
  throw DataError(Fault{source_.string(),
                        fmt::format("none of {} clips is usable: {}", num_rejected_, join(reasons)),
                        "at least one", "Is the source the right one?"});
}

void ImportWriter::show_progress() const {
  if (context_.progress) context_.progress(report_.clips + num_rejected_, expected_);
}

std::vector<int64_t> ImportWriter::indices_of(const std::vector<std::string>& ids) const {
  std::vector<int64_t> indices;
  for (const auto& id : ids)
    if (const auto found = index_of_.find(id); found != index_of_.end())
      indices.push_back(found->second);
  return indices;
}

}  // namespace kinegraph
