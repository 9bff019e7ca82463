#include "gsfit/core/parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "gsfit/core/error.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace gsfit {

namespace {

using Body = std::function<void(std::int64_t)>;

thread_local bool inside_parallel_for = false;

void pause() {
#if defined(__x86_64__)
    _mm_pause();
#endif
}

/// Weights far from a Gaussian are denormal; without this they cost hundreds of cycles each.
void flush_denormals() {
#if defined(__x86_64__)
    constexpr unsigned flush_to_zero = 0x8000;
    constexpr unsigned denormals_are_zero = 0x0040;
    _mm_setcsr(_mm_getcsr() | flush_to_zero | denormals_are_zero);
#endif
}

unsigned floating_point_mode() {
#if defined(__x86_64__)
    return _mm_getcsr();
#else
    return 0;
#endif
}

void set_floating_point_mode([[maybe_unused]] unsigned mode) {
#if defined(__x86_64__)
    _mm_setcsr(mode);
#endif
}

/// The calling thread and `size - 1` workers. A job's indices are handed out through one ticket, {job number, next
/// index}: a worker that comes late finds another job number or no index left and never touches a finished job.
/// Workers spin for some 50 microseconds before they sleep, since a training step is a handful of short jobs.
class Pool {
public:
    explicit Pool(int size) {
        try {
            for (int i = 1; i < size; ++i) workers_.emplace_back([this] { work(); });
        } catch (const std::system_error&) {
            stop();
            throw Error("this machine cannot start " + std::to_string(size) + " threads; ask for fewer with --threads");
        }
    }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool() { stop(); }

    [[nodiscard]] int size() const { return static_cast<int>(workers_.size()) + 1; }

    void run(std::int64_t count, const Body& body) {
        ticket_.store(closed(job_), std::memory_order_relaxed);
        done_.store(0, std::memory_order_relaxed);
        body_.store(&body, std::memory_order_release);
        count_.store(count, std::memory_order_release);
        ++job_;
        ticket_.store(job_ << index_bits, std::memory_order_seq_cst);
        if (sleeping_.load(std::memory_order_seq_cst) > 0) wake_all();
        take_part();
        while (done_.load(std::memory_order_acquire) < count) pause();
        if (failed_.exchange(false)) std::rethrow_exception(std::exchange(failure_, nullptr));
    }

private:
    static constexpr int index_bits = 40;
    static constexpr std::uint64_t index_mask = (std::uint64_t{1} << index_bits) - 1;
    static constexpr int spins = 2000;

    static std::uint64_t closed(std::uint64_t job) { return (job << index_bits) | index_mask; }

    void stop() {
        stop_ = true;
        wake_all();
        for (auto& worker : workers_) worker.join();
    }

    void take_part() {
        inside_parallel_for = true;
        for (;;) {
            std::uint64_t ticket = ticket_.load(std::memory_order_acquire);
            const auto index = static_cast<std::int64_t>(ticket & index_mask);
            if (index >= count_.load(std::memory_order_acquire)) break;
            const Body* body = body_.load(std::memory_order_acquire);
            if (!ticket_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel)) continue;
            if (!failed_.load(std::memory_order_relaxed)) call(*body, index);
            done_.fetch_add(1, std::memory_order_release);
        }
        inside_parallel_for = false;
    }

    void call(const Body& body, std::int64_t index) {
        try {
            body(index);
        } catch (...) {
            const std::lock_guard lock(mutex_);
            if (!failed_.exchange(true)) failure_ = std::current_exception();
        }
    }

    void work() {
        flush_denormals();
        std::uint64_t seen = 0;
        while (wait_for_job(seen)) take_part();
    }

    /// Returns when there is a job after `seen`; false when the pool ends.
    bool wait_for_job(std::uint64_t& seen) {
        const auto ready = [&] { return stop_ || ticket_.load(std::memory_order_seq_cst) >> index_bits != seen; };
        for (int i = 0; i < spins && !ready(); ++i) pause();
        if (!ready()) {
            std::unique_lock lock(mutex_);
            ++sleeping_;
            wake_.wait(lock, ready);
            --sleeping_;
        }
        seen = ticket_.load(std::memory_order_acquire) >> index_bits;
        return !stop_;
    }

    void wake_all() {
        { const std::lock_guard lock(mutex_); }
        wake_.notify_all();
    }

    std::atomic<std::uint64_t> ticket_{index_mask};
    std::atomic<std::int64_t> count_{0};
    std::atomic<std::int64_t> done_{0};
    std::atomic<const Body*> body_{nullptr};
    std::atomic<int> sleeping_{0};
    std::atomic<bool> failed_{false};
    std::atomic<bool> stop_{false};
    std::exception_ptr failure_;
    std::uint64_t job_ = 0;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<std::thread> workers_;
};

std::unique_ptr<Pool>& pool() {
    static std::unique_ptr<Pool> instance;
    return instance;
}

/// Whose the pool is.
std::mutex& turn() {
    static std::mutex mutex;
    return mutex;
}

}  // namespace

void set_threads(int count) {
    if (count <= 0) count = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    flush_denormals();
    pool().reset();
    pool() = std::make_unique<Pool>(count);
}

int threads() {
    if (!pool()) set_threads(0);
    return pool()->size();
}

FlushedDenormals::FlushedDenormals() : mode_(floating_point_mode()) { flush_denormals(); }

FlushedDenormals::~FlushedDenormals() { set_floating_point_mode(mode_); }

void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& body) {
    if (count > 1 && !inside_parallel_for) {
        const std::unique_lock ours(turn(), std::try_to_lock);
        if (ours && threads() > 1) {
            pool()->run(count, body);
            return;
        }
    }
    for (std::int64_t i = 0; i < count; ++i) body(i);
}

void parallel_ranges(std::int64_t count, std::int64_t grain,
                     const std::function<void(std::int64_t, std::int64_t)>& body) {
    parallel_for((count + grain - 1) / grain,
                 [&](std::int64_t i) { body(i * grain, std::min(count, (i + 1) * grain)); });
}

}  // namespace gsfit
