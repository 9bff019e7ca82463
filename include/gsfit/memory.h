#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace gsfit {

struct HostMemory {
    std::int64_t resident = 0;   ///< of this process [bytes]
    std::int64_t available = 0;  ///< what it could take on top of that [bytes]
};

/// What this process holds, and what it could take on top of that: the least of the machine's MemAvailable, what the
/// memory limits of its control groups (v1 and v2, each up to the root) leave when inactive page cache is dropped, and
/// what RLIMIT_AS and RLIMIT_DATA leave. A limit that cannot be read is none; the greatest std::int64_t where nothing
/// limits. root: the folder that holds proc and sys.
HostMemory host_memory(const std::filesystem::path& root = "/");

/// What this process holds [bytes]; 0 where the system does not tell. Needs no memory itself.
std::int64_t resident_memory() noexcept;

enum class Memory { host, device };

/// The memory that ran out, if that is what an error tells.
std::optional<Memory> exhausted_memory(const std::exception& error);

inline bool is_out_of_memory(const std::exception& error) { return exhausted_memory(error).has_value(); }

/// Lets the heap keep freed blocks of up to 4 MiB, and 64 MiB at its end: a step's smaller buffers would otherwise be
/// mapped, and zeroed by the kernel, in every step anew. Larger blocks, the images, are mapped one by one and gone when
/// they are freed: in the heap they leave holes that the next one does not fit into. For the start of a program.
void keep_freed_memory();

/// Gives freed memory that the heap keeps back to the system; what reserve_memory() took as well.
void release_free_memory();

/// Takes `bytes` from the system, touches them, and leaves them to the heap, which gives nothing back from then on:
/// later allocations, of any size and from any thread that has no heap of its own yet, are served from them. Throws
/// std::bad_alloc when so many are not there.
void reserve_memory(std::int64_t bytes);

/// Samples what this process holds, ten times a second, on a thread of its own.
class Governor {
public:
    enum class Level { ok, warning, critical };
    /// Levels begin at these resident bytes; 0: never.
    struct Thresholds {
        std::int64_t warning = 0;
        std::int64_t critical = 0;
    };
    /// Resident bytes. Called from the governor's thread and from those that call sample(); must not throw.
    using Source = std::function<std::int64_t()>;

    explicit Governor(const Thresholds& thresholds, Source source = resident_memory);
    ~Governor();
    Governor(const Governor&) = delete;
    Governor& operator=(const Governor&) = delete;

    /// Of the last sample. Any thread may ask, as often as it likes.
    [[nodiscard]] Level level() const { return level_of(resident()); }
    [[nodiscard]] std::int64_t resident() const { return resident_; }
    /// The most of all samples.
    [[nodiscard]] std::int64_t peak() const { return peak_; }
    /// Takes a sample now.
    Level sample();

private:
    [[nodiscard]] Level level_of(std::int64_t resident) const;
    void watch();

    const Thresholds thresholds_;
    const Source source_;
    std::atomic<std::int64_t> resident_{0};
    std::atomic<std::int64_t> peak_{0};
    std::mutex mutex_;
    std::condition_variable ending_;
    bool ended_ = false;
    std::thread thread_;
};

}  // namespace gsfit
