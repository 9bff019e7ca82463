#pragma once

#include <filesystem>

namespace gsfit::test {

struct PictureKind {
    int channels = 3;  ///< 1 or 3
    int bits = 8;      ///< 8 or 16
};

/// A picture with smooth parts, edges and detail; the name's ending says the format.
void write_picture(const std::filesystem::path& path, int width, int height, const PictureKind& kind = {});

/// One value (0 to 1) everywhere.
void write_flat_picture(const std::filesystem::path& path, int width, int height, double value);

struct PictureSize {
    int width = 0;
    int height = 0;
    int channels = 0;
    int bits = 0;
};

/// Size of a picture that gsfit wrote; all 0 when it cannot be read.
PictureSize picture_size(const std::filesystem::path& path);

/// Mean and greatest difference of two 8-bit pictures of one size.
struct PictureDifference {
    double mean = 0;
    double greatest = 0;
};
PictureDifference compare_pictures(const std::filesystem::path& first, const std::filesystem::path& second);

/// The part of a picture at (x, y), written to `part`.
void cut_picture(const std::filesystem::path& whole, int x, int y, int width, int height,
                 const std::filesystem::path& part);

}  // namespace gsfit::test
