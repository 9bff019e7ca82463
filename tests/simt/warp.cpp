#include "simt/scheduler.h"

namespace simt {

void (*on_warp_sync)(const Warp& warp, unsigned lanes) = nullptr;

namespace {

/// The first lane of `lanes`, which is taken out of them.
unsigned take_lane(unsigned& lanes) {
    const unsigned lane = __builtin_ctz(lanes);
    lanes &= lanes - 1;
    return lane;
}

void give_results(const Meeting& meeting, Warp& warp) {
    std::uint64_t votes = 0;
    for (unsigned lanes = meeting.arrived; lanes != 0;) {
        const unsigned lane = take_lane(lanes);
        if (thread_of(warp, lane).value != 0) votes |= 1u << lane;
    }
    for (unsigned lanes = meeting.arrived; lanes != 0;) {
        Thread& thread = thread_of(warp, take_lane(lanes));
        if (meeting.kind != Exchange::shuffle) {
            thread.result = votes;
        } else if (meeting.arrived >> thread.source & 1) {
            thread.result = thread_of(warp, thread.source).value;
        } else {
            fail(thread, meeting.name, " at ", meeting.at, " reads lane ", thread.source,
                 ", which does not take part.");
        }
    }
}

/// Lets the lanes go on if all of them have come that still can.
void close_if_complete(Warp& warp, unsigned index) {
    if (warp.meetings[index].arrived != (warp.meetings[index].mask & warp.alive)) return;
    const Meeting meeting = warp.meetings[index];
    warp.meetings[index] = warp.meetings[--warp.meeting_count];
    give_results(meeting, warp);
    if (meeting.kind == Exchange::sync && on_warp_sync) on_warp_sync(warp, meeting.arrived);
    make_ready(warp, meeting.arrived);
}

/// The place in warp.meetings of the one with this mask. Masks may overlap: a lane that one meeting waits for may first
/// finish another with fewer lanes. Where they never end, the deadlock is found.
unsigned meeting_of(Warp& warp, const Meeting& wanted) {
    for (unsigned i = 0; i < warp.meeting_count; ++i) {
        const Meeting& open = warp.meetings[i];
        if (open.mask != wanted.mask) continue;
        if (open.kind == wanted.kind && open.at == wanted.at) return i;
        fail(*current, wanted.name, " at ", wanted.at, ", but other lanes wait in ", open.name, " at ", open.at,
             ": the warp has diverged.");
    }
    warp.meetings[warp.meeting_count] = wanted;
    return warp.meeting_count++;
}

}  // namespace

int lane() { return static_cast<int>(lane_of(*current)); }

std::uint64_t warp_exchange(Exchange kind, const char* name, unsigned mask, std::uint64_t value, int source, Site at) {
    Thread& me = *current;
    Warp& warp = warp_of(me);
    const unsigned bit = 1u << lane_of(me);
    if ((mask & bit) == 0) {
        fail(me, name, " at ", at, ": the mask lacks the calling lane ", lane_of(me), ".");
    }
    me.value = value;
    me.source = source;
    const unsigned index = meeting_of(warp, {kind, name, at, mask, 0});
    warp.meetings[index].arrived |= bit;
    close_if_complete(warp, index);
    wait(name, at);
    return me.result;
}

void leave_warp() {
    Warp& warp = warp_of(*current);
    warp.alive &= ~(1u << lane_of(*current));
    for (unsigned i = warp.meeting_count; i-- > 0;) close_if_complete(warp, i);
}

}  // namespace simt
