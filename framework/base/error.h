// The errors of the house. main() catches Error, prints what() once and exits with code 2.
#pragma once

#include <stdexcept>
#include <string>

namespace kinegraph {

/// What a user needs to mend a fault: where it is, what was found, what was expected, what to do.
/// Empty members are left out of the message.
struct Fault {
  std::string where;     // "store.h5: clip a01_s02, frame 3, joint 7" or "file.yaml:7:5"
  std::string found;     // "label 12"
  std::string expected;  // "a label in 0..9"
  std::string remedy;    // "import the data again, or ..."
};

/// "where: found; expected X\n  remedy".
std::string describe(const Fault& fault);

/// Base of every error that a user can cause and mend. Anything else thrown is a defect of ours.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message) : std::runtime_error(message) {}
  explicit Error(const Fault& fault) : std::runtime_error(describe(fault)) {}
};

/// A wrong command line.
class UsageError : public Error {
  using Error::Error;
};

/// A fault in a config file or an override.
class ConfigError : public Error {
  using Error::Error;
};

/// A fault in data, annotation stores, checkpoints or other files.
class DataError : public Error {
  using Error::Error;
};

}  // namespace kinegraph
