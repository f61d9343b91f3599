#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "framework/base/error.h"
#include "framework/io/annotation_store_content.h"

namespace kinegraph {

using namespace store_format;

namespace {

constexpr char kRemedy[] =
    "The file is damaged or was not made by Kinegraph; import the data again.";

[[noreturn]] void refuse(const std::string& where, const std::string& found,
                         const std::string& expected) {
  throw DataError(Fault{where, found, expected, kRemedy});
}

void check_format(const Hdf5File& file, const std::string& name) {
  if (!file.has_attribute("/", "format") ||
      file.read_attribute<std::string>("/", "format") != kFormat)
    throw DataError(Fault{name, "an HDF5 file of another kind", "an annotation store",
                          "Make one from your data with 'kinegraph import'."});
  const auto version = file.read_attribute<int64_t>("/", "version");
  if (version != kVersion)
    throw DataError(Fault{name, fmt::format("an annotation store of version {}", version),
                          fmt::format("version {}", kVersion),
                          version > kVersion
                              ? "Update Kinegraph, or import the data again with this "
                                "one."
                              : "Import the data again."});
}

template <class Enum>
Enum read_choice(const Hdf5File& file, const std::string& attribute,
                 std::initializer_list<Enum> choices) {
  const auto text = file.read_attribute<std::string>("/", attribute);
  std::string names;
  for (const Enum choice : choices) {
    if (name_of(choice) == text) return choice;
    names += (names.empty() ? "" : ", ") + std::string(name_of(choice));
  }
  refuse(file.where("/", attribute), fmt::format("'{}'", text), "one of " + names);
}

std::string read_text(const Hdf5File& file, const std::string& path) {
  auto texts = file.read<std::string>(path).values;
  if (texts.size() != 1) refuse(file.where(path), fmt::format("{} texts", texts.size()), "one");
  return texts[0];
}

StoreInfo read_info(const Hdf5File& file, const std::string& name) {
  StoreInfo info;
  info.skeleton = file.read_attribute<std::string>("/", "skeleton");
  info.num_joints = file.read_attribute<int64_t>("/", "num_joints");
  info.channels = file.read_attribute<std::string>("/", "channels");
  info.coordinates = read_choice(
      file, "coordinates", {Coordinates::pixels, Coordinates::metres, Coordinates::normalised});
  info.person_layout =
      read_choice(file, "person_layout", {PersonLayout::dense, PersonLayout::frame_persons});
  info.precision =
      read_choice(file, "precision", {Precision::float16, Precision::float32, Precision::float64});
  info.skeleton_layout = read_text(file, "skeleton_layout");
  info.provenance = read_text(file, "provenance");
  info.class_names = file.read_vector<std::string>("class_names");
  if (file.exists("splits"))
    for (const auto& split : file.list("splits"))
      info.splits[split] = file.read_vector<int64_t>("splits/" + split);
  check_info(info, name);
  return info;
}

FieldValues read_field(const Hdf5File& file, const std::string& path) {
  const auto dataset = file.inspect(path);
  if (dataset.is_text) return file.read_vector<std::string>(path);
  if (dataset.is_floating) return file.read_vector<double>(path);
  return file.read_vector<int64_t>(path);
}

/// The columns as they are; check_table() looks at the values.
ClipTable read_table(const Hdf5File& file, const std::string& name) {
  ClipTable table;
  table.id = file.read_vector<std::string>("clips/id");
  table.person_frame_offsets = file.read_vector<int64_t>("person_frame_offsets");
  table.label_offsets = file.read_vector<int64_t>("label_offsets");
  table.labels = file.read_vector<int64_t>("labels");
  table.num_frames = file.read_vector<int64_t>("clips/num_frames");
  table.num_persons = file.read_vector<int64_t>("clips/num_persons");
  for (const auto& field : file.list("clips")) {
    const std::string path = "clips/" + field;
    const auto known = std::find_if(std::begin(kIntegerFields), std::end(kIntegerFields),
                                    [&](const IntegerField& each) { return each.name == field; });
    if (field == "id" || field == "num_frames" || field == "num_persons") continue;
    if (known != std::end(kIntegerFields))
      table.integers[static_cast<size_t>(known - kIntegerFields)] = file.read_vector<int64_t>(path);
    else if (field == "fps")
      table.fps = file.read_vector<double>(path);
    else
      check_extra_field(field, table.extra[field] = read_field(file, path), table.num_clips(),
                        name);
  }
  return table;
}

void check_lengths(const ClipTable& table, const std::string& name) {
  const auto check = [&](const char* column, size_t found, size_t expected) {
    if (found != expected)
      refuse(name, fmt::format("{} values in {}", found, column), fmt::format("{}", expected));
  };
  const size_t n = table.id.size();
  if (n == 0) refuse(name, "no clips", "at least one");
  check("person_frame_offsets", table.person_frame_offsets.size(), n + 1);
  check("label_offsets", table.label_offsets.size(), n + 1);
  check("num_frames", table.num_frames.size(), n);
  check("num_persons", table.num_persons.size(), n);
  for (size_t i = 0; i < kNumIntegerFields; ++i)
    if (!table.integers[i].empty()) check(kIntegerFields[i].name, table.integers[i].size(), n);
  if (!table.fps.empty()) check("fps", table.fps.size(), n);
}

/// From 0 to `end` without a step back.
void check_offsets(const std::vector<int64_t>& offsets, std::optional<int64_t> end,
                   const char* column, const std::string& name) {
  const bool is_sound = offsets.front() == 0 && std::is_sorted(offsets.begin(), offsets.end()) &&
                        (!end || offsets.back() == *end);
  if (!is_sound)
    refuse(name, fmt::format("unsound {}", column),
           end ? fmt::format("numbers that rise from 0 to {}", *end) : "numbers that rise from 0");
}

}  // namespace

/// Builds the content of a store that is being opened, step by step.
class AnnotationStoreOpener {
 public:
  static AnnotationStore open(const std::filesystem::path& path, AnnotationStore::Labels labels) {
    auto content = std::make_shared<AnnotationStore::Content>();
    AnnotationStoreOpener(path.string(), *content).run(labels);
    return AnnotationStore(std::move(content));
  }

 private:
  AnnotationStoreOpener(const std::string& name, AnnotationStore::Content& content)
      : content_(content), file_(Hdf5File::open(name, VariableTexts::refuse)) {
    content_.name = name;
  }

  void run(AnnotationStore::Labels labels) {
    check_format(file_, content_.name);
    content_.info = read_info(file_, content_.name);
    content_.table = read_table(file_, content_.name);
    check_lengths(content_.table, content_.name);
    check_splits(content_.info, content_.table.num_clips(), content_.name);
    check_offsets(content_.table.label_offsets, static_cast<int64_t>(content_.table.labels.size()),
                  "label_offsets", content_.name);
    if (labels == AnnotationStore::Labels::of_a_class) check_labels();
    check_sizes();
    index_ids();
    for (int part = 0; part < kNumParts; ++part) find_part(static_cast<Part>(part));
    content_.sha256 = file_.read_attribute<std::string>("/", kHashAttribute);
    content_.descriptor = file_.duplicate_descriptor();
  }

  void check_labels() const {
    const ClipTable& table = content_.table;
    for (size_t i = 0; i < table.id.size(); ++i)
      for (int64_t k = table.label_offsets[i]; k < table.label_offsets[i + 1]; ++k) {
        const int64_t label = table.labels[static_cast<size_t>(k)];
        if (label < 0 || label >= content_.info.num_classes())
          refuse(
              content_.where(static_cast<int64_t>(i)), fmt::format("label {}", label),
              fmt::format("a label below the number of classes, {}", content_.info.num_classes()));
      }
  }

  void check_sizes() {
    const ClipTable& table = content_.table;
    check_offsets(table.person_frame_offsets, std::nullopt, "person_frame_offsets", content_.name);
    const bool is_dense = content_.info.person_layout == PersonLayout::dense;
    for (size_t i = 0; i < table.id.size(); ++i) {
      const std::string where = content_.where(static_cast<int64_t>(i));
      check_clip_size(content_.info, table.num_frames[i], table.num_persons[i], where);
      const int64_t rows = table.person_frame_offsets[i + 1] - table.person_frame_offsets[i];
      const int64_t most = table.num_frames[i] * table.num_persons[i];
      // Bounded sizes and bounded numbers of clips keep these sums far from overflow.
      content_.frame_offsets.push_back(content_.frame_offsets.back() + table.num_frames[i]);
      content_.person_offsets.push_back(content_.person_offsets.back() + table.num_persons[i]);
      if (is_dense ? rows != most : rows > most || rows < table.num_persons[i])
        refuse(where, fmt::format("{} person-frames", rows),
               fmt::format("{} persons x {} frames", table.num_persons[i], table.num_frames[i]));
    }
  }

  void index_ids() {
    const auto& ids = content_.table.id;
    auto& order = content_.by_id;
    order.resize(ids.size());
    std::iota(order.begin(), order.end(), int64_t{0});
    std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return ids[static_cast<size_t>(a)] < ids[static_cast<size_t>(b)];
    });
    for (size_t i = 1; i < order.size(); ++i)
      if (ids[static_cast<size_t>(order[i - 1])] == ids[static_cast<size_t>(order[i])])
        refuse(content_.where(order[i]), "an id that another clip has", "ids that differ");
  }

  void find_part(Part part) {
    const bool is_required =
        part == kKeypoints ||
        (part == kFramePersons && content_.info.person_layout == PersonLayout::frame_persons);
    if (!is_required && (part == kFramePersons || !file_.exists(kPartNames[part]))) return;
    const std::string where = file_.where(kPartNames[part]);
    const auto dataset = file_.inspect(kPartNames[part]);
    const auto shape = part_shape(part, content_.info, content_.totals());
    const ElementType type = part_type(part, content_.info);
    if (dataset.shape != shape)
      refuse(where, fmt::format("shape ({})", fmt::join(dataset.shape, ", ")),
             fmt::format("({})", fmt::join(shape, ", ")));
    if (dataset.type != type)
      refuse(where, "another element type", std::string(kinegraph::name_of(type)));
    if (!dataset.file_offset)
      refuse(where, "data in chunks, compressed or past the end of the file",
             "one contiguous piece");
    content_.parts[part] = StoredPart{type, shape, *dataset.file_offset};
  }

  AnnotationStore::Content& content_;
  Hdf5File file_;
};

AnnotationStore AnnotationStore::open(const std::filesystem::path& path, Labels labels) {
  if (!std::filesystem::exists(path))
    throw DataError(Fault{path.string(), "no such file", "",
                          "Check the path, or make the store with `kinegraph import`."});
  return AnnotationStoreOpener::open(path, labels);
}

}  // namespace kinegraph
