// The safetensors reader takes any bytes: it refuses them with an InputError, or what it returns can be written, read
// and written again as the same bytes.

#include <cstdint>
#include <cstdlib>
#include <optional>

#include "checkpoint/safetensors.h"
#include "gsfit/core/error.h"

namespace st = gsfit::safetensors;

namespace {

std::optional<st::File> read_or_refuse(std::span<const std::byte> bytes) {
    try {
        return st::read(bytes, "input");
    } catch (const gsfit::InputError&) {
        return std::nullopt;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (const auto file = read_or_refuse(std::as_bytes(std::span(data, size)))) {
        const std::vector<std::byte> written = st::write(*file);
        if (st::write(st::read(written, "written")) != written) std::abort();
    }
    return 0;
}
