// What people read while the program works: log lines and one progress line.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace kinegraph {

/// Prints to standard error, above the progress line when there is one.
void log_info(const std::string& text);
void log_warning(const std::string& text);

/// A line that is redrawn in place on a terminal; elsewhere a plain line now and then.
class ProgressLine {
 public:
  explicit ProgressLine(double plain_interval_s = 30);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// Shows `text`; too frequent calls are skipped.
  void show(const std::string& text);
  /// Removes the line from the terminal.
  void clear();

 private:
  double interval_s_;
  bool is_terminal_;
  std::chrono::steady_clock::time_point last_shown_{};
};

/// "[######----]" of `width` signs.
std::string progress_bar(double share, int width = 20);

/// "1:02:03", "12:34".
std::string format_duration(double seconds);

/// This program, called as it was called now, with other arguments: for people to paste into a
/// shell.
std::string own_command(const std::vector<std::string>& arguments);

/// `text` in lines of at most `width` columns, broken at spaces; all but the first begin with
/// `indent` spaces, which count. `column` is where the first line starts.
std::string wrap(const std::string& text, size_t column, size_t indent, size_t width = 100);

}  // namespace kinegraph
