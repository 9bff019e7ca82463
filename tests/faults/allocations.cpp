// Allocates, for the test of the faults, in the way that its argument says; its exit code tells of those that failed.

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t small = 1 << 16;
constexpr std::size_t large = 1 << 20;

/// One allocation of each kind, of `large` bytes, with small ones between. Tells which failed: a bit each.
int failures() {
    void* volatile small_one = std::malloc(small);
    void* volatile malloced = std::malloc(large);
    void* volatile calloced = std::calloc(large / 8, 8);
    void* volatile resized = std::realloc(small_one, large);
    void* volatile positioned = nullptr;
    void* block = nullptr;
    if (posix_memalign(&block, 64, large) == 0) positioned = block;
    void* volatile aligned = std::aligned_alloc(64, large);
    void* volatile at_page = memalign(4096, large);
    int result = 0, bit = 0;
    for (void* const each : {malloced, calloced, resized, positioned, aligned, at_page}) {
        result |= (each == nullptr ? 1 : 0) << bit++;
        std::free(each);
    }
    if (resized == nullptr) std::free(small_one);
    return result;
}

/// The number of large blocks that four threads could not get.
int failures_of_threads() {
    std::atomic<int> failed = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&failed] {
            for (int k = 0; k < 250; ++k) {
                void* volatile block = std::malloc(large);
                failed += block == nullptr ? 1 : 0;
                std::free(block);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    return failed;
}

}  // namespace

int main(int argc, char** argv) {
    return argc == 2 && std::string_view(argv[1]) == "in_threads" ? failures_of_threads() : failures();
}
