#include "framework/io/pickle.h"

#include <gtest/gtest.h>

#include <string>

#include "framework/base/error.h"
#include "framework/base/random.h"
#include "framework/io/pickle_writer.h"

namespace kinegraph::pickle {
namespace {

using namespace std::string_literals;

Document parse(std::string_view data, const Limits& limits = {}) {
  return read({data, "test.pkl"}, limits);
}

std::string error_of(std::string_view data, const Limits& limits = {}) {
  try {
    parse(data, limits);
  } catch (const DataError& error) {
    return error.what();
  }
  return "no error";
}

template <class T>
T scalar(std::string_view data) {
  const Document document = parse(data);
  const T* value = document.root->get<T>();
  if (!value) throw std::logic_error(describe_kind(*document.root));
  return *value;
}

/// `part`, `count` times.
std::string repeat(std::string_view part, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += part;
  return text;
}

TEST(Pickle, ReadsIntegersOfEveryWidth) {
  EXPECT_EQ(scalar<int64_t>("K\xff."), 255);
  EXPECT_EQ(scalar<int64_t>("M\x34\x12."), 0x1234);
  EXPECT_EQ(scalar<int64_t>("J\xfe\xff\xff\xff."), -2);
  EXPECT_EQ(scalar<int64_t>("\x8a\x00."s), 0);
  EXPECT_EQ(scalar<int64_t>("\x8a\x01\x80."), -128);
  EXPECT_EQ(scalar<int64_t>("\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80."s), INT64_MIN);
  EXPECT_EQ(scalar<int64_t>("\x8b\x02\x00\x00\x00\x00\x01."s), 256);
  EXPECT_EQ(scalar<int64_t>("I-12\n."), -12);
  EXPECT_EQ(scalar<int64_t>("L12L\n."), 12);
}

TEST(Pickle, KeepsIntegersBeyond64BitsAsText) {
  EXPECT_EQ(scalar<BigInt>("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.").text,
            "0x1950a86a20f9469cfc6c");
  EXPECT_EQ(scalar<BigInt>("L-99999999999999999999L\n.").text, "-99999999999999999999");
}

TEST(Pickle, ReadsBooleans) {
  EXPECT_TRUE(scalar<bool>("\x88."));
  EXPECT_FALSE(scalar<bool>("\x89."));
  EXPECT_TRUE(scalar<bool>("I01\n."));
}

TEST(Pickle, ReadsNumbersAsTextAndBinary) {
  EXPECT_EQ(scalar<double>("G\x3f\xf8\x00\x00\x00\x00\x00\x00."s), 1.5);
  EXPECT_EQ(scalar<double>("F-2.5e3\n."), -2500.0);
}

TEST(Pickle, ReadsTextOfEveryProtocol) {
  EXPECT_EQ(scalar<std::string>("X\x03\x00\x00\x00"
                                "abc."s),
            "abc");
  EXPECT_EQ(scalar<std::string>("\x8c\x02h\xc3."), "h\xc3");
  EXPECT_EQ(scalar<std::string>("\x8d\x01\x00\x00\x00\x00\x00\x00\x00z."s), "z");
  EXPECT_EQ(scalar<std::string>("V\\u00e9\xe9\\U0001F600\n."), "\u00e9\u00e9\U0001F600");
}

TEST(Pickle, ReadsBytesAndTheTextOfPython2AsBytes) {
  EXPECT_EQ(scalar<Bytes>("U\x02"
                          "ab.")
                .data,
            "ab");
  EXPECT_EQ(scalar<Bytes>("C\x01\xff.").data, "\xff");
  EXPECT_EQ(scalar<Bytes>("S'a\\n\\x00\\'\\101'\n.").data, "a\n\0'A"s);
  EXPECT_EQ(scalar<Bytes>("\x96\x01\x00\x00\x00\x00\x00\x00\x00q."s).data, "q");
}

TEST(Pickle, ReadsTheBytesThatProtocol2SpellsAsText) {
  EXPECT_EQ(scalar<Bytes>("c_codecs\nencode\nX\x03\x00\x00\x00"
                          "a\xc3\xbf"
                          "X\x06\x00\x00\x00"
                          "latin1\x86R."s)
                .data,
            "a\xff");
  EXPECT_EQ(scalar<Bytes>("c__builtin__\nbytes\n)R.").data, "");
}

TEST(Pickle, ReadsContainersInOrder) {
  const Document document = parse("](K\x01)K\x02\x85}(K\x03NX\x01\x00\x00\x00k\x88ue."s);
  const auto* list = document.root->get<List>();
  ASSERT_TRUE(list);
  ASSERT_EQ(list->items.size(), 4u);
  EXPECT_TRUE(list->items[1]->get<Tuple>()->items.empty());
  EXPECT_EQ(*list->items[2]->get<Tuple>()->items[0]->get<int64_t>(), 2);
  const auto* dict = list->items[3]->get<Dict>();
  ASSERT_EQ(dict->entries.size(), 2u);
  EXPECT_EQ(*dict->entries[0].first->get<int64_t>(), 3);
  EXPECT_EQ(*find(*dict, "k")->get<bool>(), true);
  EXPECT_EQ(find(*dict, "absent"), nullptr);
}

TEST(Pickle, ReadsSets) {
  const Document document = parse("\x8f(K\x01K\x02\x90.");
  EXPECT_EQ(document.root->get<Set>()->items.size(), 2u);
  const Document frozen = parse("(K\x01\x91.");
  EXPECT_EQ(frozen.root->get<Set>()->items.size(), 1u);
  const Document reduced = parse("c__builtin__\nset\n](K\x01K\x02\x65\x85R.");
  EXPECT_EQ(reduced.root->get<Set>()->items.size(), 2u);
}

TEST(Pickle, FindsTheLastOfARepeatedKey) {
  const Document document = parse("}(U\x01kK\x01U\x01kK\x02u.");
  EXPECT_EQ(*find(*document.root->get<Dict>(), "k")->get<int64_t>(), 2);
}

TEST(Pickle, ReadsAnOrderedDictAsADict) {
  const Document document = parse(
      "ccollections\nOrderedDict\n)R(U\x01"
      "aK\x01u}b.");
  EXPECT_EQ(document.root->get<Dict>()->entries.size(), 1u);
  const Document python2 = parse(
      "ccollections\nOrderedDict\n(((U\x01"
      "aK\x01tltR.");
  EXPECT_EQ(*find(*python2.root->get<Dict>(), "a")->get<int64_t>(), 1);
}

TEST(Pickle, SharesWhatTheMemoShares) {
  const Document document = parse(
      "](]q\x01h\x01"
      "e.");
  const auto& items = document.root->get<List>()->items;
  EXPECT_EQ(items[0], items[1]);
}

TEST(Pickle, EndsBehindItsStopSoThatPicklesMayFollowEachOther) {
  const std::string data = "K\x01.K\x02.";
  const Document first = parse(data);
  const Document second = read({data, "test.pkl", first.end});
  EXPECT_EQ(first.end, 3u);
  EXPECT_EQ(*second.root->get<int64_t>(), 2);
}

TEST(Pickle, MakesAnInertObjectOfACall) {
  const Document document = parse("cos\nsystem\nX\x02\x00\x00\x00ls\x85R."s);
  const auto* object = document.root->get<Object>();
  ASSERT_TRUE(object);
  EXPECT_EQ(class_path(*document.root), "os.system");
  EXPECT_EQ(*object->args->get<Tuple>()->items[0]->get<std::string>(), "ls");
  EXPECT_EQ(describe_kind(*document.root), "an object of 'os.system'");
}

TEST(Pickle, KeepsStateItemsAndEntriesOfAnObject) {
  const Document document = parse(
      "cm\nC\n)\x81K\x07"
      "bK\x08"
      "aK\x01K\x02s.");
  const auto* object = document.root->get<Object>();
  ASSERT_TRUE(object);
  EXPECT_EQ(*object->state->get<int64_t>(), 7);
  EXPECT_EQ(*object->items[0]->get<int64_t>(), 8);
  EXPECT_EQ(*object->entries[0].second->get<int64_t>(), 2);
}

TEST(Pickle, ReadsObjectsOfEveryOpcode) {
  for (const auto& data : {"(K\x01im\nC\n."s, "(cm\nC\nK\x01o."s,
                           "\x8c\x01m\x8c\x01"
                           "C\x93K\x01\x85\x81."s,
                           "cm\nC\nK\x01\x85}\x92."s}) {
    const Document document = parse(data);
    EXPECT_EQ(class_path(*document.root), "m.C");
    EXPECT_EQ(document.root->get<Object>()->args->get<Tuple>()->items.size(), 1u);
  }
}

TEST(Pickle, KeepsPersistentIds) {
  const Document document = parse("(U\x07storageK\x01tQ.");
  const auto* persistent = document.root->get<PersistentId>();
  ASSERT_TRUE(persistent);
  EXPECT_EQ(persistent->id->get<Tuple>()->items.size(), 2u);
}

TEST(Pickle, WriterAndReaderAgree) {
  Writer writer;
  writer.begin_dict();
  writer.text("list");
  writer.begin_list();
  writer.none();
  writer.boolean(true);
  for (const int64_t value : {int64_t{0}, int64_t{255}, int64_t{256}, int64_t{-1}, INT64_MAX})
    writer.integer(value);
  writer.real(-0.1);
  writer.end_list();
  writer.text("call");
  writer.global("collections", "OrderedDict");
  writer.begin_tuple();
  writer.end_tuple();
  writer.reduce();
  writer.text("id");
  writer.text("storage");
  writer.persistent_id();
  writer.end_dict();
  const Document document = parse(writer.finish());
  const auto* dict = document.root->get<Dict>();
  const auto& items = find(*dict, "list")->get<List>()->items;
  EXPECT_TRUE(items[0]->is_none());
  EXPECT_EQ(*items[4]->get<int64_t>(), 256);
  EXPECT_EQ(*items[5]->get<int64_t>(), -1);
  EXPECT_EQ(*items[6]->get<int64_t>(), INT64_MAX);
  EXPECT_EQ(*items[7]->get<double>(), -0.1);
  EXPECT_TRUE(find(*dict, "call")->get<Dict>());
  EXPECT_EQ(*find(*dict, "id")->get<PersistentId>()->id->get<std::string>(), "storage");
}

TEST(Pickle, RefusesAPickleThatEndsEarly) {
  EXPECT_EQ(error_of("X\x05\x00\x00\x00"
                     "ab"s),
            "test.pkl: byte 0: the pickle ends 7 bytes later; expected 3 more\n  "
            "The file is damaged or no plain pickle; download or write it again.");
}

TEST(Pickle, RefusesEmptyDataAndAStackThatRunsOut) {
  for (const auto& data :
       {""s, "."s, "a."s, "N."s.substr(1), "(."s, "e."s, "t."s, "R."s, "NR."s, "h\x01."s, "Ns."s,
        "(K\x01"
        "d."s,
        "Nb."s, "NNb."s, "cm\n"s, "\x93."s, "(o."s, "NNR."s})
    EXPECT_NE(error_of(data), "no error") << testing::PrintToString(data);
}

TEST(Pickle, RefusesOpcodesOfTheExtensionRegistryAndOutOfBandBuffers) {
  EXPECT_NE(error_of("\x82\x01.").find("opcode 0x82"), std::string::npos);
  EXPECT_NE(error_of("\x97.").find("opcode 0x97"), std::string::npos);
}

TEST(Pickle, RefusesAnArchive) {
  EXPECT_EQ(error_of("PK\x03\x04 and more"),
            "test.pkl: a zip archive; expected a pickle\n"
            "  Unpack it first; or is it a checkpoint of PyTorch?");
}

TEST(Pickle, RefusesHugeLengthsWithoutAllocatingThem) {
  for (const char opcode : {'X', 'B', 'T', '\x8b'})
    EXPECT_NE(error_of(opcode + "\xff\xff\xff\xff"s).find("ends"), std::string::npos);
  for (const char opcode : {'\x8d', '\x8e', '\x96'})
    EXPECT_NE(error_of(opcode + repeat("\xff", 8)).find("ends"), std::string::npos);
}

TEST(Pickle, RefusesDeepNesting) {
  const size_t depth = 1'000'000;
  EXPECT_NE(error_of(repeat("]", depth) + repeat("a", depth - 1) + ".").find("deeply"),
            std::string::npos);
  EXPECT_NE(error_of("N" + repeat("\x85", depth) + ".").find("deeply"), std::string::npos);
  EXPECT_EQ(error_of("N" + repeat("\x85", 200) + "."), "no error");
  EXPECT_NE(error_of("N" + repeat("\x85", 201) + ".").find("deeply"), std::string::npos);
}

TEST(Pickle, MeasuresTheLongestPathToASharedValue) {
  Limits limits;
  limits.max_depth = 4;
  // A list that holds c directly and again below two more levels, where c has two levels itself.
  const std::string shared =
      "](]]aq\x01]]h\x01"
      "aae."s;
  EXPECT_NE(error_of(shared, limits).find("deeply"), std::string::npos);
  limits.max_depth = 5;
  EXPECT_EQ(error_of(shared, limits), "no error");
}

TEST(Pickle, RefusesCyclesUnlessTheyAreAllowed) {
  const std::string data =
      "]q\x01h\x01"
      "a."s;
  EXPECT_NE(error_of(data).find("contains itself"), std::string::npos);
  Limits limits;
  limits.allows_cycles = true;
  const Document document = parse(data, limits);
  EXPECT_EQ(document.root->get<List>()->items[0], document.root);
}

TEST(Pickle, BoundsTheNumberOfValues) {
  Limits limits;
  limits.max_nodes = 1000;
  const std::string too_many = "too many";
  EXPECT_NE(error_of("(" + repeat("N", 1001) + "t.", limits).find(too_many), std::string::npos);
  EXPECT_NE(error_of("N" + repeat("2", 1001) + ".", limits).find(too_many), std::string::npos);
  EXPECT_NE(error_of("N" + repeat("\x94", 1001) + ".", limits).find(too_many), std::string::npos);
  EXPECT_NE(error_of(repeat("(", 1001) + ".", limits).find(too_many), std::string::npos);
}

TEST(Pickle, BoundsTheBytesOfText) {
  Limits limits;
  limits.max_bytes = 100;
  EXPECT_NE(error_of("(" +
                         repeat("U\x0a"
                                "0123456789",
                                11) +
                         "t.",
                     limits)
                .find("too many bytes"),
            std::string::npos);
}

TEST(Pickle, CountsEveryCopyOfALongList) {
  Limits limits;
  limits.max_nodes = 5000;
  const std::string list = "(](" + repeat("N", 1000) + "e\x85q\x01";
  const std::string copies = repeat("c__builtin__\nset\nh\x01R", 10);
  EXPECT_NE(error_of(list + copies + "t.", limits).find("too many values"), std::string::npos);
}

TEST(Pickle, SharesTheLevelsOfAMemoBomb) {
  std::string bomb = "]q\x00"s;
  for (int level = 1; level < 100; ++level) {
    const char below = static_cast<char>(level - 1);
    bomb += "](h"s + below + "h" + below + "e" + "q" + static_cast<char>(level);
  }
  const Document document = parse(bomb + ".");
  EXPECT_EQ(document.nodes.size(), 100u);
}

TEST(Pickle, EscapesHostileTextInMessages) {
  EXPECT_EQ(printable("a\x1b[31m\n"), "'a\\x1b[31m\\x0a'");
  EXPECT_EQ(printable(repeat("x", 100)), "'" + repeat("x", 60) + "...'");
}

std::string sample_pickle() {
  return "\x80\x02}q\x00(X\x01\x00\x00\x00"
         "aq\x01](K\x01G\x3f\xf8\x00\x00\x00\x00\x00\x00M\x34\x12"
         "e"
         "X\x01\x00\x00\x00"
         "bccollections\nOrderedDict\n)R(U\x01kJ\x01\x00\x00\x00u}b"
         "X\x01\x00\x00\x00"
         "c(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x00"
         "0K\x04tQ"
         "X\x01\x00\x00\x00"
         "dcm\nC\n)\x81}h\x01"
         "h\x00"
         "0Nsbu."s;
}

TEST(Pickle, RefusesEveryTruncation) {
  const std::string data = sample_pickle();
  ASSERT_EQ(error_of(data), "no error");
  for (size_t size = 0; size < data.size(); ++size)
    EXPECT_NE(error_of(data.substr(0, size)), "no error") << size;
}

TEST(Pickle, SurvivesMutatedBytes) {
  Limits limits;
  limits.max_nodes = 1000;
  limits.max_bytes = 1000;
  const std::string data = sample_pickle();
  int accepted = 0;
  for (uint64_t mutant = 0; mutant < 4000; ++mutant) {
    Rng rng(7, 0, mutant);
    std::string bytes = data;
    for (int64_t change = rng.integer(1, 4); change > 0; --change)
      bytes[static_cast<size_t>(rng.integer(0, static_cast<int64_t>(bytes.size()) - 1))] =
          static_cast<char>(rng.integer(0, 255));
    accepted += error_of(bytes, limits) == "no error";
  }
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, 4000);
}

TEST(Pickle, LongBytesAndTextsStayInTheInputWhenAsked) {
  Limits limits;
  limits.min_view = 3;
  const std::string data = "(B\x04\0\0\0abcdX\x03\0\0\0xyzC\x02pqt."s;
  const Document document = parse(data, limits);
  const auto& items = document.root->get<Tuple>()->items;
  const auto* bytes = items[0]->get<View>();
  ASSERT_NE(bytes, nullptr);
  EXPECT_EQ(bytes->data.data(), data.data() + 6);
  EXPECT_EQ(bytes->data, "abcd");
  ASSERT_NE(items[1]->get<View>(), nullptr);
  EXPECT_EQ(items[1]->get<View>()->kind, View::Kind::text);
  EXPECT_EQ(items[2]->get<Bytes>()->data, "pq");
}

TEST(Pickle, ViewsOfLatin1AreDecodedWhenCopied) {
  Limits limits;
  limits.min_view = 7;  // more than the name of the encoding
  std::string bytes;
  const std::string longer =
      "c_codecs\nencode\n(X\x08\0\0\0a\xc3\xbf"
      "bcdefX\x06\0\0\0latin1tR."s;
  const Document document = parse(longer, limits);
  ASSERT_NE(document.root->get<View>(), nullptr);
  EXPECT_TRUE(copy_bytes(*document.root, bytes));
  EXPECT_EQ(bytes,
            "a\xff"
            "bcdef");
}

TEST(Pickle, RefusesGlobalsThatAreNotAllowed) {
  Limits limits;
  limits.allows_global = [](std::string_view path) { return path == "a.b"; };
  EXPECT_EQ(error_of("ca\nb\n.", limits), "no error");
  EXPECT_EQ(error_of("Nca\nc\n.", limits),
            "test.pkl: byte 1: the global 'a.c'; expected plain data and numpy arrays\n"
            "  The file is damaged or no plain pickle; download or write it again.");
}

TEST(Pickle, MemosMayComeInAnyOrder) {
  const Document document = parse("(K\x01q\x05K\x02q\x00K\x03q\x01h\x05h\x00h\x01t."s);
  const auto& items = document.root->get<Tuple>()->items;
  ASSERT_EQ(items.size(), 6U);
  EXPECT_EQ(*items[3]->get<int64_t>(), 1);
  EXPECT_EQ(*items[4]->get<int64_t>(), 2);
  EXPECT_EQ(*items[5]->get<int64_t>(), 3);
}

}  // namespace
}  // namespace kinegraph::pickle
