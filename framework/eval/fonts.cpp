#include "framework/eval/fonts.h"

#include <fontconfig/fontconfig.h>

#include <algorithm>
#include <memory>

namespace kinegraph {
namespace {

using Letters = std::unique_ptr<FcCharSet, decltype(&FcCharSetDestroy)>;
using FontConfig = std::unique_ptr<FcConfig, decltype(&FcConfigDestroy)>;

/// Only outlines count: Pango draws no bitmap fonts.
Letters letters_of_all_fonts() {
  Letters letters(FcCharSetCreate(), FcCharSetDestroy);
  const FontConfig config(FcInitLoadConfigAndFonts(), FcConfigDestroy);
  const FcFontSet* fonts = config ? FcConfigGetFonts(config.get(), FcSetSystem) : nullptr;
  for (int i = 0; fonts && i < fonts->nfont; ++i) {
    FcCharSet* own = nullptr;
    FcBool is_outline = FcFalse;
    FcPatternGetBool(fonts->fonts[i], FC_OUTLINE, 0, &is_outline);
    if (is_outline && FcPatternGetCharSet(fonts->fonts[i], FC_CHARSET, 0, &own) == FcResultMatch)
      FcCharSetMerge(letters.get(), own, nullptr);
  }
  return letters;
}

}  // namespace

std::string drawable_text(std::string_view text) {
  const auto is_ascii = [](unsigned char byte) { return byte < 0x80; };
  if (std::all_of(text.begin(), text.end(), is_ascii)) return std::string(text);
  const Letters letters = letters_of_all_fonts();
  std::string drawable;
  while (!text.empty()) {
    FcChar32 letter = 0;
    const int length = FcUtf8ToUcs4(reinterpret_cast<const FcChar8*>(text.data()), &letter,
                                    static_cast<int>(std::min<size_t>(text.size(), 8)));
    const auto used = static_cast<size_t>(std::max(length, 1));
    const bool is_known = length == 1 || (length > 0 && FcCharSetHasChar(letters.get(), letter));
    if (is_known)
      drawable += text.substr(0, used);
    else
      drawable += '?';
    text.remove_prefix(used);
  }
  return drawable;
}

}  // namespace kinegraph
