// The reader of compact files takes any bytes: it refuses them with an InputError or decodes them.

#include <cstdint>
#include <cstring>

#include "fuzz/checksums.h"
#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"

namespace codec = gsfit::codec;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    gsfit::set_threads(1);  // others would mostly wait, and be traced while they do
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = std::as_bytes(std::span(data, size));
    const std::vector<std::byte> file = codec::with_checksums({input.begin(), input.end()});
    try {
        const codec::Reader reader(
            [&](std::uint64_t offset, std::span<std::byte> target) {
                std::memcpy(target.data(), file.data() + offset, target.size());
                return target.size();
            },
            file.size(), "input");
        constexpr std::int64_t most_gaussians = 500;  // more only cost time
        if (reader.size() > most_gaussians) return 0;
        static_cast<void>(reader.decode({10, 10, 20, 20}));
        static_cast<void>(reader.decode());
    } catch (const gsfit::InputError&) {  // that is what it is for
    }
    return 0;
}
