#include "framework/io/npy.h"

#include <gtest/gtest.h>

#include "framework/base/error.h"
#include "tests/support/thrown_message.h"

namespace kinegraph {
namespace {

using namespace std::string_literals;
using Integers = std::vector<int64_t>;

std::string file_of(const std::string& dict, const std::string& content, char version = 1) {
  std::string length(version == 1 ? 2 : 4, '\0');
  length[0] = static_cast<char>(dict.size());
  return "\x93NUMPY" + std::string{version, '\0'} + length + dict + content;
}

std::string error_of(const std::string& bytes) {
  return thrown_message<DataError>([&] { read_npy(bytes, "x.npy"); });
}

constexpr char kRemedy[] = "\n  The file is damaged or of another form; save it again.";
constexpr char kMalformed[] =
    "x.npy: a malformed header; expected {'descr', 'fortran_order', 'shape'}\n"
    "  The file is damaged or of another form; save it again.";

TEST(Npy, ReadsEveryVersion) {
  for (const char version : {'\1', '\2', '\3'}) {
    const std::string file = file_of(
        "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 1), }  \n", "\1\0\2\0"s, version);
    const NdArray array = read_npy(file, "x.npy");
    EXPECT_EQ(array.shape, (Integers{2, 1}));
    EXPECT_EQ(array.to_integers(), (Integers{1, 2}));
  }
}

TEST(Npy, ReadsFortranOrder) {
  const std::string file =
      file_of("{'shape': (2, 3), 'fortran_order': True, 'descr': '|u1'}", "\1\4\2\5\3\6");
  EXPECT_EQ(read_npy(file, "x.npy").to_integers(), (Integers{1, 2, 3, 4, 5, 6}));
}

TEST(Npy, ReadsBigEndianAndPythonTwoShapes) {
  const std::string file =
      file_of("{'descr': '>i4', 'fortran_order': False, 'shape': (1L,)}", "\0\0\1\0"s);
  EXPECT_EQ(read_npy(file, "x.npy").to_integers(), (Integers{256}));
}

TEST(Npy, OwnHeaderReadsBack) {
  const std::string header = npy_header({'f', 2, false}, {3, 0, 7});
  EXPECT_EQ(header.size() % 64, 0U);
  const NpyHeader read = parse_npy_header(header, "x.npy");
  EXPECT_EQ(read.shape, (Integers{3, 0, 7}));
  EXPECT_EQ(read.type.name(), "float16");
  EXPECT_EQ(read.data_offset, header.size());
}

TEST(Npy, RefusesOtherFiles) {
  EXPECT_EQ(error_of("PK\3\4..........."),
            "x.npy: no .npy file; expected one of numpy.save"s + kRemedy);
  EXPECT_EQ(error_of(""), "x.npy: no .npy file; expected one of numpy.save"s + kRemedy);
}

TEST(Npy, RefusesAnotherVersion) {
  EXPECT_EQ(error_of(file_of("{}   ", "", 4)),
            "x.npy: version 4 of .npy; expected 1 to 3"s + kRemedy);
}

TEST(Npy, RefusesAHeaderBeyondTheFile) {
  EXPECT_EQ(error_of("\x93NUMPY\1\0\xff\xff{}  "s),
            "x.npy: a header of 65535 bytes; expected a whole header"s + kRemedy);
}

TEST(Npy, RefusesMalformedHeaders) {
  for (const char* dict :
       {"[]  ", "{'descr': '<f4'}", "{'descr' '<f4'}", "{'descr': '<f4",
        "{'descr': '<f4', 'fortran_order': 1, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (1,), 'more': 'x'}",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (1"})
    EXPECT_EQ(error_of(file_of(dict, "    ")), kMalformed) << dict;
}

TEST(Npy, RefusesWhatIsNoNumber) {
  EXPECT_EQ(error_of(file_of("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "")),
            "x.npy: an array of type '|O'; expected an array of numbers"s + kRemedy);
  EXPECT_EQ(error_of(file_of("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}", "")),
            "x.npy: an array of records; expected an array of numbers"s + kRemedy);
}

TEST(Npy, RefusesMissingAndExtraValues) {
  const std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}";
  EXPECT_EQ(error_of(file_of(dict, "1234")),
            "x.npy: an array of float32 with shape 2 in 4 bytes; expected 8 bytes, as the shape "
            "says\n  The file is damaged; download or write it again.");
  EXPECT_EQ(error_of(file_of(dict, "123456789")),
            "x.npy: an array of float32 with shape 2 in 9 bytes; expected 8 bytes, as the shape "
            "says\n  The file is damaged; download or write it again.");
}

}  // namespace
}  // namespace kinegraph
