// OpenEXR by its library: scan lines of 32-bit floats, ZIP.

#include <ImfChannelList.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfIO.h>
#include <ImfOutputFile.h>

#include <array>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

#include "image/row_writer.h"

namespace gsfit {
namespace {

/// What the library does with a file: it writes blocks at the end and their places at the beginning.
class ExrOutput : public Imf::OStream {
public:
    explicit ExrOutput(const ImageTarget& target) : Imf::OStream(target.path.c_str()), file_(target) {}
    [[nodiscard]] const EncodedFile& file() const { return file_; }
    [[nodiscard]] bool failed() const { return failed_; }

    void write(const char bytes[], int count) override {
        const auto size = static_cast<std::size_t>(count);
        failed_ = failed_ || !file_.seek(position_) || !file_.write(bytes, size);
        if (failed_) throw std::runtime_error("writing failed");
        position_ += size;
    }
    std::uint64_t tellp() override { return position_; }
    void seekp(std::uint64_t position) override { position_ = position; }

private:
    EncodedFile file_;
    std::uint64_t position_ = 0;
    bool failed_ = false;
};

class ExrWriter : public RowWriter {
public:
    explicit ExrWriter(const ImageTarget& target);
    void write(const Pixels& rows) override;
    void finish() override;

private:
    template <class Body>
    void guarded(const Body& body);
    [[nodiscard]] std::span<const char* const> names() const;

    ExrOutput stream_;
    const int channels_;
    std::unique_ptr<Imf::OutputFile> file_;
    std::int64_t row_ = 0;
};

template <class Body>
void ExrWriter::guarded(const Body& body) {
    std::string report;
    try {
        body();
        if (!stream_.failed()) return;
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& error) {
        report = error.what();
    }
    stream_.file().fail(report, false);
}

/// In the order of the pixels.
std::span<const char* const> ExrWriter::names() const {
    static constexpr std::array<const char*, 2> grey{"Y", "A"};
    static constexpr std::array<const char*, 4> colour{"R", "G", "B", "A"};
    return std::span<const char* const>(channels_ < 3 ? grey.data() : colour.data(),
                                        static_cast<std::size_t>(channels_));
}

ExrWriter::ExrWriter(const ImageTarget& target) : stream_(target), channels_(target.channels) {
    guarded([&] {
        Imf::Header header(static_cast<int>(target.width), static_cast<int>(target.height));
        header.compression() = Imf::ZIP_COMPRESSION;
        for (const char* name : names()) header.channels().insert(name, Imf::Channel(Imf::FLOAT));
        file_ = std::make_unique<Imf::OutputFile>(stream_, header, 0);
    });
}

void ExrWriter::write(const Pixels& rows) {
    guarded([&] {
        const Imath::Box2i window({0, static_cast<int>(row_)},
                                  {static_cast<int>(rows.width) - 1, static_cast<int>(row_ + rows.height) - 1});
        Imf::FrameBuffer buffer;
        auto* first = reinterpret_cast<char*>(rows.memory->data());
        for (const char* name : names()) {
            buffer.insert(name, Imf::Slice::Make(Imf::FLOAT, first, window, rows.pixel_bytes(), rows.row_bytes()));
            first += sizeof(float);
        }
        file_->setFrameBuffer(buffer);
        file_->writePixels(static_cast<int>(rows.height));
        row_ += rows.height;
    });
}

/// The places of the blocks are written as the library closes its file.
void ExrWriter::finish() {
    guarded([this] { file_.reset(); });
}

}  // namespace

std::unique_ptr<RowWriter> write_exr(const ImageTarget& target) { return std::make_unique<ExrWriter>(target); }

}  // namespace gsfit
