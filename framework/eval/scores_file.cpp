#include <fmt/format.h>

#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/base/text.h"
#include "framework/eval/scores.h"
#include "framework/io/hdf5.h"

namespace kinegraph {
namespace {

constexpr char kScoresFormat[] = "kinegraph scores 1";

void check_format(const Hdf5File& file) {
  const std::string found =
      file.has_attribute("/", "format") ? file.read_attribute<std::string>("/", "format") : "none";
  if (found != kScoresFormat)
    throw DataError(Fault{file.where("/"), fmt::format("format '{}'", found),
                          fmt::format("'{}'", kScoresFormat), "Is this a file of scores?"});
}

ScoreKind read_kind(const Hdf5File& file) {
  const auto found = file.read_attribute<std::string>("/scores", "kind");
  std::vector<std::string> known;
  for (const auto kind : {ScoreKind::logits, ScoreKind::probabilities, ScoreKind::weighted_sum}) {
    if (found == name_of(kind)) return kind;
    known.emplace_back(name_of(kind));
  }
  throw DataError(Fault{file.where("/scores"), fmt::format("kind '{}'", found), join(known), ""});
}

void check_shape(const Hdf5File& file, const std::vector<int64_t>& shape, size_t clips,
                 size_t classes) {
  if (shape == std::vector<int64_t>{static_cast<int64_t>(clips), static_cast<int64_t>(classes)})
    return;
  throw DataError(Fault{file.where("/scores"), fmt::format("shape ({})", fmt::join(shape, ", ")),
                        fmt::format("({}, {}): clips, classes", clips, classes),
                        "The file is damaged; make it again."});
}

}  // namespace

void write_scores(const Scores& scores, const std::filesystem::path& path,
                  const ScoreNotes& notes) {
  require_labels(scores, path.string());
  PendingFile pending(path);
  auto file = Hdf5File::create(pending.part_path());
  file.write_attribute("/", "format", std::string(kScoresFormat));
  for (const auto& [name, text] : notes) file.write_attribute("/", name, text);
  file.write("/ids", scores.ids);
  file.write("/labels", scores.labels);
  file.write("/class_names", scores.class_names);
  file.write("/scores",
             Hdf5Array<float>{{scores.num_clips(), scores.num_classes()}, scores.values});
  file.write_attribute("/scores", "kind", std::string(name_of(scores.kind)));
  file.write_attribute("/scores", "sha256", sha256_of(scores));
  file.close();
  pending.commit();
}

Scores read_scores(const std::filesystem::path& path) {
  const auto file = Hdf5File::open(path, VariableTexts::refuse);
  check_format(file);
  auto ids = file.read_vector<std::string>("/ids");
  auto class_names = file.read_vector<std::string>("/class_names");
  auto array = file.read<float>("/scores");
  check_shape(file, array.shape, ids.size(), class_names.size());
  Scores scores(std::move(ids), file.read_vector<int64_t>("/labels"), std::move(class_names),
                std::move(array.values), read_kind(file), path.string());
  require_labels(scores, path.string());
  if (file.read_attribute<std::string>("/scores", "sha256") != sha256_of(scores))
    throw DataError(Fault{file.where("/scores"), "other values than were written",
                          "the values of its SHA-256", "The file is damaged; make it again."});
  return scores;
}

}  // namespace kinegraph
