#include "report/format.h"

#include <array>
#include <cmath>

#include "gsfit/core/format.h"

namespace gsfit {

std::string bytes_text(double bytes) {
    static constexpr std::array units{"bytes", "kB", "MB", "GB", "TB", "PB"};
    std::size_t unit = 0;
    for (; bytes >= 999.5 && unit + 1 < units.size(); ++unit) bytes /= 1000;
    const int decimals = unit == 0 || bytes >= 99.95 ? 0 : bytes >= 9.995 ? 1 : 2;
    return decimal(bytes, decimals) + " " + units[unit];
}

std::string duration_text(double seconds) {
    if (seconds < 60) return decimal(seconds, seconds < 10 ? 2 : 1) + " s";
    const double small = std::floor(seconds < 3600 ? seconds : seconds / 60);  // seconds or minutes
    const std::string rest = decimal(std::fmod(small, 60), 0);
    return grouped(std::floor(small / 60)) + ":" + (rest.size() < 2 ? "0" : "") + rest +
           (seconds < 3600 ? " min" : " h");
}

}  // namespace gsfit
