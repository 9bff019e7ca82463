#include "record/frame_writer.h"

#include <exception>
#include <utility>

#include "gsfit/image/pictures.h"

namespace gsfit {

FrameWriter::FrameWriter(std::unique_ptr<FrameStore> store, std::size_t queue)
    : store_(std::move(store)), limit_(queue), thread_([this] { work(); }) {}

FrameWriter::~FrameWriter() {
    {
        const std::scoped_lock lock(mutex_);
        closed_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void FrameWriter::push(const Frame& frame, Picture picture) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return queue_.size() < limit_; });
    if (failed_) return;
    queue_.push_back({frame, std::move(picture)});
    changed_.notify_all();
}

void FrameWriter::drain() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return queue_.empty(); });
}

std::optional<std::string> FrameWriter::take_failure() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(failure_, std::nullopt);
}

void FrameWriter::work() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return closed_ || !queue_.empty(); });
        if (queue_.empty()) return;
        if (!failed_) {
            const Job& job = queue_.front();  // stays in its place while others are added behind it
            lock.unlock();
            std::optional<std::string> failure;
            try {
                write(job);
            } catch (const std::exception& error) {
                failure = error.what();
            }
            lock.lock();
            failed_ = failure.has_value();
            failure_ = std::move(failure);
        }
        queue_.pop_front();
        changed_.notify_all();
    }
}

void FrameWriter::write(const Job& job) { store_->add(job.frame, encode_jpeg(job.picture)); }

}  // namespace gsfit
