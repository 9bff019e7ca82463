// The frames of a recording that a video can be made of.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "gsfit/core/picture.h"
#include "gsfit/record/frames.h"

namespace gsfit {

/// Goes through a recording once and passes over frames that cannot be decoded, that differ in size from the first, or
/// that repeat a step.
class UsableFrames {
public:
    explicit UsableFrames(const RecordedFrames& frames) : frames_(frames) {}

    /// Picture of the next one; none when there is no other.
    std::optional<Picture> next();

    /// The one whose picture came last.
    [[nodiscard]] const Frame& frame() const { return frames_.frames[current_]; }
    /// Where that one stands in the recording: 0 is its beginning, 1 its end.
    [[nodiscard]] double progress() const;
    /// Frames that have been passed over.
    [[nodiscard]] std::size_t skipped() const { return next_ - used_; }
    /// How many those are, and why, for the user; empty: none.
    [[nodiscard]] std::string note() const;

private:
    [[nodiscard]] std::optional<Picture> decode(std::size_t frame) const;

    const RecordedFrames& frames_;
    std::size_t next_ = 0;
    std::size_t current_ = 0;
    std::size_t used_ = 0;
    std::int64_t width_ = 0;   // of all that are used [pixels]
    std::int64_t height_ = 0;  // [pixels]
};

}  // namespace gsfit
