// Receives the calls that -fsanitize=thread plants in a kernel file, in place of the library that the option would
// link, and finds the races of a launch. What orders two accesses: the order within a thread, the block's barriers,
// __syncwarp, the launch. Nothing else does, whatever order the engine ran them in. Neither this file nor the engine is
// compiled with the option.

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <unordered_map>

#include "simt/scheduler.h"
#include "simt/shared_memory.h"

namespace simt {
namespace {

struct Access {
    unsigned launch;  ///< 0: none
    unsigned block;
    unsigned epoch;
    unsigned clock;  ///< of the thread
    void* code;
    std::uint16_t thread;
    bool atomic;
};

/// What is remembered of a place in memory. Two of a kind suffice where they come from two warps: nobody is ordered
/// with both.
struct Cell {
    std::array<Access, 2> writes, reads;
};

/// Four bytes have one cell, until one of them is accessed without the others.
struct Word {
    Cell whole;
    std::unique_ptr<std::array<Cell, 4>> bytes;
};

constexpr std::uintptr_t page_bytes = 4096;
using Page = std::array<Word, page_bytes / 4>;

std::unordered_map<std::uintptr_t, std::unique_ptr<Page>> pages;

/// known[t][lane]: accesses of that lane at a lower clock come before those of thread t, in the same warp and epoch. It
/// goes on from block to block, for records of others are not held to it.
using Clocks = std::array<unsigned, warp_size>;
std::array<Clocks, max_warps * warp_size> known;

unsigned& clock_of(unsigned thread) { return known[thread][thread % warp_size]; }

void join_clocks(const Warp& warp, unsigned lanes) {
    const unsigned first = warp.number * warp_size;
    Clocks joined{};
    for (unsigned rest = lanes; rest != 0; rest &= rest - 1) {
        const unsigned thread = first + __builtin_ctz(rest);
        ++clock_of(thread);
        for (unsigned lane = 0; lane < warp_size; ++lane) joined[lane] = std::max(joined[lane], known[thread][lane]);
    }
    for (unsigned rest = lanes; rest != 0; rest &= rest - 1) known[first + __builtin_ctz(rest)] = joined;
}

[[maybe_unused]] const bool connected = [] {
    on_warp_sync = join_clocks;
    return true;
}();

/// Whether an earlier access comes before what the current thread does now.
bool ordered(const Access& earlier, bool shared) {
    if (earlier.launch != block.launch) return true;
    if (earlier.block != block.number) return shared;  // every block has shared memory of its own
    if (earlier.epoch != block.epoch || earlier.thread == current->number) return true;
    if (earlier.thread / warp_size != current->number / warp_size) return false;
    return known[current->number][earlier.thread % warp_size] > earlier.clock;
}

/// Keeps accesses that are not ordered with the new one, if possible of two warps.
void remember(std::array<Access, 2>& kept, const Access& access, bool shared) {
    for (Access& earlier : kept) {
        if (ordered(earlier, shared)) {
            earlier = access;
            return;
        }
    }
    const auto warp = [](const Access& a) { return std::pair(a.block, a.thread / warp_size); };
    if (warp(kept[0]) == warp(kept[1])) kept[1] = access;
}

/// The line of a kernel file that an instruction comes from.
std::string line_of(void* code) {
    Dl_info module{};
    dladdr(code, &module);
    char command[1024];
    const auto offset = static_cast<char*>(code) - 1 - static_cast<char*>(module.dli_fbase);
    std::snprintf(command, sizeof command, "addr2line --inlines --exe '%s' 0x%tx", module.dli_fname, offset);
    std::FILE* const lines = popen(command, "r");
    if (!lines) return "an unknown line";
    char line[1024];
    std::string found = "an unknown line (is addr2line installed?)";
    while (std::fgets(line, sizeof line, lines)) {
        found = line;
        found.erase(std::min(found.find(" (discriminator"), found.find_last_not_of("\n") + 1));
        if (found.find("/simt/atomics.h:") == std::string::npos) break;
    }
    pclose(lines);
    return found;
}

std::string describe(const Access& access, bool write) {
    return std::string(access.atomic ? "an atomic " : "a ") + (write ? "write" : "read") + " at " +
           line_of(access.code) + " by thread " + std::to_string(access.thread) + " of block " +
           std::to_string(access.block);
}

[[noreturn]] void report(const Access& now, bool now_writes, const Access& earlier, bool earlier_writes) {
    note_finding(*current, "Race: " + describe(now, now_writes) + " and " + describe(earlier, earlier_writes) +
                               " reach the same memory, and nothing orders them.");
    abandon_block();
}

void check(Cell& cell, const Access& now, bool write, bool shared) {
    const auto conflicts = [&](const Access& earlier) {
        return !(now.atomic && earlier.atomic) && !ordered(earlier, shared);
    };
    for (const Access& earlier : cell.writes) {
        if (conflicts(earlier)) report(now, write, earlier, true);
    }
    for (const Access& earlier : cell.reads) {
        if (write && conflicts(earlier)) report(now, write, earlier, false);
    }
    remember(write ? cell.writes : cell.reads, now, shared);
}

Word& word_at(std::uintptr_t address) {
    static std::uintptr_t last_number = 0;  // consecutive accesses are near each other
    static Page* last = nullptr;
    if (!last || address / page_bytes != last_number) {
        last_number = address / page_bytes;
        auto& page = pages[last_number];
        if (!page) page = std::make_unique<Page>();
        last = page.get();
    }
    return (*last)[address % page_bytes / 4];
}

}  // namespace

void access(const void* memory, std::size_t bytes, bool write, bool atomic, void* code) {
    if (!current || current->fiber->holds(memory)) return;
    const bool shared = is_shared(memory);
    const Access now{block.launch, block.number,
                     block.epoch,  clock_of(current->number),
                     code,         static_cast<std::uint16_t>(current->number),
                     atomic};
    auto at = reinterpret_cast<std::uintptr_t>(memory);
    for (const auto end = at + bytes; at < end;) {
        Word& word = word_at(at);
        if (at % 4 == 0 && end - at >= 4 && !word.bytes) {
            check(word.whole, now, write, shared);
            at += 4;
            continue;
        }
        if (!word.bytes) {
            word.bytes = std::make_unique<std::array<Cell, 4>>();
            word.bytes->fill(word.whole);
        }
        check((*word.bytes)[at % 4], now, write, shared);
        ++at;
    }
}

}  // namespace simt
