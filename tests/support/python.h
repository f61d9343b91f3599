// Python with torch or numpy, to see that others can read our files and we theirs.
#pragma once

#include <cstdlib>
#include <string>

#include "framework/base/file.h"
#include "tests/support/temp_dir.h"

namespace kinegraph {

class Python {
 public:
  /// $KINEGRAPH_PYTHON or the system's.
  const std::string& name() const { return name_; }
  bool has_torch() const { return run("import torch") == 0; }
  bool has_numpy() const { return run("import numpy") == 0; }

  /// Exit code of a program that is run in `folder`; what it prints is output().
  int run(const std::string& program) const {
    folder_.write("program.py", program);
    const std::string command =
        "cd '" + folder_.path().string() + "' && '" + name_ + "' program.py > output.txt 2>&1";
    return std::system(command.c_str());
  }
  std::string output() const { return read_file(folder_ / "output.txt"); }

 private:
  static std::string find() {
    const char* python = std::getenv("KINEGRAPH_PYTHON");
    return python ? python : "/usr/bin/python3";
  }

  TempDir folder_;
  std::string name_ = find();
};

}  // namespace kinegraph
