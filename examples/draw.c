/* draw FILE.gsf OUT.ppm [WIDTH [X Y W H]]: draws a compact file, or a rectangle of it, as a PPM image.
 *
 *   cc draw.c -o draw $(pkg-config --cflags --libs gsfit_decode)
 *   ./draw photo.gsf whole.ppm
 *   ./draw photo.gsf detail.ppm 8000 1200 800 640 480     (of the picture drawn 8000 pixels wide) */

#include <gsfit_decode.h>
#include <stdio.h>
#include <stdlib.h>

static int fail(const char* sentence) {
    fprintf(stderr, "draw: %s\n", sentence);
    return 1;
}

/* The height that keeps the image's aspect. */
static int64_t height_of(const gsfit_info* info, int64_t width) {
    const int64_t height = (width * info->height + info->width / 2) / info->width;
    return height > 0 ? height : 1;
}

/* PPM has three channels: grey is repeated, alpha left out. */
static int write_ppm(const char* path, const unsigned char* pixels, int64_t width, int64_t height, int channels) {
    FILE* file = fopen(path, "wb");
    if (file == NULL) return fail("the output cannot be written");
    fprintf(file, "P6 %lld %lld 255\n", (long long)width, (long long)height);
    for (int64_t i = 0; i < width * height; ++i) {
        const unsigned char* pixel = pixels + i * channels;
        const unsigned char grey[3] = {pixel[0], pixel[0], pixel[0]};
        fwrite(channels < 3 ? grey : pixel, 1, 3, file);
    }
    if (fclose(file) != 0) return fail("the output cannot be written");
    return 0;
}

static int draw(const gsfit_file* file, gsfit_view view, const char* output) {
    const gsfit_map map = gsfit_get_map(file, 0);
    const int64_t width = view.width > 0 ? view.width : view.raster_width;
    const int64_t height = view.height > 0 ? view.height : view.raster_height;
    const size_t row_bytes = (size_t)(width * map.channels);
    unsigned char* pixels = malloc(row_bytes * (size_t)height);
    if (pixels == NULL) return fail("there is not enough memory");
    int status = gsfit_render(file, 0, &view, GSFIT_UINT8, pixels, row_bytes);
    if (status != 0) {
        status = fail(gsfit_error());
    } else {
        status = write_ppm(output, pixels, width, height, map.channels);
    }
    free(pixels);
    return status;
}

int main(int count, char** words) {
    if (count != 3 && count != 4 && count != 8) return fail("usage: draw FILE.gsf OUT.ppm [WIDTH [X Y W H]]");
    gsfit_file* file = gsfit_open(words[1]);
    if (file == NULL) return fail(gsfit_error());
    const gsfit_info info = gsfit_get_info(file);
    gsfit_view view = {0};
    view.raster_width = count > 3 ? atoll(words[3]) : info.width;
    view.raster_height = height_of(&info, view.raster_width);
    if (count == 8) {
        view.x = atoll(words[4]);
        view.y = atoll(words[5]);
        view.width = atoll(words[6]);
        view.height = atoll(words[7]);
    }
    const int status = draw(file, view, words[2]);
    if (status == 0) {
        printf("%lld Gaussians, %llu bytes read\n", (long long)info.gaussians,
               (unsigned long long)gsfit_bytes_read(file));
    }
    gsfit_close(file);
    return status;
}
