// OpenEXR by its library: the first part, scan lines or tiles, as 32-bit floats.

#include <ImfChannelList.h>
#include <ImfFrameBuffer.h>
#include <ImfHeader.h>
#include <ImfIO.h>
#include <ImfInputFile.h>

#include <algorithm>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

#include "gsfit/core/error.h"
#include "image/decoders.h"

namespace gsfit {
namespace {

/// The file's bytes as the library asks for them.
class ExrStream : public Imf::IStream {
public:
    explicit ExrStream(const ImageSource& source) : Imf::IStream(source.name().c_str()), source_(source) {}

    bool read(char bytes[], int count) override {
        const auto wanted = static_cast<std::size_t>(std::max(count, 0));
        if (source_.read(position_, {reinterpret_cast<std::byte*>(bytes), wanted}) < wanted) {
            throw std::runtime_error("the file ends too early or cannot be read");
        }
        position_ += wanted;
        return position_ < source_.size();
    }
    std::uint64_t tellg() override { return position_; }
    void seekg(std::uint64_t position) override { position_ = position; }

private:
    const ImageSource& source_;
    std::uint64_t position_ = 0;
};

/// Channels in the order of the pixels; empty for those that are neither grey nor RGB.
std::vector<std::string> channels_of(const Imf::ChannelList& list) {
    std::vector<std::string> channels;
    std::vector<std::string> all;
    for (auto channel = list.begin(); channel != list.end(); ++channel) all.emplace_back(channel.name());
    if (list.findChannel("R") != nullptr && list.findChannel("G") != nullptr && list.findChannel("B") != nullptr) {
        channels = {"R", "G", "B"};
    } else if (list.findChannel("Y") != nullptr && list.findChannel("RY") == nullptr) {
        channels = {"Y"};
    } else if (all.size() == 1) {
        channels = all;  // a height map by any name
    }
    if (!channels.empty() && channels[0] != "A" && list.findChannel("A") != nullptr) channels.emplace_back("A");
    return channels;
}

struct ExrImage {
    explicit ExrImage(const ImageSource& source) : stream(source), file(stream, 0) {}

    ExrStream stream;
    Imf::InputFile file;
    std::vector<std::string> channels;
    Imath::Box2i window;
};

/// Where the library sees pixels whose first one lies at `window.min`.
Imf::FrameBuffer frame_buffer(const ExrImage& image, const Pixels& pixels) {
    const std::size_t row = pixels.row_bytes();
    const std::size_t pixel = pixels.pixel_bytes();
    Imf::FrameBuffer buffer;
    for (std::size_t c = 0; c < image.channels.size(); ++c) {
        auto* first = reinterpret_cast<char*>(pixels.memory->data()) + c * sizeof(float);
        buffer.insert(image.channels[c], Imf::Slice::Make(Imf::FLOAT, first, image.window, pixel, row));
    }
    return buffer;
}

/// The library's own exceptions, but for memory that runs out, say that the file is damaged.
template <class Body>
void guarded(const ImageSource& source, const Body& body) {
    std::string report;
    try {
        body();
        return;
    } catch (const Error&) {  // of where the pixels go
        throw;
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& error) {
        report = error.what();
    }
    refuse_damaged(source, report.substr(0, report.find('\n')));
}

void read_exr_rows(const ImageSource& source, ExrImage& image, const Pixels& pixels) {
    guarded(source, [&] {
        image.file.setFrameBuffer(frame_buffer(image, pixels));
        constexpr std::int64_t rows = 64;  // whole blocks of every compression
        for (std::int64_t y = 0; y < pixels.height; y += rows) {
            const std::int64_t end = std::min(y + rows, pixels.height);
            image.file.readPixels(image.window.min.y + static_cast<int>(y),
                                  image.window.min.y + static_cast<int>(end) - 1);
            for (std::int64_t done = y; done < end; ++done) pixels.finish_row(done);
        }
    });
}

}  // namespace

OpenImage open_exr(const ImageSource& source) {
    std::shared_ptr<ExrImage> image;
    guarded(source, [&] { image = std::make_shared<ExrImage>(source); });
    const Imf::Header& header = image->file.header();
    image->window = header.dataWindow();
    const auto side = [](int first, int last) { return std::int64_t{last} - first + 1; };
    const std::int64_t width = side(image->window.min.x, image->window.max.x);
    const std::int64_t height = side(image->window.min.y, image->window.max.y);
    check_size(source, width, height);
    image->channels = channels_of(header.channels());
    if (image->channels.empty()) {
        refuse(source, "its channels are neither grey (Y, or a single one) nor R, G and B; convert it to RGB first");
    }
    for (const std::string& name : image->channels) {
        const Imf::Channel& channel = header.channels()[name];
        if (channel.xSampling != 1 || channel.ySampling != 1) {
            refuse(source, "its channel " + name + " has fewer samples than there are pixels; convert it to RGB first");
        }
    }
    const auto channels = static_cast<int>(image->channels.size());
    return {{.width = width, .height = height, .channels = channels, .bits = 32, .alpha_multiplied = true},
            [&source, image](const Pixels& pixels) { read_exr_rows(source, *image, pixels); }};
}

}  // namespace gsfit
