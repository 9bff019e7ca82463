#include "reference/tensor_allocations.h"

#include <c10/core/CPUAllocator.h>

#include <new>

namespace gsfit::reference {
namespace {

constexpr std::align_val_t alignment{64};

void release(void* memory) { ::operator delete(memory, alignment); }

class NewAllocator : public c10::Allocator {
public:
    c10::DataPtr allocate(std::size_t bytes) override {
        void* memory = ::operator new(bytes, alignment);
        return {memory, memory, release, c10::Device(c10::kCPU)};
    }
    [[nodiscard]] c10::DeleterFnPtr raw_deleter() const override { return release; }
    void copy_data(void* to, const void* from, std::size_t bytes) const override { default_copy_data(to, from, bytes); }
};

}  // namespace

WatchedTensors::WatchedTensors() {
    static NewAllocator allocator;
    c10::SetCPUAllocator(&allocator);
}

WatchedTensors::~WatchedTensors() { c10::SetCPUAllocator(c10::GetDefaultCPUAllocator()); }

}  // namespace gsfit::reference
