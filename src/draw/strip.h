// A dark strip below a picture, for what a viewer has to know.

#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "gsfit/draw.h"

namespace gsfit {

class Strip {
public:
    /// `lines`: its height [size()].
    Strip(const Picture& above, double lines);

    /// Of its font, by the picture's longer side [pixels].
    [[nodiscard]] double size() const { return size_; }

    // Places are from the strip's upper left corner [pixels].

    /// The baseline starts at (x, y).
    void text(double x, double y, const std::string& words);
    /// One pixel wide.
    void column(std::int64_t x, double top, double height, const std::array<std::uint8_t, 3>& color);
    void dot(double x, double y, double radius, const std::array<std::uint8_t, 3>& color);

    [[nodiscard]] const Picture& picture() const { return picture_; }

private:
    std::int64_t top_;
    double size_;
    Picture picture_;
};

}  // namespace gsfit
