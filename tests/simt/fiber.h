// A stack of its own, which code leaves in the middle and comes back to.
#pragma once

#include <cstddef>

namespace simt {

class Fiber {
public:
    /// The stack of the OS thread that makes it.
    Fiber();

    /// A new stack, on which the first switch calls `entry`; that never returns. `number` spreads stacks over the
    /// cache.
    Fiber(void (*entry)(), unsigned number);

    ~Fiber();
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    /// Leaves `from`, which is running, for `to`; returns when something switches back to `from`.
    static void switch_to(Fiber& from, Fiber& to);

    bool holds(const void* address) const;

private:
    void (*entry_)() = nullptr;
    void* context_ = nullptr;  ///< where it was left: its stack pointer, or a ucontext_t
    unsigned char* mapping_ = nullptr;
    const void* stack_ = nullptr;
    std::size_t bytes_ = 0;
    void* fake_stack_ = nullptr;  ///< where AddressSanitizer keeps the locals of frames that are left in the middle
};

}  // namespace simt
