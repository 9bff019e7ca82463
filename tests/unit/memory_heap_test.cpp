#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "gsfit/core/device_bad_alloc.h"
#include "gsfit/memory.h"

namespace gsfit {
namespace {

constexpr std::int64_t mib = 1 << 20;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

/// Pages that the kernel had to bring.
long faults() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

/// Blocks of memory that are written to, and freed again.
void use_at_once(int count, std::int64_t bytes) {
    std::vector<std::unique_ptr<char[]>> blocks;
    for (int i = 0; i < count; ++i) {
        blocks.emplace_back(new char[static_cast<std::size_t>(bytes)]);
        std::memset(blocks.back().get(), 1, static_cast<std::size_t>(bytes));
        asm volatile("" : : "r"(blocks.back().get()) : "memory");
    }
}

TEST(Heap, KeepsFreedMemoryUntilToldToReleaseIt) {
    if (sanitized) GTEST_SKIP() << "sanitizers bring a heap of their own";
    keep_freed_memory();
    use_at_once(12, 3 * mib);
    const std::int64_t kept = resident_memory();
    const long before = faults();
    for (int i = 0; i < 10; ++i) use_at_once(12, 3 * mib);
    EXPECT_LT(faults() - before, 1000) << "a block of 3 MiB has 768 pages";
    release_free_memory();
    EXPECT_LT(resident_memory(), kept - 30 * mib);
}

TEST(Heap, KeepsNoLargeBlocks) {
    if (sanitized) GTEST_SKIP() << "sanitizers bring a heap of their own";
    keep_freed_memory();
    const std::int64_t before = resident_memory();
    use_at_once(4, 50 * mib);
    EXPECT_LT(resident_memory(), before + 20 * mib);
}

/// In a process of its own: what it sets stays set.
TEST(HeapDeathTest, ReservesMemory) {
    if (sanitized) GTEST_SKIP() << "sanitizers bring a heap of their own";
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_EXIT(
        {
            reserve_memory(400 * mib);
            const std::int64_t reserved = resident_memory();
            const long before = faults();
            for (int i = 0; i < 3; ++i) use_at_once(1, 390 * mib);
            for (int i = 0; i < 100; ++i) use_at_once(1, 3 * mib);
            const bool served = reserved > 400 * mib && faults() - before < 1000 && resident_memory() >= reserved - mib;
            std::exit(served ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
}

TEST(Heap, ReservesNoMoreThanThereIs) {
    EXPECT_THROW(reserve_memory(host_memory().available + 1024 * mib), std::bad_alloc);
    EXPECT_THROW(reserve_memory(std::numeric_limits<std::int64_t>::max()), std::bad_alloc);
}

TEST(OutOfMemory, IsKnownByItsErrors) {
    EXPECT_EQ(exhausted_memory(std::bad_alloc()), Memory::host);
    EXPECT_EQ(exhausted_memory(std::bad_array_new_length()), Memory::host);
    EXPECT_EQ(exhausted_memory(std::system_error(std::make_error_code(std::errc::not_enough_memory))), Memory::host);
    EXPECT_EQ(exhausted_memory(c10::OutOfMemoryError({"f", "f.cpp", 1}, "CUDA out of memory")), Memory::device);
    EXPECT_EQ(exhausted_memory(DeviceBadAlloc()), Memory::device);
    EXPECT_EQ(exhausted_memory(std::runtime_error("CUDA error: out of memory, and more")), Memory::device);
    EXPECT_FALSE(is_out_of_memory(std::system_error(std::make_error_code(std::errc::no_space_on_device))));
    EXPECT_FALSE(is_out_of_memory(std::runtime_error("no such file")));
}

TEST(OutOfMemory, IsKnownWhenTensorsDoNotFit) {
    if (sanitized) GTEST_SKIP() << "sanitizers bring a heap of their own";
    try {
        c10::GetCPUAllocator()->allocate(std::size_t{1} << 60);
        FAIL() << "no machine has 1 EiB";
    } catch (const std::exception& error) {
        EXPECT_EQ(exhausted_memory(error), Memory::host) << error.what();
    }
}

}  // namespace
}  // namespace gsfit
