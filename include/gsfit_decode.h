/* libgsfit_decode: draws compact files of gsfit (.gsf), whole or in part, at any size.
 *
 * A file may be used by several threads at once. No function writes to stdout or stderr or ends the process. Those that
 * can fail say so by their result; gsfit_error() then has a sentence for the user. */

#ifndef GSFIT_DECODE_H
#define GSFIT_DECODE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define GSFIT_API __attribute__((visibility("default")))
#else
#define GSFIT_API
#endif

typedef struct gsfit_file gsfit_file;

typedef struct gsfit_info {
    int64_t width, height; /* of the image that was fitted [pixels] */
    int64_t gaussians;
    int32_t channels; /* of all maps together, 1 to 64 */
    int32_t maps;     /* images: 1, or those of a texture stack */
} gsfit_info;

/* One image of the file. Values are 0 for `low` and 1 for `high` in GSFIT_UINT8 and GSFIT_UINT16, and themselves in
 * GSFIT_FLOAT; colours are not multiplied by alpha. */
typedef struct gsfit_map {
    const char* name;    /* UTF-8, of the file it came from, without its ending; may be empty */
    int32_t channels;    /* 1 grey, 3 red, green, blue; one more with alpha */
    int32_t has_alpha;   /* then the last channel is alpha */
    int32_t bits;        /* of the file it came from: 8 or 16, or 32 for floating point */
    float low, high;     /* 0 and 1 but for floating point */
    const void* profile; /* ICC colour profile; NULL: none */
    size_t profile_bytes;
} gsfit_map;

typedef enum gsfit_type { GSFIT_UINT8 = 1, GSFIT_UINT16 = 2, GSFIT_FLOAT = 4 } gsfit_type;

/* Which pixels: a rectangle of the whole image drawn raster_width wide and raster_height high. */
typedef struct gsfit_view {
    int64_t raster_width, raster_height; /* 1 to 2^24; both 0: of the image that was fitted */
    int64_t x, y;                        /* of the rectangle's first pixel */
    int64_t width, height;               /* both 0: all that is right of and below x, y */
} gsfit_view;

/* Opens a file, of which the header and the index are read now and the rest where it is drawn. NULL: see gsfit_error().
 */
GSFIT_API gsfit_file* gsfit_open(const char* path);

/* The same of a file in memory, which must stay there until gsfit_close(). */
GSFIT_API gsfit_file* gsfit_open_memory(const void* bytes, size_t size);

GSFIT_API gsfit_info gsfit_get_info(const gsfit_file* file);

/* `map` from 0; its pointers are good until gsfit_close(). All 0 when there is no such map. */
GSFIT_API gsfit_map gsfit_get_map(const gsfit_file* file, int32_t map);

/* Draws a map: channels interleaved, rows from the top, `row_bytes` apart. `view` NULL: the whole image as it was
 * fitted. Reads the parts of the file that the rectangle shows. 0, or -1: see gsfit_error(); then `pixels` is
 * undefined. */
GSFIT_API int gsfit_render(const gsfit_file* file, int32_t map, const gsfit_view* view, gsfit_type type, void* pixels,
                           size_t row_bytes);

/* Bytes read of it so far. */
GSFIT_API uint64_t gsfit_bytes_read(const gsfit_file* file);

/* NULL is allowed. */
GSFIT_API void gsfit_close(gsfit_file* file);

/* What went wrong in the calling thread's last call that failed: one sentence, good until its next one. */
GSFIT_API const char* gsfit_error(void);

#ifdef __cplusplus
}
#endif

#endif
