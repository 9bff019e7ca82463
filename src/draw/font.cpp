#include "draw/font.h"

#include <cairo-ft.h>
#include <ft2build.h>
#include FT_FREETYPE_H

#include "embedded/font.h"
#include "gsfit/core/error.h"

namespace gsfit {
namespace {

/// Lives as long as the program.
struct Font {
    FT_Library library = nullptr;
    FT_Face face = nullptr;
    cairo_font_face_t* cairo = nullptr;

    Font() {
        const std::string_view file = embedded::font();
        if (FT_Init_FreeType(&library) != 0 ||
            FT_New_Memory_Face(library, reinterpret_cast<const FT_Byte*>(file.data()),
                               static_cast<FT_Long>(file.size()), 0, &face) != 0) {
            throw Error("the program's own font cannot be opened; install gsfit again");
        }
        cairo = cairo_ft_font_face_create_for_ft_face(face, FT_LOAD_NO_HINTING);
    }
    Font(const Font&) = delete;
    Font& operator=(const Font&) = delete;
    ~Font() {
        cairo_font_face_destroy(cairo);
        cairo_debug_reset_static_data();  // lets go of the face, which Cairo caches
        FT_Done_Face(face);
        FT_Done_FreeType(library);
    }
};

}  // namespace

cairo_font_face_t* font() {
    static const Font font;
    return font.cairo;
}

}  // namespace gsfit
