#include "codec/range_coder.h"

#include <algorithm>
#include <cmath>

namespace gsfit::codec {
namespace {

constexpr int width = 56;
constexpr std::uint64_t least_range = std::uint64_t{1} << (width - 8);
constexpr std::uint64_t mask = (std::uint64_t{1} << width) - 1;

}  // namespace

void RangeEncoder::encode(std::uint32_t start, std::uint32_t size, std::uint32_t total) {
    const std::uint64_t unit = range_ / total;
    low_ += unit * start;
    range_ = unit * size;
    carry();
    while (range_ < least_range) {
        bytes_.push_back(static_cast<std::byte>(low_ >> (width - 8)));
        low_ = low_ << 8 & mask;
        range_ <<= 8;
    }
}

void RangeEncoder::carry() {
    if (low_ > mask) {
        for (auto byte = bytes_.rbegin(); (*byte = std::byte(std::to_integer<int>(*byte) + 1)) == std::byte(0);) ++byte;
    }
    low_ &= mask;
}

std::vector<std::byte> RangeEncoder::finish() {
    int free_bits = width;  // that may be zero at the end
    const auto rounded = [&] { return (low_ + (std::uint64_t{1} << free_bits) - 1) >> free_bits << free_bits; };
    while (rounded() >= low_ + range_) --free_bits;
    low_ = rounded();
    carry();
    for (int shift = width - 8; shift >= 0; shift -= 8) bytes_.push_back(static_cast<std::byte>(low_ >> shift));
    while (!bytes_.empty() && bytes_.back() == std::byte(0)) bytes_.pop_back();
    return std::move(bytes_);
}

double RangeEncoder::bits() const {
    return 8 * static_cast<double>(bytes_.size()) + width - std::log2(static_cast<double>(range_));
}

RangeDecoder::RangeDecoder(std::span<const std::byte> bytes) : bytes_(bytes) {
    for (int i = 0; i < width; i += 8) shift();
}

void RangeDecoder::shift() {
    code_ = code_ << 8 & mask;
    if (bytes_.empty()) return;
    code_ |= std::to_integer<std::uint64_t>(bytes_.front());
    bytes_ = bytes_.subspan(1);
}

std::uint32_t RangeDecoder::place(std::uint32_t total) {
    unit_ = range_ / total;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(code_ / unit_, total - 1));
}

void RangeDecoder::consume(std::uint32_t start, std::uint32_t size) {
    code_ -= unit_ * start;
    range_ = unit_ * size;
    while (range_ < least_range) {
        range_ <<= 8;
        shift();
    }
}

}  // namespace gsfit::codec
