#include "video/usable_frames.h"

#include "gsfit/core/error.h"
#include "gsfit/image/pictures.h"

namespace gsfit {

std::optional<Picture> UsableFrames::next() {
    while (next_ < frames_.frames.size()) {
        const std::size_t candidate = next_++;
        if (used_ > 0 && frames_.frames[candidate].step <= frame().step) {
            continue;
        }
        std::optional<Picture> picture = decode(candidate);
        if (picture && (used_ == 0 || (picture->width == width_ && picture->height == height_))) {
            width_ = picture->width;
            height_ = picture->height;
            current_ = candidate;
            ++used_;
            return picture;
        }
    }
    return std::nullopt;
}

std::optional<Picture> UsableFrames::decode(std::size_t frame) const {
    try {
        return decode_picture(frames_.jpeg(frame), "a recorded frame");
    } catch (const InputError&) {
        return std::nullopt;
    }
}

double UsableFrames::progress() const {
    const std::size_t last = frames_.frames.size() - 1;
    return last == 0 ? 1 : static_cast<double>(current_) / static_cast<double>(last);
}

std::string UsableFrames::note() const {
    if (skipped() == 0) {
        return {};
    }
    return std::to_string(skipped()) + " of " + std::to_string(next_) +
           " frames are not in the video: they are damaged, differ in size from the first or repeat a step";
}

}  // namespace gsfit
