#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <limits>
#include <thread>

#include "gsfit/core/file.h"
#include "gsfit/record/frame_recorder.h"
#include "gsfit/render.h"
#include "record/frame_files.h"
#include "record/frame_writer.h"
#include "unit/temporary_directory.h"
#include "unit/train_states.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;
using Kind = TrainEvent::Kind;

/// An image of the size that example_state() fits, grey.
PackedImage example_image() { return PackedImage::copy(std::vector<std::uint8_t>(640 * 427 * 3, 90), 640, 427, 3); }

/// Three large bright Gaussians.
TrainState visible_state() {
    TrainState state = example_state();
    state.field.inv_scale = counting({3, 2}, 0.01F, 0.002F);
    state.field.feature = counting({3, 3}, 0.2F, 0.08F);
    return state;
}

/// A recorder, the run it listens to, and what it warns of.
struct Session {
    explicit Session(const fs::path& folder, const RecorderOptions& options = {.iterations = 10},
                     std::optional<std::int64_t> resumed_step = std::nullopt)
        : recorder(folder, options, example_image(), resumed_step,
                   [this](const std::string& sentence) { warnings.push_back(sentence); }) {}

    void tell(Kind kind, std::int64_t step, bool stopped = false) {
        TrainState state = visible_state();
        state.step = step;
        state.seconds = 0.5 * static_cast<double>(step);
        recorder(TrainEvent{.kind = kind,
                            .state = state,
                            .psnr = step > 0 ? std::optional(30.0 + static_cast<double>(step)) : std::nullopt,
                            .ssim = {},
                            .step_scale = 0.25,
                            .stopped = stopped});
    }

    void train(std::int64_t from, std::int64_t to) {
        tell(Kind::started, from);
        for (std::int64_t step = from + 1; step <= to; ++step) tell(Kind::stepped, step);
    }

    std::vector<std::string> warnings;
    FrameRecorder recorder;
};

std::vector<std::int64_t> steps_of(const RecordedFrames& recorded) {
    std::vector<std::int64_t> steps;
    for (const Frame& frame : recorded.frames) steps.push_back(frame.step);
    return steps;
}

using Steps = std::vector<std::int64_t>;

TEST(FrameRecorder, RecordsTheStartEveryFewStepsAndTheEnd) {
    const TemporaryDirectory run;
    {
        Session session(run.path());
        session.train(0, 23);
        session.tell(Kind::evaluated, 23);
        session.tell(Kind::finished, 23);
        EXPECT_TRUE(session.warnings.empty());
    }
    const RecordedFrames recorded = frames_on_disk(run.path());
    EXPECT_EQ(steps_of(recorded), (Steps{0, 10, 20, 23}));
    const Frame& frame = recorded.frames[1];
    EXPECT_EQ(frame.seconds, 5);
    EXPECT_EQ(frame.gaussians, 3);
    EXPECT_EQ(frame.psnr, 40);
    EXPECT_EQ(frame.ssim, std::nullopt);
    EXPECT_EQ(frame.step_scale, 0.25);
    EXPECT_EQ(recorded.frames[0].psnr, std::nullopt);
    EXPECT_EQ(decode_picture(recorded.target, "target").pixel(300, 200)[1], 90);
}

TEST(FrameRecorder, ShowsTheFieldAtTheFramesSize) {
    const TemporaryDirectory run;
    Session session(run.path(), {.iterations = 10, .max_side = 160});
    session.tell(Kind::started, 0);
    const RecordedFrames recorded = session.recorder.recorded();
    const Picture frame = decode_picture(recorded.jpeg(0), "frame");
    ASSERT_EQ(frame.width, 160);
    ASSERT_EQ(frame.height, 107);
    const TrainState state = visible_state();
    const Picture expected = picture_of(render(state.field, Lattice::whole(160, 107), state.blending));
    double difference = 0;
    for (std::size_t i = 0; i < frame.rgb.size(); ++i) difference += std::abs(frame.rgb[i] - expected.rgb[i]);
    EXPECT_LT(difference / static_cast<double>(frame.rgb.size()), 2);
    EXPECT_GT(*std::ranges::max_element(frame.rgb), *std::ranges::min_element(frame.rgb) + 20);
}

TEST(FrameRecorder, AStopIsNotTheEnd) {
    const TemporaryDirectory run;
    Session session(run.path());
    session.train(0, 13);
    session.tell(Kind::finished, 13, true);
    EXPECT_EQ(steps_of(frames_on_disk(run.path())), (Steps{0, 10}));
}

TEST(FrameRecorder, GoesOnWithNoFrameMissingOrTwice) {
    const TemporaryDirectory run;
    {
        Session killed(run.path());
        killed.train(0, 50);
    }
    // The checkpoint was of step 30. The kill left a JPEG without its JSON, one half-written, and a stranger's file.
    write_file_atomically(run / "frames/step-60.jpg", std::string("whole, but its JSON never came"));
    write_file_atomically(run / "frames/.gsfit-XYZ.tmp", std::string("half"));
    write_file_atomically(run / "frames/holiday.jpg", std::string("not ours"));
    const auto first = read_file(run / "frames/step-20.jpg", 1 << 20);
    Session resumed(run.path(), {.iterations = 10}, 30);
    resumed.recorder.drain();
    EXPECT_EQ(steps_of(frames_on_disk(run.path())), (Steps{0, 10, 20, 30}));
    EXPECT_FALSE(fs::exists(run / "frames/step-60.jpg"));
    EXPECT_FALSE(fs::exists(run / "frames/.gsfit-XYZ.tmp"));
    resumed.train(30, 70);
    resumed.recorder.drain();
    EXPECT_EQ(steps_of(frames_on_disk(run.path())), (Steps{0, 10, 20, 30, 40, 50, 60, 70}));
    EXPECT_EQ(read_file(run / "frames/step-20.jpg", 1 << 20), first);
    EXPECT_TRUE(fs::exists(run / "frames/holiday.jpg"));
}

TEST(FrameRecorder, RecordsTheStepItResumesAtWhenThatIsMissing) {
    const TemporaryDirectory run;
    Session resumed(run.path(), {.iterations = 10}, 30);
    resumed.train(30, 40);
    EXPECT_EQ(steps_of(resumed.recorder.recorded()), (Steps{30, 40}));
}

TEST(FrameRecorder, AFolderThatDisappearsEndsItWithOneWarning) {
    const TemporaryDirectory run;
    Session session(run.path());
    session.train(0, 10);
    session.recorder.drain();
    fs::remove_all(run / "frames");
    session.train(10, 60);
    session.tell(Kind::finished, 60);
    ASSERT_EQ(session.warnings.size(), 1U);
    EXPECT_NE(session.warnings[0].find("recording stops, training goes on"), std::string::npos);
    EXPECT_NE(session.warnings[0].find("step-20.jpg"), std::string::npos);
}

TEST(FrameRecorder, ADiskThatIsNearlyFullEndsIt) {
    const TemporaryDirectory run;
    Session session(run.path(), {.iterations = 10, .disk_reserve = std::int64_t{1} << 60});
    session.train(0, 20);
    session.tell(Kind::finished, 20);
    ASSERT_EQ(session.warnings.size(), 1U);
    EXPECT_NE(session.warnings[0].find("MB are free"), std::string::npos);
    EXPECT_TRUE(session.recorder.recorded().frames.empty());
}

TEST(FrameRecorder, AFileInTheFoldersPlaceEndsIt) {
    const TemporaryDirectory run;
    write_file_atomically(run / "frames", std::string("a file"));
    Session session(run.path());
    session.train(0, 20);
    ASSERT_EQ(session.warnings.size(), 1U);
    EXPECT_EQ(read_file(run / "frames", 100).size(), 6U);
}

TEST(FrameRecorder, KeepsToItsBoundInMemory) {
    const TemporaryDirectory run;
    Session once(run.path(), {.iterations = 10, .on_disk = false});
    once.tell(Kind::started, 0);
    const auto bytes = static_cast<std::int64_t>(once.recorder.recorded().jpeg(0).size());
    Session session(run.path(), {.iterations = 10, .on_disk = false, .memory_bound = 4 * bytes + bytes / 2});
    session.train(0, 210);
    session.tell(Kind::finished, 210);
    const RecordedFrames recorded = session.recorder.recorded();
    EXPECT_EQ(steps_of(recorded), (Steps{0, 80, 160, 210}));
    EXPECT_EQ(decode_picture(recorded.jpeg(3), "frame").width, 640);
    EXPECT_FALSE(recorded.target.empty());
    EXPECT_TRUE(fs::is_empty(run.path()));
}

TEST(FramesOnDisk, PassOverWhatIsDamaged) {
    const TemporaryDirectory run;
    fs::create_directories(run / "frames");
    const double perfect = std::numeric_limits<double>::infinity();
    for (const std::int64_t step : {0, 1, 2, 3, 4, 10}) write_frame(run.path(), {.step = step, .psnr = perfect}, {});
    std::ofstream(run / "frames/step-1.json") << "{\"step\": 1";
    std::ofstream(run / "frames/step-2.json") << R"({"step": 3, "seconds": 1, "gaussians": 1, "lr": 1})";
    std::ofstream(run / "frames/step-3.json") << R"({"step": "3"})";
    fs::remove(run / "frames/step-4.jpg");
    std::ofstream(run / "frames/step-07.json") << "{}";
    const RecordedFrames recorded = frames_on_disk(run.path());
    EXPECT_EQ(steps_of(recorded), (Steps{0, 10}));
    EXPECT_EQ(recorded.frames[0].psnr, perfect);
    EXPECT_TRUE(recorded.target.empty());
}

TEST(FramesOnDisk, AreNoneWithoutTheFolder) {
    const TemporaryDirectory run;
    EXPECT_TRUE(frames_on_disk(run.path()).frames.empty());
    remove_frames(run.path());
}

TEST(FramesOnDisk, AreRemovedButForFilesOfOthers) {
    const TemporaryDirectory run;
    Session(run.path()).train(0, 20);
    write_file_atomically(run / "frames/holiday.jpg", std::string("not ours"));
    remove_frames(run.path());
    EXPECT_EQ(std::distance(fs::directory_iterator(run / "frames"), {}), 1);
    fs::remove(run / "frames/holiday.jpg");
    remove_frames(run.path());
    EXPECT_FALSE(fs::exists(run / "frames"));
}

/// Takes a frame only when it is let.
class Gate : public FrameStore {
public:
    void add(const Frame& frame, std::vector<std::byte> /*jpeg*/) override {
        while (frame.step >= open) std::this_thread::yield();
        ++taken;
    }
    [[nodiscard]] RecordedFrames recorded() const override { return {}; }

    std::atomic<std::int64_t> open = 0;  // frames before this one may pass
    std::atomic<int> taken = 0;
};

TEST(FrameWriter, WaitsWhenItsQueueIsFullAndLosesNothing) {
    auto owned = std::make_unique<Gate>();
    Gate& gate = *owned;
    FrameWriter writer(std::move(owned), 2);
    std::atomic<int> pushed = 0;
    std::thread trainer([&] {
        for (std::int64_t step = 0; step < 6; ++step) {
            writer.push({.step = step}, Picture(8, 8));
            ++pushed;
        }
    });
    for (const int passed : {0, 1, 3}) {
        gate.open = passed;
        while (pushed < passed + 2) std::this_thread::yield();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));  // for a third one to slip in
        EXPECT_EQ(pushed, passed + 2);
    }
    gate.open = 6;
    trainer.join();
    writer.drain();
    EXPECT_EQ(gate.taken, 6);
}

TEST(RecorderBytes, CoverWhatWaits) {
    const ImageInfo image{.width = 7680, .height = 4320, .channels = 3, .bits = 8};
    const std::int64_t picture = 3 * 1920 * 1080;
    EXPECT_GT(recorder_bytes(image, {.max_side = 1920, .queue = 4}), 5 * picture);
    EXPECT_LT(recorder_bytes(image, {.max_side = 1920, .queue = 4}), 20 * picture);
    EXPECT_EQ(recorder_bytes(image, {.max_side = 1920, .on_disk = false, .memory_bound = 1000}),
              recorder_bytes(image, {.max_side = 1920}) + 1000);
    EXPECT_EQ(frames_bytes(image, {.max_side = 1920}, 20), 2 * frames_bytes(image, {.max_side = 1920}, 10));
}

}  // namespace
}  // namespace gsfit
