// A thread that encodes and stores frames, fed through a bounded queue.

#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "gsfit/core/picture.h"
#include "record/frame_store.h"

namespace gsfit {

class FrameWriter {
public:
    FrameWriter(std::unique_ptr<FrameStore> store, std::size_t queue);
    FrameWriter(const FrameWriter&) = delete;
    FrameWriter& operator=(const FrameWriter&) = delete;
    /// What waits is written first.
    ~FrameWriter();

    /// Waits while the queue is full. After a failure frames are let go.
    void push(const Frame& frame, Picture picture);
    /// Returns when nothing waits.
    void drain();
    /// The sentence of the error that ended the writing, once.
    std::optional<std::string> take_failure();

    [[nodiscard]] const FrameStore& store() const { return *store_; }

private:
    struct Job {
        Frame frame;
        Picture picture;
    };

    void work();
    void write(const Job& job);

    std::unique_ptr<FrameStore> store_;
    std::size_t limit_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> queue_;  // the first one is being written
    bool closed_ = false;
    bool failed_ = false;
    std::optional<std::string> failure_;
    std::thread thread_;
};

}  // namespace gsfit
