#include "record/frame_store.h"

#include <system_error>
#include <utility>

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "record/frame_files.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;

class FramesInFolder : public FrameStore {
public:
    FramesInFolder(fs::path run_folder, std::int64_t reserve, const std::vector<std::byte>& target)
        : run_folder_(std::move(run_folder)), reserve_(reserve) {
        gsfit::create_directories(frames_folder(run_folder_));
        check_space(target.size());
        write_frames_target(run_folder_, target);
    }

    void add(const Frame& frame, std::vector<std::byte> jpeg) override {
        check_space(jpeg.size());
        write_frame(run_folder_, frame, jpeg);
    }

    [[nodiscard]] RecordedFrames recorded() const override { return frames_on_disk(run_folder_); }

private:
    void check_space(std::size_t bytes) const {
        std::error_code unknown;  // then the write tells
        const std::uintmax_t available = fs::space(run_folder_, unknown).available;
        if (!unknown && available < bytes + static_cast<std::uintmax_t>(reserve_)) {
            throw OutputError("only " + std::to_string(available / 1'000'000) + " MB are free at '" +
                              run_folder_.string() + "', which the run's other files need; free some");
        }
    }

    fs::path run_folder_;
    std::int64_t reserve_;
};

class FramesInMemory : public FrameStore {
public:
    FramesInMemory(std::int64_t iterations, std::int64_t bound, std::vector<std::byte> target)
        : iterations_(iterations), bound_(static_cast<std::size_t>(bound)), target_(std::move(target)) {}

    void add(const Frame& frame, std::vector<std::byte> jpeg) override {
        const std::scoped_lock lock(mutex_);
        bytes_ += jpeg.size();
        keep_every(every_);  // the newest may be out of turn: the end, or drawn before the others of its kind went
        while (bytes_ > bound_ && frames_.size() > 1) keep_every(2 * every_);
        frames_.emplace(frame.step, Held{frame, std::make_shared<const std::vector<std::byte>>(std::move(jpeg))});
    }

    [[nodiscard]] RecordedFrames recorded() const override {
        const std::scoped_lock lock(mutex_);
        RecordedFrames recorded;
        std::vector<Jpeg> jpegs;
        for (const auto& [step, held] : frames_) {
            recorded.frames.push_back(held.frame);
            jpegs.push_back(held.jpeg);
        }
        recorded.jpeg = [jpegs](std::size_t frame) { return *jpegs.at(frame); };
        recorded.target = target_;
        return recorded;
    }

    [[nodiscard]] std::int64_t every() const override { return every_; }

private:
    using Jpeg = std::shared_ptr<const std::vector<std::byte>>;
    struct Held {
        Frame frame;
        Jpeg jpeg;
    };

    void keep_every(std::int64_t every) {
        every_ = every;
        std::erase_if(frames_, [&](const auto& entry) {
            if (entry.first % (iterations_ * every) == 0) return false;
            bytes_ -= entry.second.jpeg->size();
            return true;
        });
    }

    std::int64_t iterations_;
    std::size_t bound_;
    std::vector<std::byte> target_;
    mutable std::mutex mutex_;
    std::map<std::int64_t, Held> frames_;  // by step
    std::size_t bytes_ = 0;
    std::atomic<std::int64_t> every_ = 1;
};

}  // namespace

std::unique_ptr<FrameStore> frames_in_folder(const fs::path& run_folder, std::int64_t reserve,
                                             const std::vector<std::byte>& target) {
    return std::make_unique<FramesInFolder>(run_folder, reserve, target);
}

std::unique_ptr<FrameStore> frames_in_memory(std::int64_t iterations, std::int64_t bound,
                                             std::vector<std::byte> target) {
    return std::make_unique<FramesInMemory>(iterations, bound, std::move(target));
}

}  // namespace gsfit
