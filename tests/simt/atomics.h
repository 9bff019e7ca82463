// Atomics on whole numbers, by the compiler's builtins: those are what a race receiver is told of. They must be
// inlined, or the linker might take the copy of a file that is compiled without that.
#pragma once

#include <type_traits>

#define SIMT_ATOMIC    \
    template <class T> \
    [[gnu::always_inline]] inline T

namespace simt {

/// The parameter's type comes from the address alone, as in CUDA's overloads.
template <class T>
using Operand = std::common_type_t<T>;

template <class T>
constexpr bool is_atomic =
    std::is_same_v<T, int> || std::is_same_v<T, unsigned> || std::is_same_v<T, unsigned long long>;

SIMT_ATOMIC atomic_extreme(T* at, T value, bool is_better(T, T)) {
    T old = __atomic_load_n(at, __ATOMIC_RELAXED);
    while (is_better(value, old) &&
           !__atomic_compare_exchange_n(at, &old, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    return old;
}

}  // namespace simt

SIMT_ATOMIC atomicAdd(T* at, simt::Operand<T> value) {
    static_assert(simt::is_atomic<T>, "Sums of floats would depend on the order.");
    return __atomic_fetch_add(at, value, __ATOMIC_RELAXED);
}
SIMT_ATOMIC atomicOr(T* at, simt::Operand<T> value) {
    static_assert(simt::is_atomic<T>);
    return __atomic_fetch_or(at, value, __ATOMIC_RELAXED);
}
SIMT_ATOMIC atomicAnd(T* at, simt::Operand<T> value) {
    static_assert(simt::is_atomic<T>);
    return __atomic_fetch_and(at, value, __ATOMIC_RELAXED);
}
SIMT_ATOMIC atomicExch(T* at, simt::Operand<T> value) {
    static_assert(simt::is_atomic<T>);
    return __atomic_exchange_n(at, value, __ATOMIC_RELAXED);
}
SIMT_ATOMIC atomicCAS(T* at, simt::Operand<T> expected, simt::Operand<T> value) {
    static_assert(simt::is_atomic<T>);
    __atomic_compare_exchange_n(at, &expected, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return expected;
}
SIMT_ATOMIC atomicMin(T* at, simt::Operand<T> value) {
    static_assert(simt::is_atomic<T>);
    return simt::atomic_extreme<T>(at, value, [](T a, T b) { return a < b; });
}
SIMT_ATOMIC atomicMax(T* at, simt::Operand<T> value) {
    static_assert(simt::is_atomic<T>);
    return simt::atomic_extreme<T>(at, value, [](T a, T b) { return a > b; });
}

#undef SIMT_ATOMIC
