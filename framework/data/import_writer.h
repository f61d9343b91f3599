// The common half of importers: the store, the account of what went into it, and what the caller
// asked (limit, splits, strict, progress).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "framework/base/error.h"
#include "framework/data/importer.h"
#include "framework/io/annotation_store_writer.h"

namespace kinegraph {

/// Split name -> clip ids, in the order that the split shall have.
using SplitIds = std::map<std::string, std::vector<std::string>>;

/// A clip that cannot be used, for a short reason that other clips may share.
class UnusableClip : public DataError {
 public:
  UnusableClip(std::string reason, const Fault& fault)
      : DataError(fault), reason_(std::move(reason)) {}
  /// As `cause` says.
  UnusableClip(std::string reason, const DataError& cause)
      : DataError(cause), reason_(std::move(reason)) {}

  const std::string& reason() const { return reason_; }

 private:
  std::string reason_;
};

/// The store appears, whole, at finish(); without finish() nothing is left.
///
///   ImportWriter writer(source, store, info, context);
///   writer.set_splits(splits, ids.size());
///   for (const auto& id : ids) {
///     if (!writer.wants(id)) continue;
///     if (const auto clip = writer.try_read(id, [&] { return read(id); })) writer.add(*clip);
///   }
///   return writer.finish();
class ImportWriter {
 public:
  /// `source` is for messages.
  ImportWriter(std::filesystem::path source, const std::filesystem::path& store,
               const StoreInfo& info, const Importer::Context& context);

  /// The splits of the source, before any clip, and the number of clips in the source (0: unknown).
  /// Ids that no clip has are skipped at finish(). Throws DataError when a split that the caller
  /// asked for is missing.
  void set_splits(SplitIds splits, int64_t num_clips);

  /// Whether the clip is to be read: the limit is not reached and, when the caller chose splits, it
  /// is in one of them.
  bool wants(const std::string& id) const;
  bool is_full() const;

  /// False when the store cannot hold the clip, which is then rejected: a value too large for its
  /// precision, say. Throws DataError for what concerns the whole store, such as an id twice.
  bool add(const Clip& clip);

  /// What read() gives; nothing when it throws a DataError, for which the clip `id` is then
  /// rejected. Only reading belongs in there: what this writer throws concerns the whole store.
  template <class Read>
  std::optional<std::invoke_result_t<const Read&>> try_read(const std::string& id,
                                                            const Read& read) {
    try {
      return read();
    } catch (const DataError& why) {
      reject(id, why);
      return std::nullopt;
    }
  }

  /// Leaves the clip `id` out: `reason` is a short text that many clips may share. Throws
  /// DataError(fault) when the caller wants no clip left out.
  void reject(const std::string& id, const std::string& reason, const Fault& fault);
  /// The same for what reading it threw; unless that is an UnusableClip, the reason is "a faulty
  /// file", with the first such error as the example.
  void reject(const std::string& id, const DataError& why);
  /// The same for a clip that the source itself marks as one to leave out: no error, ever.
  void leave_out(const std::string& id, const std::string& reason);

  bool has(const std::string& id) const { return index_of_.count(id) > 0; }
  /// Added clips whose coordinates are all zero, and the id of the first.
  int64_t num_empty() const { return num_empty_; }
  const std::string& first_empty() const { return first_empty_; }
  void add_note(const std::string& note) { report_.notes.push_back(note); }

  /// See AnnotationStoreWriter; one value for each added clip.
  void set_extra_field(const std::string& name, FieldValues values);

  /// Throws DataError when no clip was added: the first error of reading where all clips had one.
  ImportReport finish();

 private:
  void count_rejected(const std::string& reason, const std::string& example);
  [[noreturn]] void refuse_all() const;
  void show_progress() const;
  std::vector<int64_t> indices_of(const std::vector<std::string>& ids) const;

  std::filesystem::path source_;
  Importer::Context context_;
  AnnotationStoreWriter writer_;
  ImportReport report_;
  SplitIds splits_;
  std::unordered_set<std::string> chosen_;  // ids of the splits that the caller chose
  std::unordered_map<std::string, int64_t> index_of_;
  int64_t expected_ = 0, num_rejected_ = 0, num_empty_ = 0;
  std::string first_empty_;
  std::optional<DataError> first_error_;  // that is no UnusableClip
};

}  // namespace kinegraph
