#include "image/source.h"

#include "gsfit/core/error.h"

namespace gsfit {
namespace {

// What the decoders themselves hold per row or column stays far below 2^31 bytes.
constexpr std::int64_t max_side = 1'000'000;

}  // namespace

void refuse(const ImageSource& source, const std::string& sentence) {
    throw InputError("cannot read '" + source.name + "': " + sentence);
}

void refuse_damaged(const ImageSource& source, const std::string& report) {
    const std::string why = report.empty() ? "" : " (" + report + ")";
    refuse(source, "it is damaged, cut short or of a rare kind" + why + "; try a fresh copy of the file");
}

void check_size(const ImageSource& source, std::int64_t width, std::int64_t height) {
    const std::string size = "it says it has " + std::to_string(width) + " x " + std::to_string(height) + " pixels";
    if (width < 1 || height < 1) refuse_damaged(source, size);
    if (width > max_side || height > max_side) {
        refuse(source, size + " and at most " + std::to_string(max_side) + " a side are read; scale or crop it first");
    }
    if (width * height > source.max_pixels) {
        refuse(source,
               size + " and at most " + std::to_string(source.max_pixels) + " are read; scale or crop it first");
    }
}

}  // namespace gsfit
