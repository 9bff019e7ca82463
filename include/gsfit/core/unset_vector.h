#pragma once

#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace gsfit {

/// Leaves the numbers of new elements unset, where std::allocator makes them 0.
template <class T>
class UnsetAllocator : public std::allocator<T> {
public:
    template <class U>
    struct rebind {  // NOLINT(readability-identifier-naming): the standard's name
        using other = UnsetAllocator<U>;
    };

    template <class U, class... Arguments>
    void construct(U* place, Arguments&&... arguments) {
        if constexpr (sizeof...(Arguments) == 0) {
            ::new (static_cast<void*>(place)) U;
        } else {
            ::new (static_cast<void*>(place)) U(std::forward<Arguments>(arguments)...);
        }
    }
};

/// A vector whose resize() does not touch the memory that it adds.
template <class T>
using UnsetVector = std::vector<T, UnsetAllocator<T>>;

}  // namespace gsfit
