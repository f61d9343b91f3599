#include "framework/io/hdf5.h"

#include <gtest/gtest.h>
#include <hdf5.h>

#include <fstream>

#include "framework/base/error.h"
#include "tests/support/temp_dir.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

class Hdf5 : public testing::Test {
 protected:
  template <class Function>
  std::string error_of(Function function) const {
    try {
      function();
    } catch (const DataError& error) {
      std::string text = error.what();
      for (size_t at; (at = text.find(folder_.string() + "/")) != std::string::npos;)
        text.erase(at, folder_.string().size() + 1);
      return text;
    }
    return "no error";
  }

  /// Writes with the C API what Hdf5File::write does not write; returns the file's id.
  hid_t create_raw() const {
    return H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  }

  const TempDir temp_;
  const fs::path folder_ = temp_.path(), path_ = folder_ / "file.h5";
};

template <class T>
void expect_round_trip(const fs::path& path, const Hdf5Array<T>& array) {
  auto file = Hdf5File::create(path);
  file.write("a/b/values", array);
  file.close();
  const auto read = Hdf5File::open(path).read<T>("/a/b/values");
  EXPECT_EQ(read.shape, array.shape);
  EXPECT_EQ(read.values, array.values);
}

TEST_F(Hdf5, KeepsInt32) { expect_round_trip<int32_t>(path_, {{2, 2}, {1, -2, INT32_MAX, 0}}); }
TEST_F(Hdf5, KeepsInt64) { expect_round_trip<int64_t>(path_, {{2}, {INT64_MIN, INT64_MAX}}); }
TEST_F(Hdf5, KeepsFloat) { expect_round_trip<float>(path_, {{1, 2, 1}, {0.1f, -2}}); }
TEST_F(Hdf5, KeepsDouble) { expect_round_trip<double>(path_, {{2}, {0.1, 1e300}}); }
TEST_F(Hdf5, KeepsTexts) {
  expect_round_trip<std::string>(path_, {{2, 2}, {"", "drink water", "é", "x"}});
}
TEST_F(Hdf5, KeepsScalar) { expect_round_trip<double>(path_, {{}, {4.5}}); }
TEST_F(Hdf5, KeepsEmptyArray) { expect_round_trip<int64_t>(path_, {{3, 0}, {}}); }

TEST_F(Hdf5, KeepsAttributes) {
  auto file = Hdf5File::create(path_);
  file.write("x", std::vector<double>{1});
  file.write_attribute("/", "name", std::string("stgcn"));
  file.write_attribute("x", "epoch", int64_t{80});
  file.write_attribute("x", "top1", 0.875);
  EXPECT_EQ(file.read_attribute<std::string>("/", "name"), "stgcn");
  EXPECT_EQ(file.read_attribute<int64_t>("x", "epoch"), 80);
  EXPECT_EQ(file.read_attribute<double>("x", "top1"), 0.875);
  EXPECT_FALSE(file.has_attribute("x", "name"));
}

TEST_F(Hdf5, ListsGroupSorted) {
  auto file = Hdf5File::create(path_);
  for (const char* name : {"g/c", "g/a", "g/b/d"}) file.write(name, std::vector<double>{1});
  EXPECT_EQ(file.list("g"), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(file.exists("g/b/d"));
  EXPECT_FALSE(file.exists("g/b/e"));
  EXPECT_FALSE(file.exists("no/such/path"));
}

TEST_F(Hdf5, WidensIntegersAndFloats) {
  auto file = Hdf5File::create(path_);
  file.write("i", std::vector<int32_t>{-7});
  file.write("f", std::vector<float>{0.5f});
  EXPECT_EQ(file.read_vector<int64_t>("i"), std::vector<int64_t>{-7});
  EXPECT_EQ(file.read_vector<double>("i"), std::vector<double>{-7});
  EXPECT_EQ(file.read_vector<double>("f"), std::vector<double>{0.5});
}

TEST_F(Hdf5, RefusesNarrowingOfIntegers) {
  auto file = Hdf5File::create(path_);
  file.write("i", std::vector<int64_t>{1});
  EXPECT_EQ(error_of([&] { file.read_vector<int32_t>("i"); }),
            "file.h5: /i: int64; expected int32 or what converts to it unchanged\n"
            "  Is this the right file?");
}

TEST_F(Hdf5, ReadsVariableLengthAsciiTextsUnlessRefused) {
  const hid_t file = create_raw(), type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  const hsize_t size = 3;
  const hid_t space = H5Screate_simple(1, &size, nullptr);
  const hid_t data = H5Dcreate2(file, "t", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  const char* texts[] = {"one", "", "three"};
  H5Dwrite(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts);
  const hid_t attribute = H5Acreate2(data, "a", type, space, H5P_DEFAULT, H5P_DEFAULT);
  H5Awrite(attribute, type, texts);
  H5Aclose(attribute), H5Dclose(data), H5Sclose(space), H5Tclose(type), H5Fclose(file);
  const auto opened = Hdf5File::open(path_);
  EXPECT_EQ(opened.read_vector<std::string>("t"), (std::vector<std::string>{"one", "", "three"}));
  EXPECT_EQ(opened.read_attribute_array<std::string>("t", "a").values[2], "three");
  const auto wary = Hdf5File::open(path_, VariableTexts::refuse);
  EXPECT_EQ(error_of([&] { wary.read_vector<std::string>("t"); }),
            "file.h5: /t: texts of variable length; expected texts of fixed length\n"
            "  Write them with a fixed length (in h5py: dtype 'S40', say).");
}

TEST_F(Hdf5, ReadsCompressedChunks) {
  const hid_t file = create_raw(), layout = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t size = 100000, chunk = 50000;
  H5Pset_chunk(layout, 1, &chunk), H5Pset_deflate(layout, 9);
  const hid_t space = H5Screate_simple(1, &size, nullptr);
  const hid_t data = H5Dcreate2(file, "z", H5T_STD_I64LE, space, H5P_DEFAULT, layout, H5P_DEFAULT);
  const std::vector<int64_t> values(size, 3);
  H5Dwrite(data, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  H5Dclose(data), H5Sclose(space), H5Pclose(layout), H5Fclose(file);
  EXPECT_EQ(Hdf5File::open(path_).read_vector<int64_t>("z"), values);
}

TEST_F(Hdf5, RefusesShapeFarBeyondTheFile) {
  const hid_t file = create_raw(), layout = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t size = hsize_t{1} << 50, chunk = 1000;
  H5Pset_chunk(layout, 1, &chunk);
  const hid_t space = H5Screate_simple(1, &size, nullptr);
  H5Dclose(H5Dcreate2(file, "big", H5T_STD_I64LE, space, H5P_DEFAULT, layout, H5P_DEFAULT));
  H5Sclose(space), H5Pclose(layout), H5Fclose(file);
  EXPECT_EQ(error_of([&] { Hdf5File::open(path_).read<double>("big"); }),
            "file.h5: /big: int64; expected float64 or what converts to it unchanged\n"
            "  Is this the right file?");
  EXPECT_EQ(error_of([&] { Hdf5File::open(path_).read<int64_t>("big"); }),
            "file.h5: /big: 1125899906842624 values in 0 bytes; expected a shape that fits the "
            "file\n  The file is damaged; make or fetch it again.");
}

TEST_F(Hdf5, RefusesLinkToAnotherFile) {
  Hdf5File::create(folder_ / "other.h5").write("x", std::vector<double>{1});
  const hid_t file = create_raw();
  H5Lcreate_external("other.h5", "/x", file, "x", H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(file);
  EXPECT_EQ(error_of([&] { Hdf5File::open(path_).read<double>("x"); }),
            "file.h5: /x: '/x' is a link to another file; expected data inside this file\n"
            "  Copy the data into one file.");
}

TEST_F(Hdf5, RefusesValuesInAnotherFile) {
  std::ofstream(folder_ / "secret") << "12345678";
  const hid_t file = create_raw(), layout = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t size = 1;
  H5Pset_external(layout, (folder_ / "secret").c_str(), 0, 8);
  const hid_t space = H5Screate_simple(1, &size, nullptr);
  H5Dclose(H5Dcreate2(file, "x", H5T_STD_I64LE, space, H5P_DEFAULT, layout, H5P_DEFAULT));
  H5Sclose(space), H5Pclose(layout), H5Fclose(file);
  EXPECT_EQ(error_of([&] { Hdf5File::open(path_).read<int64_t>("x"); }),
            "file.h5: /x: a data set with its values in another file; expected values inside this "
            "file\n  Copy the data into one file.");
}

TEST_F(Hdf5, NamesTheNearestDataSetWhenOneIsMissing) {
  auto file = Hdf5File::create(path_);
  file.write("scores/joint", std::vector<double>{1});
  EXPECT_EQ(error_of([&] { file.read<double>("scores/jiont"); }),
            "file.h5: /scores/jiont: it is not there; did you mean 'joint'?\n"
            "  Is this the right file?");
}

TEST_F(Hdf5, RefusesMissingFile) {
  EXPECT_EQ(error_of([&] { Hdf5File::open(path_); }), "file.h5: no such file\n  Check the path.");
}

TEST_F(Hdf5, RefusesFileOfAnotherFormat) {
  std::ofstream(path_) << "not at all";
  EXPECT_EQ(error_of([&] { Hdf5File::open(path_); }),
            "file.h5: cannot open it as an HDF5 file (HDF5: file signature not found)\n"
            "  The file may be damaged, cut short or of another kind.");
}

TEST_F(Hdf5, AllocatedSpaceLiesWithinTheFile) {
  auto file = Hdf5File::create(path_);
  file.allocate("raw", ElementType::float16, {5, 3});
  file.close();
  const auto info = Hdf5File::open(path_).inspect("raw");
  EXPECT_EQ(info.type, ElementType::float16);
  ASSERT_TRUE(info.file_offset.has_value());
  EXPECT_LE(*info.file_offset + 30, static_cast<int64_t>(fs::file_size(path_)));
}

TEST_F(Hdf5, WidensHalves) {
  auto file = Hdf5File::create(path_);
  file.allocate("raw", ElementType::float16, {3});
  file.close();
  const int64_t offset = *Hdf5File::open(path_).inspect("raw").file_offset;
  const uint16_t halves[] = {0x3c00, 0xc000, 0x0001};
  std::fstream stream(path_, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(offset);
  stream.write(reinterpret_cast<const char*>(halves), sizeof halves);
  stream.close();
  EXPECT_EQ(Hdf5File::open(path_).read_vector<double>("raw"),
            (std::vector<double>{1, -2, 0x1p-24}));
}

}  // namespace
}  // namespace kinegraph
