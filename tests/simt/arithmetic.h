// CUDA's arithmetic on a host. Transcendental functions are the C library's: they differ from the device's by a few
// ulp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

using std::isfinite;
using std::isnan;
using std::max;
using std::min;

namespace simt {

template <class To, class From>
To bits_as(From from) {
    static_assert(sizeof(To) == sizeof(From));
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
}

inline float load_half(const std::uint16_t* from) {
    const std::uint32_t sign = (*from & 0x8000u) << 16;
    const std::uint32_t magnitude = *from & 0x7fffu;
    if (magnitude < 0x0400) {  // subnormal: a multiple of 2^-24
        return bits_as<float>(sign | bits_as<std::uint32_t>(static_cast<float>(magnitude) * 0x1p-24f));
    }
    const std::uint32_t rebias = magnitude < 0x7c00 ? (127 - 15) << 23 : (255 - 31) << 23;
    return bits_as<float>(sign | ((magnitude << 13) + rebias));
}

inline void store_half(float value, std::uint16_t* to) {
    const auto bits = bits_as<std::uint32_t>(value);
    const std::uint32_t sign = bits >> 16 & 0x8000u;
    std::uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) {
        magnitude = 0x7fff;  // the NaN that the device writes
    } else if (magnitude >= bits_as<std::uint32_t>(65536.f)) {
        magnitude = 0x7c00;
    } else if (magnitude < bits_as<std::uint32_t>(0x1p-14f)) {
        // Half an ulp of 0.5f is half an ulp of a subnormal half: the sum is rounded as is wanted.
        magnitude = bits_as<std::uint32_t>(bits_as<float>(magnitude) + 0.5f) - bits_as<std::uint32_t>(0.5f);
    } else {
        magnitude -= (127 - 15) << 23;
        magnitude = (magnitude + 0xfff + (magnitude >> 13 & 1)) >> 13;  // a carry into the exponent is right as it is
    }
    *to = static_cast<std::uint16_t>(sign | magnitude);
}

inline float exp2(float x) { return ::exp2f(x); }

}  // namespace simt

inline void sincospif(float x, float* sine, float* cosine) {
    const double angle = 3.14159265358979323846 * std::remainder(static_cast<double>(x), 2.0);
    *sine = static_cast<float>(std::sin(angle));
    *cosine = static_cast<float>(std::cos(angle));
}
inline float rsqrtf(float x) { return 1.f / sqrtf(x); }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __frcp_rn(float x) { return 1.f / x; }
inline float __fdividef(float a, float b) { return a / b; }
inline float __expf(float x) { return expf(x); }
inline float __logf(float x) { return logf(x); }
inline float __saturatef(float x) { return x > 0.f ? min(x, 1.f) : 0.f; }  // NaN becomes 0

inline int __float_as_int(float x) { return simt::bits_as<int>(x); }
inline unsigned __float_as_uint(float x) { return simt::bits_as<unsigned>(x); }
inline float __int_as_float(int bits) { return simt::bits_as<float>(bits); }
inline float __uint_as_float(unsigned bits) { return simt::bits_as<float>(bits); }

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }

template <class T>
T __ldg(const T* from) {
    return *from;
}
