#pragma once

#include <cstdint>
#include <functional>

namespace gsfit {

/// Threads that parallel_for uses, the calling one included; 0 means all cores of the machine. The calling thread takes
/// denormal numbers for 0 from then on. Not to be called while a parallel_for is running.
void set_threads(int count);
int threads();

/// Calls body(i) for every i in [0, count), on the calling thread and the pool's; returns when all are done.
/// Indices are handed out in order, one at a time, so a body should be worth at least some microseconds.
/// The first exception thrown by a body is rethrown here after the others have stopped.
/// A parallel_for inside a body runs on the thread that calls it, and so does one beside that of another thread.
void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& body);

/// The same over ranges: body(begin, end) with at most `grain` indices each.
void parallel_ranges(std::int64_t count, std::int64_t grain,
                     const std::function<void(std::int64_t, std::int64_t)>& body);

/// While it lives the calling thread takes denormal numbers for 0: for threads that are not the program's own.
class FlushedDenormals {
public:
    FlushedDenormals();
    FlushedDenormals(const FlushedDenormals&) = delete;
    FlushedDenormals& operator=(const FlushedDenormals&) = delete;
    ~FlushedDenormals();

private:
    unsigned mode_;
};

}  // namespace gsfit
