// From a compact file to Gaussians.

#include <algorithm>
#include <atomic>
#include <cmath>

#include "codec/code.h"
#include "codec/file.h"
#include "codec/floats.h"
#include "codec/index.h"
#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"

namespace gsfit::codec {
namespace {

bool sees(const Grid& grid, double reach, const Rectangle& rectangle) {
    const auto left = static_cast<double>(grid.left);
    const auto top = static_cast<double>(grid.top);
    return left - reach < rectangle.right && left + 1.0 * grid.columns * grid.cell + reach > rectangle.left &&
           top - reach < rectangle.bottom && top + 1.0 * grid.rows * grid.cell + reach > rectangle.top;
}

}  // namespace

bool begins_compact(std::span<const std::byte> start) {
    return start.size() >= magic.size() && std::equal(magic.begin(), magic.end(), start.begin());
}

struct Reader::State {
    Read read;
    std::string name;
    Header header;
    std::optional<Layout> layout;
    std::vector<IndexEntry> index;
    std::vector<std::uint64_t> offsets;         // of the parts
    std::atomic<std::uint64_t> bytes_read = 0;  // threads may share a reader

    [[noreturn]] void refuse(const std::string& what) const {
        throw InputError("'" + name + "' is no sound .gsf file: " + what + "; get it anew");
    }

    std::vector<std::byte> take(std::uint64_t offset, std::size_t count) {
        std::vector<std::byte> bytes(count);
        if (read(offset, bytes) != count) refuse("it ends early");
        bytes_read += count;
        return bytes;
    }

    void open(std::uint64_t size) {
        if (size < prefix_bytes) refuse("it is too short");
        const std::vector<std::byte> prefix = take(0, prefix_bytes);
        if (!begins_compact(prefix)) refuse("it does not begin as one");
        const auto version = std::to_integer<int>(prefix[magic.size()]);
        if (version != current_version) {
            throw InputError("'" + name + "' is a .gsf file of version " + std::to_string(version) +
                             ", and this program knows version " + std::to_string(current_version) +
                             " only; take a newer program");
        }
        ByteReader start(std::span<const std::byte>(prefix).subspan(magic.size() + 1));
        const std::size_t head = start.word();
        if (head < crc_bytes || head > size - prefix_bytes) refuse("it ends in its header");
        read_head(take(prefix_bytes, head), size - prefix_bytes - head);
    }

    void read_head(std::span<const std::byte> head, std::uint64_t payload) {
        const auto content = head.first(head.size() - crc_bytes);
        if (ByteReader(head.last(crc_bytes)).word() != crc32(content)) refuse("its header is damaged");
        ByteReader bytes(content);
        header = read_header(bytes);
        layout.emplace(header);
        index = read_index(bytes, layout->parts());
        if (bytes.left() != 0) refuse("its header is too long");
        std::uint64_t sum = 0;
        for (const IndexEntry& entry : index) {
            offsets.push_back(prefix_bytes + head.size() + sum);
            sum += entry.bytes;
        }
        if (sum != payload) refuse(sum > payload ? "it ends early" : "it goes on after its end");
    }

    Gaussians decode(const std::function<bool(std::int64_t part)>& wanted) {
        std::vector<std::size_t> chosen;
        std::vector<std::vector<std::byte>> bytes;
        for (std::size_t part = 0; part < index.size(); ++part) {
            if (index[part].bytes == 0 || !wanted(static_cast<std::int64_t>(part))) continue;
            chosen.push_back(part);
            bytes.push_back(take(offsets[part], index[part].bytes));
        }
        std::vector<Part> parts(chosen.size());
        parallel_for(static_cast<std::int64_t>(chosen.size()),
                     [&](std::int64_t i) { parts[i] = decode_part(chosen[i], bytes[i]); });
        Gaussians gaussians;
        for (const Part& part : parts) append(gaussians, part, header.description);
        return gaussians;
    }

    [[nodiscard]] Part decode_part(std::size_t number, std::span<const std::byte> bytes) const {
        if (crc32(bytes) != index[number].crc) refuse("a part of it is damaged");
        Part part;
        part.grid = layout->grid(static_cast<std::int64_t>(number));
        part.channels = header.description.channels;
        RangeDecoder decoder(bytes);
        try {
            code_part(decoder, header, index[number].gaussians, part);
        } catch (const Damage& damage) {
            refuse(damage.what());
        }
        return part;
    }
};

Reader::Reader(Read read, std::uint64_t bytes, const std::string& name) : state_(std::make_unique<State>()) {
    state_->read = std::move(read);
    state_->name = name;
    try {
        state_->open(bytes);
    } catch (const Damage& damage) {
        state_->refuse(damage.what());
    }
}

Reader::~Reader() = default;

const Description& Reader::description() const { return state_->header.description; }

std::int64_t Reader::size() const {
    std::int64_t size = 0;
    for (const IndexEntry& entry : state_->index) size += entry.gaussians;
    return size;
}

double Reader::log2_q() const { return std::ldexp(state_->header.error, -log_bits); }

Gaussians Reader::decode() const {
    return state_->decode([](std::int64_t) { return true; });
}

Gaussians Reader::decode(const Rectangle& rectangle) const {
    // Tiles depend on the raster that is drawn, so what they add to a support is not known here.
    if (description().blending.support == Support::tile16) return decode();
    return state_->decode([&](std::int64_t part) {
        return part == 0 || sees(state_->layout->grid(part), static_cast<double>(state_->index[part].reach), rectangle);
    });
}

std::uint64_t Reader::bytes_read() const { return state_->bytes_read; }

}  // namespace gsfit::codec
