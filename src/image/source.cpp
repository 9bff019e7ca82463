#include "image/source.h"

#include <algorithm>
#include <utility>

#include "gsfit/core/error.h"

namespace gsfit {
namespace {

// What the decoders themselves hold per row or column stays far below 2^31 bytes.
constexpr std::int64_t max_side = 1'000'000;

}  // namespace

ImageSource::ImageSource(std::span<const std::byte> bytes, std::string name, std::int64_t max_pixels)
    : bytes_(bytes), size_(bytes.size()), name_(std::move(name)), max_pixels_(max_pixels) {}

ImageSource::ImageSource(const std::filesystem::path& path, std::size_t max_bytes, std::int64_t max_pixels)
    : name_(path.string()), max_pixels_(max_pixels) {
    file_.emplace(path, max_bytes);
    size_ = file_->size();
}

std::size_t ImageSource::read(std::size_t offset, std::span<std::byte> target) const noexcept {
    if (file_) return file_->read(offset, target);
    const std::size_t first = std::min(offset, bytes_.size());
    const std::size_t count = std::min(target.size(), bytes_.size() - first);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(first), count, target.begin());
    return count;
}

std::vector<std::byte> ImageSource::read_all() const {
    std::vector<std::byte> all(size_);
    all.resize(read(0, all));
    return all;
}

void refuse(const ImageSource& source, const std::string& sentence) {
    throw InputError("cannot read '" + source.name() + "': " + sentence);
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
    if (width * height > source.max_pixels()) {
        refuse(source,
               size + " and at most " + std::to_string(source.max_pixels()) + " are read; scale or crop it first");
    }
}

}  // namespace gsfit
