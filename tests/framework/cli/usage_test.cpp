// What the program says before it does any work.
#include <gtest/gtest.h>

#include "framework/base/text.h"
#include "tests/support/run_program.h"

namespace kinegraph {
namespace {

const std::string kUsage =
    "kinegraph: skeleton-based action recognition\n"
    "\n"
    "  kinegraph train --config FILE [options]          train a model\n"
    "  kinegraph test --checkpoint FILE [options]       measure a trained model\n"
    "  kinegraph predict --checkpoint FILE SOURCE       the likeliest classes of clips\n"
    "  kinegraph ensemble SCORES... [options]           fuse the scores of several streams\n"
    "  kinegraph compare FIRST SECOND                   whether two checkpoints are equal bit for "
    "bit\n"
    "  kinegraph benchmark --config FILE [options]      measure speed and memory\n"
    "  kinegraph report RUN                             make report.html and figures of a run\n"
    "  kinegraph import FORMAT [SOURCE] STORE [options] turn a data set into a store\n"
    "  kinegraph export STORE TARGET --to FORMAT        turn a store into files for other code\n"
    "  kinegraph export-checkpoint FILE OUT --to NAME   turn a checkpoint into one for other code\n"
    "  kinegraph doctor STORE [options]                 what is wrong with the data of a store\n"
    "  kinegraph show STORE --clip ID [options]         a clip as a picture or a video\n"
    "  kinegraph list [KIND]                            what can be named in a config\n"
    "  kinegraph describe KIND [NAME]                   the options of a component; what a model "
    "costs\n"
    "  kinegraph config FILE [options]                  what a config says, value by value\n"
    "\n"
    "`kinegraph VERB --help` says more. To begin with:\n"
    "  kinegraph list\n"
    "  kinegraph config configs/stgcn/nw_ucla.yaml\n";

TEST(Usage, IsShownWithoutArguments) {
  const Outcome outcome = run_program({});
  EXPECT_EQ(outcome.out, kUsage);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.exit_code, 2);
}

TEST(Usage, IsNoFaultWhenAskedFor) {
  const Outcome outcome = run_program({"--help"});
  EXPECT_EQ(outcome.out, kUsage);
  EXPECT_EQ(outcome.exit_code, 0);
}

TEST(Usage, OfAVerbIsShownEitherWay) {
  const Outcome after = run_program({"list", "--help"}), before = run_program({"help", "list"});
  EXPECT_EQ(after.out,
            "usage: kinegraph list [KIND]\n"
            "what can be named in a config\n"
            "\n"
            "options:\n"
            "  -h [ --help ]         this text\n");
  EXPECT_EQ(before.out, after.out);
  EXPECT_EQ(after.exit_code, 0);
}

TEST(Usage, FitsAHundredColumns) {
  for (const char* verb : {"train", "test", "predict", "ensemble", "compare", "benchmark", "report",
                           "import", "export", "export-checkpoint", "doctor", "show", "config"}) {
    const Outcome outcome = run_program({verb, "--help"});
    EXPECT_EQ(outcome.exit_code, 0);
    for (const auto& line : split(outcome.out, '\n')) EXPECT_LE(line.size(), 100u) << line;
  }
}

TEST(Usage, HintsAtANearVerb) {
  expect_error(run_program({"trian"}),
               "no verb 'trian'; did you mean 'train'?\n"
               "  verbs: train, test, predict, ensemble, compare, benchmark, report, import, "
               "export, export-checkpoint, doctor, show, list, describe, config");
}

TEST(Usage, HintsAtANearOption) {
  expect_error(run_program({"train", "--confg", "x.yaml"}),
               "no option '--confg'; did you mean '--config'?\n"
               "  usage: kinegraph train --config FILE [options]\n"
               "  see `kinegraph train --help`");
}

TEST(Usage, RefusesTooManyWords) {
  expect_error(run_program({"describe", "backbone", "stgcn", "again"}),
               "too many words\n"
               "  usage: kinegraph describe KIND [NAME]\n"
               "  see `kinegraph describe --help`");
}

TEST(Usage, RefusesTooFewWords) {
  expect_error(run_program({"describe"}),
               "KIND is missing\n"
               "  usage: kinegraph describe KIND [NAME]");
}

TEST(Usage, TrainNeedsAConfigOrARun) {
  expect_error(run_program({"train"}),
               "--config FILE or --resume RUN is missing\n"
               "  see `kinegraph train --help`");
}

TEST(Usage, TestNeedsACheckpoint) {
  expect_error(run_program({"test"}),
               "--checkpoint FILE is missing\n"
               "  see `kinegraph test --help`");
}

TEST(Usage, RefusesAnAbsurdNumberOfThreads) {
  for (const char* threads : {"0", "100000"})
    expect_error(run_program({"train", "--config", "configs/stgcn/nw_ucla.yaml",
                              std::string("--threads=") + threads}),
                 "--threads is " + std::string(threads) + "; expected 1..1024");
}

}  // namespace
}  // namespace kinegraph
