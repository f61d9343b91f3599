#include "framework/base/console.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <mutex>

#include "framework/base/text.h"

namespace kinegraph {
namespace {

std::mutex mutex;
std::string shown;  // text of the progress line on the terminal

size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/// In single quotes where a shell would take it apart.
std::string quoted(const std::string& word) {
  constexpr const char* kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./=:,+@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string text = "'";
  for (const char letter : word) text += letter == '\'' ? "'\\''" : std::string(1, letter);
  return text + "'";
}

void print_above(const std::string& text) {
  const std::lock_guard<std::mutex> lock(mutex);
  if (shown.empty())
    fmt::print(stderr, "{}\n", text);
  else
    fmt::print(stderr, "\r\033[K{}\n{}", text, shown);
  std::fflush(stderr);
}

}  // namespace

void log_info(const std::string& text) { print_above(text); }
void log_warning(const std::string& text) { print_above("warning: " + text); }

ProgressLine::ProgressLine(double plain_interval_s)
    : interval_s_(plain_interval_s), is_terminal_(isatty(STDERR_FILENO) != 0) {
  if (is_terminal_) interval_s_ = 0.1;
  last_shown_ = std::chrono::steady_clock::now();
}

ProgressLine::~ProgressLine() { clear(); }

void ProgressLine::show(const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  if (std::chrono::duration<double>(now - last_shown_).count() < interval_s_) return;
  last_shown_ = now;
  const std::lock_guard<std::mutex> lock(mutex);
  if (is_terminal_) {
    shown = text.substr(0, terminal_width() - 1);
    fmt::print(stderr, "\r\033[K{}", shown);
  } else {
    fmt::print(stderr, "{}\n", text);
  }
  std::fflush(stderr);
}

void ProgressLine::clear() {
  const std::lock_guard<std::mutex> lock(mutex);
  if (is_terminal_ && !shown.empty()) fmt::print(stderr, "\r\033[K");
  shown.clear();
  std::fflush(stderr);
}

std::string progress_bar(double share, int width) {
  const int done = static_cast<int>(std::clamp(share, 0.0, 1.0) * width);
  return "[" + std::string(static_cast<size_t>(done), '#') +
         std::string(static_cast<size_t>(width - done), '-') + "]";
}

std::string format_duration(double seconds) {
  const auto total = static_cast<int64_t>(seconds + 0.5);
  const int64_t h = total / 3600, m = total / 60 % 60, s = total % 60;
  return h > 0 ? fmt::format("{}:{:02}:{:02}", h, m, s) : fmt::format("{:02}:{:02}", m, s);
}

std::string own_command(const std::vector<std::string>& arguments) {
  std::string text = quoted(program_invocation_name);
  for (const auto& argument : arguments) text += " " + quoted(argument);
  return text;
}

std::string wrap(const std::string& text, size_t column, size_t indent, size_t width) {
  std::string wrapped;
  bool is_first = true;
  for (const auto& word : split(text, ' ')) {
    if (!is_first && column + 1 + word.size() > width) {
      wrapped += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (!is_first) {
      wrapped += ' ';
      ++column;
    }
    wrapped += word;
    column += word.size();
    is_first = false;
  }
  return wrapped;
}

}  // namespace kinegraph
