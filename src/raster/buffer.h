#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace gsfit {

/// Memory that is kept, grows and is never cleared. What it held is gone when it grows.
template <class T>
class Buffer {
public:
    T* reserve(std::size_t count) {
        if (count > capacity_) {
            release();  // before the new memory is asked for: nothing of the old is needed
            const std::size_t grown = grown_to(count);
            data_.reset(static_cast<T*>(::operator new (grown * sizeof(T), std::align_val_t{64})));
            capacity_ = grown;
        }
        return data_.get();
    }
    void release() {
        capacity_ = 0;
        data_.reset();
    }
    [[nodiscard]] T* data() const { return data_.get(); }

    /// An eighth more than asked for, so that slow growth does not mean new memory at every step.
    static constexpr std::size_t grown_to(std::size_t count) { return count + count / 8; }

private:
    struct Free {
        void operator()(T* memory) const { ::operator delete (memory, std::align_val_t{64}); }
    };
    std::unique_ptr<T, Free> data_;
    std::size_t capacity_ = 0;
};

}  // namespace gsfit
