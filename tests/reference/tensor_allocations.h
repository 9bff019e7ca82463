#pragma once

namespace gsfit::reference {

/// While one exists, the memory of new tensors comes from operator new, so that watch_allocations() sees it as well.
class WatchedTensors {
public:
    WatchedTensors();
    WatchedTensors(const WatchedTensors&) = delete;
    WatchedTensors& operator=(const WatchedTensors&) = delete;
    ~WatchedTensors();
};

}  // namespace gsfit::reference
