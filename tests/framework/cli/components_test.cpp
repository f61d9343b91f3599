// Every component of the source tree is in the program, and explains itself.
#include <gtest/gtest.h>

#include <filesystem>

#include "framework/base/text.h"
#include "framework/registry/registry.h"
#include "framework/run/experiment.h"
#include "tests/support/paths.h"
#include "tests/support/run_program.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

struct ComponentFile {
  std::string kind, name;
};

/// All files in which a component is expected, by the convention of folders.
std::vector<ComponentFile> component_files() {
  const std::vector<std::pair<std::string, std::string>> folders{
      {"models/backbones", "backbone"},
      {"models/heads", "head"},
      {"models/losses", "loss"},
      {"datasets", "dataset"},
      {"datasets/transforms", "transform"},
      {"datasets/importers", "importer"},
      {"datasets/exporters", "exporter"},
      {"datasets/checks", "check"},
      {"framework/optim/optimizers", "optimizer"},
      {"framework/optim/schedules", "schedule"},
      {"framework/eval/metrics", "metric"},
      {"framework/run/hooks", "hook"}};
  std::vector<ComponentFile> files;
  for (const auto& [folder, kind] : folders)
    for (const auto& entry : fs::directory_iterator(source_dir() / folder))
      if (entry.path().extension() == ".cpp") files.push_back({kind, entry.path().stem()});
  return files;
}

struct Registered {
  std::string kind;
  ComponentInfo info;
};

std::vector<Registered> all_components() {
  std::vector<Registered> components;
  for (const auto* registry : all_registries())
    for (const auto& info : registry->infos()) components.push_back({registry->kind(), info});
  return components;
}

TEST(Components, AreRegisteredWithoutFaults) { EXPECT_NO_THROW(throw_registration_faults()); }

TEST(Components, EveryFileRegistersOneOfItsName) {
  const auto components = all_components();
  EXPECT_GE(component_files().size(), 20u);
  for (const auto& file : component_files()) {
    const bool is_there =
        std::any_of(components.begin(), components.end(), [&](const Registered& component) {
          return component.kind == file.kind && component.info.name == file.name &&
                 fs::path(component.info.file).stem() == file.name;
        });
    EXPECT_TRUE(is_there) << file.kind << " " << file.name << " is not registered by its file";
  }
}

TEST(Components, EveryOneLiesInAFileOfThatKind) {
  const auto files = component_files();
  for (const auto& component : all_components()) {
    const std::string stem = fs::path(component.info.file).stem();
    const bool is_there = std::any_of(files.begin(), files.end(), [&](const ComponentFile& file) {
      return file.kind == component.kind && file.name == stem;
    });
    EXPECT_TRUE(is_there) << component.kind << " " << component.info.name << " is registered in "
                          << component.info.file;
  }
}

TEST(Components, EveryOneHasASummaryOfOneLine) {
  for (const auto& [kind, info] : all_components()) {
    EXPECT_FALSE(info.summary.empty()) << kind << " " << info.name;
    EXPECT_LE(info.summary.size(), 100u) << kind << " " << info.name;
    EXPECT_EQ(info.summary.find('\n'), info.summary.npos) << kind << " " << info.name;
  }
}

void expect_help(const std::vector<OptionDoc>& options, const std::string& where) {
  for (const auto& option : options) {
    EXPECT_FALSE(option.help.empty()) << where << ": " << option.name;
    expect_help(option.nested, where + ": " + option.name);
  }
}

TEST(Components, EveryOptionHasAHelpText) {
  for (const auto& [kind, info] : all_components())
    expect_help(info.options(), kind + " " + info.name);
  expect_help(list_options<ExperimentOptions>(), "config");
}

TEST(Components, EveryOneIsDescribedWithinAHundredColumns) {
  for (const auto* registry : all_registries()) {
    const Outcome outcome = run_program({"describe", registry->kind()});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    for (const auto& name : registry->names())
      EXPECT_NE(("\n" + outcome.out).find("\n" + registry->kind() + " " + name + "\n"),
                outcome.out.npos)
          << outcome.out;
    for (const auto& line : split(outcome.out, '\n')) EXPECT_LE(line.size(), 100u) << line;
  }
}

}  // namespace
}  // namespace kinegraph
