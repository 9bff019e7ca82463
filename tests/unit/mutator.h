#pragma once

#include <cstddef>
#include <random>
#include <vector>

namespace gsfit {

/// Damages bytes in one to four places: changed, dropped, doubled. The same sequence every time.
class Mutator {
public:
    std::vector<std::byte> operator()(std::vector<std::byte> bytes) {
        for (std::size_t count = 1 + below(4); count > 0; --count) {
            const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size()));
            switch (below(4)) {
                case 0:
                    *place = static_cast<std::byte>(below(256));
                    break;
                case 1:
                    *place ^= static_cast<std::byte>(1U << below(8));
                    break;
                case 2:
                    bytes.erase(place);
                    break;
                default:
                    bytes.insert(place, bytes[below(bytes.size())]);
            }
        }
        return bytes;
    }

private:
    std::size_t below(std::size_t limit) { return random_() % limit; }

    std::mt19937 random_{7};
};

}  // namespace gsfit
