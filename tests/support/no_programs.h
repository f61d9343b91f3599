// A machine on which nothing is installed.
#pragma once

#include <cstdlib>
#include <string>

namespace kinegraph {

/// Hides all programs from this process and those that it starts.
class NoPrograms {
 public:
  NoPrograms() : path_(std::getenv("PATH") ? std::getenv("PATH") : "") {
    ::setenv("PATH", "/no/such/folder", 1);
  }
  ~NoPrograms() { ::setenv("PATH", path_.c_str(), 1); }
  NoPrograms(const NoPrograms&) = delete;
  NoPrograms& operator=(const NoPrograms&) = delete;

 private:
  std::string path_;
};

}  // namespace kinegraph
