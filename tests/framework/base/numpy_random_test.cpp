// NumPy's and Python's streams, by known values and by all of golden/transforms.h5: numpy_rng.
#include "framework/base/numpy_random.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "framework/io/hdf5.h"
#include "tests/support/golden.h"
#include "tests/support/parity_log.h"
#include "tests/support/python_random.h"

namespace kinegraph {
namespace {

using Doubles = std::vector<double>;
constexpr uint32_t kSeed = 255;

/// `count` values of `draw`.
Doubles repeated(int count, const std::function<double()>& draw) {
  Doubles values;
  for (int i = 0; i < count; ++i) values.push_back(draw());
  return values;
}

/// The first `count` of 0..`of`-1 in random order: numpy's choice without replacement.
Doubles choice(RandomSource& random, int64_t of, int64_t count) {
  const auto order = permutation(of, random);
  return Doubles(order.begin(), order.begin() + count);
}

/// What each data set should hold.
std::map<std::string, std::function<Doubles()>> drawn_from_255() {
  static NumpyRandom numpy(kSeed);
  static PythonRandom python(kSeed);
  const auto fresh = [](std::function<Doubles()> draw) {
    return [draw] {
      numpy = NumpyRandom(kSeed);
      python = PythonRandom(kSeed);
      return draw();
    };
  };
  return {
      {"raw32_seed255", fresh([] { return repeated(40, [] { return numpy.next(); }); })},
      {"rand20", fresh([] { return repeated(20, [] { return numpy.uniform(); }); })},
      {"uniform_m3_5_x20", fresh([] { return repeated(20, [] { return numpy.uniform(-3, 5); }); })},
      {"randn21", fresh([] { return repeated(21, [] { return numpy.normal(); }); })},
      {"randint_7_scalar_x20",
       fresh([] { return repeated(20, [] { return numpy.integer(0, 6); }); })},
      {"randint_1_then_rand", fresh([] {
         const auto first = static_cast<double>(numpy.integer(0, 0));
         return Doubles{first, numpy.uniform()};
       })},
      {"permutation_20", fresh([] { return choice(numpy, 20, 20); })},
      {"choice_17_from_4_noreplace", fresh([] { return choice(numpy, 17, 4); })},
      {"choice_101_from_73_noreplace", fresh([] { return choice(numpy, 101, 73); })},
      {"choice_after_rand", fresh([] {
         numpy.uniform();
         return choice(numpy, 49, 20);
       })},
      {"py_random_x10", fresh([] { return repeated(10, [] { return python.random(); }); })},
      {"py_randint_0_99_x10",
       fresh([] { return repeated(10, [] { return python.integer(0, 99); }); })}};
}

// The values below are those of numpy.random.RandomState (NumPy 1.24).

TEST(NumpyRandom, GivesTheWordsOfMt19937) {
  NumpyRandom random(kSeed);
  EXPECT_EQ(repeated(3, [&] { return random.next(); }),
            (Doubles{1992592179, 1460470953, 957929695}));
}

TEST(NumpyRandom, GivesRand) {
  NumpyRandom random(kSeed);
  EXPECT_EQ(random.uniform(), 0.46393651768596755);
  EXPECT_EQ(random.uniform(), 0.22303538373458942);
  EXPECT_EQ(NumpyRandom(4294967295u).uniform(), 0.0976320289940138);
}

TEST(NumpyRandom, GivesRandnWithTheValueLeftOver) {
  NumpyRandom random(kSeed);
  for (const double value : {-1.5134118619973311, -0.19706091938721015, -0.7241861718348022})
    EXPECT_DOUBLE_EQ(random.normal(), value);
}

TEST(NumpyRandom, GivesRandintAndThenAPermutation) {
  NumpyRandom random(kSeed);
  const auto draw = [&] { return static_cast<double>(random.integer(0, 6)); };
  EXPECT_EQ(repeated(10, draw), (Doubles{3, 1, 1, 6, 5, 0, 5, 1, 2, 4}));
  EXPECT_EQ(choice(random, 8, 8), (Doubles{5, 6, 7, 3, 2, 4, 0, 1}));
}

TEST(NumpyRandom, GivesRandintBeyond32Bits) {
  NumpyRandom random(kSeed);
  const auto draw = [&] { return static_cast<double>(random.integer(0, (int64_t{1} << 40) - 1)); };
  EXPECT_EQ(repeated(3, draw), (Doubles{220503803049, 959789747833, 992048406405}));
}

TEST(NumpyRandom, DrawsNothingForASingleInteger) {
  NumpyRandom random(kSeed);
  EXPECT_EQ(random.integer(5, 5), 5);
  EXPECT_EQ(random.uniform(), 0.46393651768596755);
}

TEST(NumpyRandom, GivesThePublishedStreams) {
  const auto path = shared_dir() / "golden/transforms.h5";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << path << "; set KINEGRAPH_SHARED_DIR";
  const Hdf5File file = Hdf5File::open(path);
  const auto expected = drawn_from_255();
  // The file does not say which upper limits it was drawn for.
  const std::set<std::string> skipped{"randint_array_high"};
  int ran = 0;
  for (const auto& name : file.list("numpy_rng")) {
    SCOPED_TRACE(name);
    if (skipped.count(name)) continue;
    ASSERT_TRUE(expected.count(name)) << "an unknown stream";
    EXPECT_EQ(read_numbers(file, "numpy_rng/" + name).values, expected.at(name)());
    ++ran;
  }
  log_parity("random", ran, 0, static_cast<int>(skipped.size()));
}

}  // namespace
}  // namespace kinegraph
