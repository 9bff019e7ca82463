// Receives the calls that -fsanitize=thread plants in a kernel file, in place of the library that the option would
// link. Neither this file nor the engine is compiled with the option.

#include <cstddef>

#include "simt/race.h"

#define CODE __builtin_return_address(0)

#define SIMT_PLAIN(kind, write, bytes)                                                 \
    void __tsan_##kind##bytes(void* p) { simt::access(p, bytes, write, false, CODE); } \
    void __tsan_unaligned_##kind##bytes(void* p) { simt::access(p, bytes, write, false, CODE); }

#define SIMT_PLAIN_OF(bytes)       \
    SIMT_PLAIN(read, false, bytes) \
    SIMT_PLAIN(write, true, bytes)

#define SIMT_MODIFY(bits, T, name, builtin)              \
    T __tsan_atomic##bits##_##name(T* p, T value, int) { \
        simt::access(p, sizeof(T), true, true, CODE);    \
        return builtin(p, value, __ATOMIC_RELAXED);      \
    }

// GCC calls the compare_exchange that C++ has, Clang one that returns the old value.
#define SIMT_ATOMICS(bits, T)                                                                              \
    T __tsan_atomic##bits##_load(const T* p, int) {                                                        \
        simt::access(p, sizeof(T), false, true, CODE);                                                     \
        return __atomic_load_n(p, __ATOMIC_RELAXED);                                                       \
    }                                                                                                      \
    void __tsan_atomic##bits##_store(T* p, T value, int) {                                                 \
        simt::access(p, sizeof(T), true, true, CODE);                                                      \
        __atomic_store_n(p, value, __ATOMIC_RELAXED);                                                      \
    }                                                                                                      \
    bool __tsan_atomic##bits##_compare_exchange_strong(T* p, T* expected, T value, int, int) {             \
        simt::access(p, sizeof(T), true, true, CODE);                                                      \
        return __atomic_compare_exchange_n(p, expected, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED); \
    }                                                                                                      \
    T __tsan_atomic##bits##_compare_exchange_val(T* p, T expected, T value, int, int) {                    \
        simt::access(p, sizeof(T), true, true, CODE);                                                      \
        __atomic_compare_exchange_n(p, &expected, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);       \
        return expected;                                                                                   \
    }                                                                                                      \
    SIMT_MODIFY(bits, T, exchange, __atomic_exchange_n)                                                    \
    SIMT_MODIFY(bits, T, fetch_add, __atomic_fetch_add)                                                    \
    SIMT_MODIFY(bits, T, fetch_or, __atomic_fetch_or)                                                      \
    SIMT_MODIFY(bits, T, fetch_and, __atomic_fetch_and)

extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_read_range(void* p, std::size_t bytes) { simt::access(p, bytes, false, false, CODE); }
void __tsan_write_range(void* p, std::size_t bytes) { simt::access(p, bytes, true, false, CODE); }

SIMT_PLAIN_OF(1)
SIMT_PLAIN_OF(2)
SIMT_PLAIN_OF(4)
SIMT_PLAIN_OF(8)
SIMT_PLAIN_OF(16)

SIMT_ATOMICS(32, unsigned)
SIMT_ATOMICS(64, unsigned long long)

}  // extern "C"
