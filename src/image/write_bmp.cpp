// BMP: a header, a palette of greys where the image is grey, and rows from the bottom up, blue first, padded to four
// bytes.

#include <cstring>
#include <string_view>
#include <vector>

#include "image/row_writer.h"

namespace gsfit {
namespace {

class BmpWriter : public RowWriter {
public:
    explicit BmpWriter(const ImageTarget& target);
    void write(const Pixels& rows) override;
    void finish() override {}

private:
    [[nodiscard]] std::size_t row_bytes() const {
        return (static_cast<std::size_t>(target_.width * target_.channels) + 3) / 4 * 4;
    }
    [[nodiscard]] std::size_t header_bytes() const { return target_.channels == 1 ? 54 + 4 * 256 : 54; }

    const ImageTarget target_;
    std::int64_t rows_left_;
    std::vector<std::byte> flipped_;
};

void append_little_endian(std::vector<std::byte>& bytes, std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
}

BmpWriter::BmpWriter(const ImageTarget& target) : target_(target), rows_left_(target.height) {
    std::vector<std::byte> header{std::byte{'B'}, std::byte{'M'}};
    const auto height = static_cast<std::size_t>(target.height);
    append_little_endian(header, header_bytes() + height * row_bytes(), 4);
    append_little_endian(header, 0, 4);
    append_little_endian(header, header_bytes(), 4);
    append_little_endian(header, 40, 4);  // of what follows, without the palette
    append_little_endian(header, static_cast<std::uint64_t>(target.width), 4);
    append_little_endian(header, height, 4);
    append_little_endian(header, 1, 2);
    append_little_endian(header, 8 * static_cast<std::uint64_t>(target.channels), 2);
    header.resize(54);  // not compressed, no resolution, the palette whole
    for (std::uint64_t grey = 0; header.size() < header_bytes(); ++grey) {
        append_little_endian(header, grey << 16 | grey << 8 | grey, 4);
    }
    target_.file.write(header);
}

void BmpWriter::write(const Pixels& rows) {
    flipped_.resize(static_cast<std::size_t>(rows.height) * row_bytes());
    for (std::int64_t y = 0; y < rows.height; ++y) {
        const std::byte* from = rows.row(y);
        std::byte* to = flipped_.data() + static_cast<std::size_t>(rows.height - 1 - y) * row_bytes();
        if (rows.channels == 1) {
            std::memcpy(to, from, rows.row_bytes());
            continue;
        }
        for (std::size_t x = 0; x < rows.row_bytes(); x += 3) {
            to[x] = from[x + 2];
            to[x + 1] = from[x + 1];
            to[x + 2] = from[x];
        }
    }
    rows_left_ -= rows.height;
    target_.file.seek(header_bytes() + static_cast<std::size_t>(rows_left_) * row_bytes());
    target_.file.write(flipped_);
}

}  // namespace

std::unique_ptr<RowWriter> write_bmp(const ImageTarget& target) { return std::make_unique<BmpWriter>(target); }

}  // namespace gsfit
