#include "framework/eval/gnuplot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "framework/base/command.h"
#include "framework/base/console.h"
#include "framework/base/error.h"
#include "framework/base/file.h"
#include "framework/eval/fonts.h"

namespace fs = std::filesystem;

namespace kinegraph {
namespace {

constexpr std::array<const char*, 3> kFormats{"svg", "pdf", "png"};

/// gnuplot takes a point for 1/72 inch in lengths and for a 96th of it in letters.
///
/// Class names must stay as they are: `noenhanced` keeps gnuplot from reading them as markup.
std::string terminal_of(const std::string& format, const Figure& figure) {
  constexpr double kPointsPerInch = 72, kLettersPerInch = 96, kPngDpi = 300, kMostPixels = 6000;
  const std::string font = fmt::format("noenhanced font 'Helvetica,{}' fontscale", kFigureFontPt);
  if (format == "svg")
    return fmt::format("svg size {:.0f},{:.0f} {} {:.4f}", figure.width_in * kLettersPerInch,
                       figure.height_in * kLettersPerInch, font, kLettersPerInch / kPointsPerInch);
  if (format == "pdf")
    return fmt::format("pdfcairo size {:.3f}in,{:.3f}in {} {:.4f}", figure.width_in,
                       figure.height_in, font, kPointsPerInch / kLettersPerInch);
  const double dpi = std::min(kPngDpi, kMostPixels / std::max(figure.width_in, figure.height_in));
  return fmt::format("pngcairo size {:.0f},{:.0f} {} {:.4f} linewidth {:.3f} pointscale {:.3f}",
                     figure.width_in * dpi, figure.height_in * dpi, font, dpi / kLettersPerInch,
                     dpi / kPointsPerInch, dpi / kPointsPerInch);
}

/// gnuplot does not notice a full disk.
void require_whole(const fs::path& part_path) {
  const fs::path path = fs::path(part_path).replace_extension();
  const std::string_view end = path.extension() == ".svg"   ? "</svg>"
                               : path.extension() == ".pdf" ? "%%EOF"
                                                            : "IEND";
  constexpr size_t kLongestEnd = 16;
  const std::string content = read_file(part_path);
  if (content.find(end, content.size() - std::min(content.size(), kLongestEnd)) == content.npos)
    throw DataError(Fault{path.string(), "gnuplot wrote only a part of it", "a whole file",
                          "Check the free space."});
}

}  // namespace

std::string gnuplot_text(std::string_view text) {
  std::string quoted = "'";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '\'') quoted += letter;
    quoted += byte < 0x20 || byte == 0x7F ? ' ' : letter;
  }
  return quoted + "'";
}

std::string gnuplot_tic(std::string_view text) {
  std::string doubled;
  for (const char letter : text) doubled.append(letter == '%' ? 2 : 1, letter);
  return gnuplot_text(doubled);
}

std::string draw(const std::vector<Figure>& figures, const fs::path& folder) {
  constexpr double kLimitS = 120;
  if (figures.empty()) return "";
  std::vector<std::unique_ptr<PendingFile>> files;
  std::string script;
  bool has_unknown_letters = false;
  for (const Figure& figure : figures) {
    // gnuplot covers PDF and PNG pages with ink at a letter for which there is no font.
    const std::string drawable = drawable_text(figure.commands);
    has_unknown_letters |= drawable != figure.commands;
    for (const std::string format : kFormats) {
      files.push_back(std::make_unique<PendingFile>(folder / (figure.name + "." + format)));
      script += fmt::format(
          "reset\nset encoding utf8\nset terminal {}\nset output {}\n{}\nunset output\n",
          terminal_of(format, figure), gnuplot_text(files.back()->part_path().filename().string()),
          format == "svg" ? figure.commands : drawable);
    }
  }
  if (has_unknown_letters)
    log_warning(
        "no font of this machine has some letters of the class names; PDF and PNG figures "
        "show '?' in their place");
  // -d: without the settings of the user.
  const CommandResult result = run_command({"gnuplot", "-d", "-"}, folder, script, kLimitS);
  if (!result.was_found)
    return "there is no gnuplot; install it, on Debian and Ubuntu with 'apt-get install "
           "gnuplot-nox'";
  if (result.exit_code != 0)
    return fmt::format("gnuplot failed with exit code {}: {}", result.exit_code, result.errors);
  for (const auto& file : files) require_whole(file->part_path());
  for (const auto& file : files) file->commit();
  return "";
}

}  // namespace kinegraph
