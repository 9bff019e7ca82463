// TIFF by libtiff: strips of about 8 KB, LZW with horizontal differences.

#include <tiffio.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "image/row_writer.h"
#include "image/tiff_reports.h"

namespace gsfit {
namespace {

/// What libtiff does with a file: it writes strips at the end and the directory's place at the beginning.
class TiffOutput {
public:
    explicit TiffOutput(const ImageTarget& target) : file_(target) {}
    [[nodiscard]] const EncodedFile& file() const { return file_; }

    static tmsize_t read(thandle_t /*handle*/, void* /*target*/, tmsize_t /*size*/) { return -1; }
    static tmsize_t write(thandle_t handle, void* source, tmsize_t size);
    static toff_t seek(thandle_t handle, toff_t offset, int whence);
    static int close(thandle_t /*handle*/) { return 0; }
    static toff_t size(thandle_t handle) { return static_cast<TiffOutput*>(handle)->size_; }

private:
    EncodedFile file_;
    std::uint64_t position_ = 0;
    std::uint64_t size_ = 0;
};

tmsize_t TiffOutput::write(thandle_t handle, void* source, tmsize_t size) {
    auto* stream = static_cast<TiffOutput*>(handle);
    if (!stream->file_.seek(stream->position_) || !stream->file_.write(source, static_cast<std::size_t>(size)))
        return -1;
    stream->position_ += static_cast<std::uint64_t>(size);
    stream->size_ = std::max(stream->size_, stream->position_);
    return size;
}

toff_t TiffOutput::seek(thandle_t handle, toff_t offset, int whence) {
    auto* stream = static_cast<TiffOutput*>(handle);
    const std::uint64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? stream->position_ : stream->size_;
    return stream->position_ = from + offset;
}

/// Without the directory that TIFFClose would still write.
struct DropTiff {
    void operator()(TIFF* tiff) const { TIFFCleanup(tiff); }
};

/// The classic kind counts bytes in 32 bits, and LZW makes noise up to half as large again.
bool needs_big_tiff(const ImageTarget& target) {
    return target.width * target.height * target.channels * (target.bits / 8) > (std::int64_t{1} << 32) / 10 * 6;
}

class TiffWriter : public RowWriter {
public:
    explicit TiffWriter(const ImageTarget& target);
    void write(const Pixels& rows) override;
    void finish() override;

private:
    template <class Body>
    void guarded(const Body& body);

    TiffOutput stream_;
    std::unique_ptr<TIFF, DropTiff> tiff_;
    std::uint32_t row_ = 0;
};

/// `body` tells whether libtiff could.
template <class Body>
void TiffWriter::guarded(const Body& body) {
    const TiffReports reports;
    errno = 0;
    if (!body()) stream_.file().fail(TiffReports::report, errno == ENOMEM);
}

TiffWriter::TiffWriter(const ImageTarget& target) : stream_(target) {
    constexpr std::uint16_t straight = EXTRASAMPLE_UNASSALPHA;
    const bool floats = target.bits == 32;
    guarded([&] {
        tiff_.reset(TIFFClientOpen(target.path.c_str(), needs_big_tiff(target) ? "w8" : "w", &stream_, TiffOutput::read,
                                   TiffOutput::write, TiffOutput::seek, TiffOutput::close, TiffOutput::size, nullptr,
                                   nullptr));
        const auto set = [this](ttag_t tag, std::uint32_t value) { return TIFFSetField(tiff_.get(), tag, value) != 0; };
        return tiff_ != nullptr && set(TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(target.width)) &&
               set(TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(target.height)) &&
               set(TIFFTAG_BITSPERSAMPLE, static_cast<std::uint32_t>(target.bits)) &&
               set(TIFFTAG_SAMPLEFORMAT, floats ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT) &&
               set(TIFFTAG_SAMPLESPERPIXEL, static_cast<std::uint32_t>(target.channels)) &&
               set(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) &&
               set(TIFFTAG_PHOTOMETRIC, target.channels < 3 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB) &&
               set(TIFFTAG_COMPRESSION, COMPRESSION_LZW) &&
               set(TIFFTAG_PREDICTOR, floats ? PREDICTOR_FLOATINGPOINT : PREDICTOR_HORIZONTAL) &&
               (target.channels % 2 != 0 || TIFFSetField(tiff_.get(), TIFFTAG_EXTRASAMPLES, 1, &straight) != 0) &&
               (target.profile.empty() ||
                TIFFSetField(tiff_.get(), TIFFTAG_ICCPROFILE, static_cast<std::uint32_t>(target.profile.size()),
                             target.profile.data()) != 0) &&
               set(TIFFTAG_ROWSPERSTRIP, TIFFDefaultStripSize(tiff_.get(), 0));
    });
}

void TiffWriter::write(const Pixels& rows) {
    guarded([&] {
        for (std::int64_t y = 0; y < rows.height; ++y) {
            if (TIFFWriteScanline(tiff_.get(), rows.row(y), row_++, 0) != 1) return false;
        }
        return true;
    });
}

void TiffWriter::finish() {
    guarded([this] { return TIFFWriteDirectory(tiff_.get()) != 0; });
}

}  // namespace

std::unique_ptr<RowWriter> write_tiff(const ImageTarget& target) { return std::make_unique<TiffWriter>(target); }

}  // namespace gsfit
