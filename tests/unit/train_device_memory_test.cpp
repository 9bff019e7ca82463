// The memory of a run on a GPU, which need not be there: its bill, its plan, and what is given up for it.

#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include <chrono>
#include <new>
#include <thread>

#include "gsfit/core/device_bad_alloc.h"
#include "gsfit/core/error.h"
#include "gsfit/train/plan.h"
#include "train/keeper.h"
#include "unit/fake_device.h"
#include "unit/temporary_directory.h"

namespace gsfit {
namespace {

constexpr ImageInfo large{.width = 7680, .height = 4320, .channels = 3, .bits = 8};
constexpr std::int64_t gigabyte = 1'000'000'000;
constexpr std::int64_t program = 100'000'000;

TrainOptions on_gpu(std::int64_t device_budget = 100 * gigabyte) {
    TrainOptions options;
    options.device = c10::Device(c10::kCUDA, 0);
    options.num_gaussians = 30000;
    options.ssim_loss_ratio = 0.01F;
    options.ssim_windows = SsimWindows::image;
    options.sublattice = false;
    options.memory.folder = "/tmp";
    options.memory.budget_bytes = 100 * gigabyte;
    options.memory.device_budget_bytes = device_budget;
    return options;
}

std::int64_t device_peak(const TrainOptions& options, const MemorySettings& settings) {
    return memory_bill(large, options, settings, Memory::device).peak();
}

std::int64_t host_peak(const TrainOptions& options, const MemorySettings& settings) {
    return memory_bill(large, options, settings).peak();
}

TEST(DeviceBill, IsEmptyOnTheCpu) {
    TrainOptions options = on_gpu();
    options.device = c10::kCPU;
    EXPECT_TRUE(memory_bill(large, options, {}, Memory::device).items.empty());
    EXPECT_EQ(device_peak(options, {}), 0);
}

TEST(DeviceBill, HasWhatTheHostNoLongerHolds) {
    const TrainOptions options = on_gpu();
    EXPECT_GT(device_peak(options, {.amp = false}), 2 * 4 * large.width * large.height * large.channels);
    EXPECT_LT(host_peak(options, {.amp = false}), 2 * large.width * large.height * large.channels);
}

TEST(DeviceBill, IsSavedOnByHalfPrecisionAndBandsAndTheHostsByTheFile) {
    const TrainOptions options = on_gpu();
    const MemorySettings full{.amp = false};
    const MemorySettings half{.amp = true};
    const MemorySettings banded{.amp = true, .bands = 8};
    EXPECT_GT(device_peak(options, full), device_peak(options, half));
    EXPECT_GT(device_peak(options, half), device_peak(options, banded));
    EXPECT_EQ(host_peak(options, full), host_peak(options, banded));
    const MemorySettings filed{.amp = true, .bands = 8, .target_in_file = true};
    EXPECT_EQ(device_peak(options, filed), device_peak(options, banded));
    EXPECT_GT(host_peak(options, banded), host_peak(options, filed));
}

/// The goal for a step on every second pixel of 7680 x 4320, with 30,000 Gaussians.
TEST(DeviceBill, OfDefaultsIsBelowAGigabyte) {
    TrainOptions options;
    options.device = c10::Device(c10::kCUDA, 0);
    options.num_gaussians = 30000;
    EXPECT_LT(device_peak(options, {}), gigabyte);
}

TEST(DeviceBill, KnowsOfBoundsThatAreKept) {
    TrainOptions options = on_gpu();
    const auto held = [&] {
        std::int64_t bytes = 0;
        for (const MemoryItem& item : memory_bill(large, options, {}, Memory::device).items) {
            if (item.name == "held") bytes += item.bytes;
        }
        return bytes;
    };
    EXPECT_EQ(held(), 0);
    options.hold.emplace();
    EXPECT_NEAR(static_cast<double>(held()), 8 * (6 + 3) * 30000, 2e6);  // LibTorch rounds up
    EXPECT_GE(held(), 8 * (6 + 3) * 30000);
}

TEST(DevicePlan, TakesTheFirstRowThatFitsTheGpu) {
    const MemoryPlan rich = plan_memory(large, on_gpu(), program);
    EXPECT_EQ(rich.chosen, 0U);
    const MemoryPlan poor = plan_memory(large, on_gpu(600'000'000), program);
    ASSERT_LT(poor.chosen, poor.rows.size());
    EXPECT_TRUE(poor.fits(poor.choice()));
    EXPECT_GT(poor.choice().settings.bands, 1);
    EXPECT_FALSE(poor.choice().settings.target_in_file) << "the host's memory is not short";
}

TEST(DevicePlan, PutsTheTargetInAFileWhenTheHostIsShort) {
    TrainOptions options = on_gpu();
    options.memory.budget_bytes = 200'000'000;
    const MemorySettings chosen = plan_memory(large, options, program).choice().settings;
    EXPECT_EQ(chosen, (MemorySettings{.target_in_file = true})) << "the GPU's memory is not short";
}

/// What a sentence says would do.
std::int64_t budget_named(const MemoryError& error) {
    const std::string sentence = error.what();
    const std::size_t about = sentence.find("about ");
    EXPECT_NE(about, std::string::npos) << sentence;
    return static_cast<std::int64_t>(std::stod(sentence.substr(about + 6)) * 1e9);
}

TEST(DevicePlan, NamesTheGpuAndTheSmallestBudgetAndThatOneDoes) {
    const MemoryPlan plan = plan_memory(large, on_gpu(110'000'000), program);
    ASSERT_EQ(plan.chosen, plan.rows.size());
    const MemoryError error = plan.shortage();
    EXPECT_EQ(std::string(error.what()).find("the memory of cuda:0 does not suffice: the budget is 0.11 GB"), 0U)
        << error.what();
    EXPECT_NE(std::string(error.what()).find("(device_memory_budget_gb)"), std::string::npos) << error.what();
    const std::int64_t enough = budget_named(error);
    EXPECT_NO_THROW(static_cast<void>(plan_memory(large, on_gpu(enough), program).choice()));
    EXPECT_THROW(static_cast<void>(plan_memory(large, on_gpu(enough - 20'000'000), program).choice()), MemoryError);
}

TEST(DevicePlan, NamesTheHostWhenThatIsShort) {
    TrainOptions options = on_gpu();
    options.memory.budget_bytes = 1'000'000;
    const std::string sentence = plan_memory(large, options, program).shortage().what();
    EXPECT_EQ(sentence.find("memory does not suffice: "), 0U) << sentence;
    EXPECT_NE(sentence.find("(memory_budget_gb)"), std::string::npos) << sentence;
}

TEST(DevicePlan, NeedsABudgetWhereThereIsNoGpuToAsk) {
    EXPECT_THROW(static_cast<void>(plan_memory(large, on_gpu(0), program)), DeviceError);
}

PackedImage grey(std::int64_t width, std::int64_t height) {
    return PackedImage::copy(std::vector<std::uint8_t>(static_cast<std::size_t>(3 * width * height), 100), width,
                             height, 3);
}

/// A keeper of a run on a GPU that is not there.
class Keeper : public testing::Test {
protected:
    [[nodiscard]] TrainOptions options() const {
        TrainOptions options = on_gpu();
        options.num_gaussians = 100;
        options.memory.amp = false;
        options.memory.folder = folder_.path();
        return options;
    }

    /// Work that fails so many times.
    template <class Failure>
    std::function<void()> failing(int times, const Failure& failure) {
        return [times, failure]() mutable {
            if (times-- > 0) throw failure;
        };
    }

    [[nodiscard]] MemoryKeeper::Notice note() {
        return [this](const std::string& sentence) { notes_.push_back(sentence); };
    }

    TemporaryDirectory folder_;
    PackedImage target_ = grey(960, 720);
    std::vector<std::string> notes_;
};

const c10::OutOfMemoryError out_of_device_memory({"f", "f.cpp", 1}, "CUDA out of memory");

TEST_F(Keeper, GivesUpWhatTheGpuNeedsWhenThatIsFull) {
    MemoryKeeper keeper(target_, options(), note());
    keeper.attempt(failing(3, out_of_device_memory));
    EXPECT_EQ(keeper.settings(), (MemorySettings{.amp = true, .bands = 2}));
    const std::string reason = "memory is short (an allocation on cuda:0 failed): ";
    EXPECT_EQ(notes_, (std::vector<std::string>{reason + "caches are dropped",
                                                reason + "images are kept in half precision from now on",
                                                reason + "a step works in 2 bands from now on"}));
}

TEST_F(Keeper, TakesAKernelThatCannotBeLoadedForTheSame) {
    MemoryKeeper keeper(target_, options(), note());
    keeper.attempt(failing(2, DeviceBadAlloc()));
    EXPECT_TRUE(keeper.settings().amp);
    EXPECT_FALSE(target_.in_file());
}

TEST_F(Keeper, PutsTheTargetInAFileWhenTheHostIsFull) {
    MemoryKeeper keeper(target_, options(), note());
    keeper.attempt(failing(2, std::bad_alloc()));
    EXPECT_EQ(keeper.settings(), (MemorySettings{.amp = false, .target_in_file = true}));
    EXPECT_TRUE(target_.in_file());
    ASSERT_EQ(notes_.size(), 2U);
    EXPECT_EQ(notes_[0], "memory is short (an allocation failed): caches are dropped");
}

TEST_F(Keeper, NamesTheGpuWhenNothingIsLeft) {
    MemoryKeeper keeper(target_, options(), note());
    try {
        keeper.attempt(failing(1000, out_of_device_memory));
        FAIL() << "the work never succeeds";
    } catch (const MemoryError& error) {
        EXPECT_EQ(std::string(error.what()).find("the memory of cuda:0 does not suffice"), 0U) << error.what();
    }
    EXPECT_FALSE(target_.in_file());
}

TEST_F(Keeper, SaysThatThereIsNothingToDrawAgain) {
    TrainOptions checkpointing = options();
    checkpointing.memory.checkpointing = true;
    const MemoryKeeper keeper(target_, checkpointing, note());
    EXPECT_FALSE(keeper.settings().checkpointing);
    ASSERT_EQ(notes_.size(), 1U);
    EXPECT_NE(notes_[0].find("use_gradient_checkpointing does nothing"), std::string::npos) << notes_[0];
}

/// LibTorch knows one accelerator, so these are of another kind than CUDA's. They come last: it stays.
class WatchedKeeper : public Keeper {
protected:
    WatchedKeeper() {
        fake_.ready = true;
        fake_.devices = {};
        fake_.devices[1].total = 8 * gigabyte;
        fake_.devices[1].free = 6 * gigabyte;
    }

    [[nodiscard]] TrainOptions watched() const {
        TrainOptions watched = options();
        watched.device = c10::Device(c10::kPrivateUse1, 1);
        watched.memory.device_budget_bytes = gigabyte;
        return watched;
    }

    /// As if training had gone on for a while.
    void hold(MemoryKeeper& keeper, std::int64_t allocated, std::int64_t reserved) {
        fake_.devices[1].allocated = allocated;
        fake_.devices[1].reserved = reserved;
        std::this_thread::sleep_for(std::chrono::milliseconds(110));
        keeper.relieve();
    }

    FakeDevices& fake_ = register_fake_devices();
};

TEST_F(WatchedKeeper, PlansWithAFractionOfWhatIsFreeAndWhatIsHeld) {
    fake_.devices[1].reserved = 300'000'000;
    fake_.devices[1].allocated = 200'000'000;
    TrainOptions unlimited = watched();
    unlimited.memory.device_budget_bytes = 0;
    unlimited.memory.fraction = 0.5;
    const MemoryPlan plan = plan_memory(large, unlimited, program);
    EXPECT_EQ(plan.device.budget_bytes, 300'000'000 + 3 * gigabyte);
    EXPECT_EQ(plan.device.program_bytes, 200'000'000);
    const PlannedSettings& row = plan.rows.front();
    EXPECT_EQ(plan.peak(row, Memory::device), 200'000'000 + row.device.peak());
}

TEST_F(WatchedKeeper, ReportsWhatTheGpuHolds) {
    const MemoryKeeper keeper(target_, watched(), note());
    fake_.devices[1] = {{1, 2, 3, 4}, 8 * gigabyte, 6 * gigabyte};
    const auto report = keeper.report().device;
    ASSERT_TRUE(report);
    EXPECT_EQ(report->budget, gigabyte);
    EXPECT_EQ(report->planned, memory_bill(target_.info(), watched(), keeper.settings(), Memory::device).peak());
    EXPECT_EQ(report->reserved, 2);
    EXPECT_EQ(report->peak_allocated, 3);
    EXPECT_EQ(report->peak_reserved, 4);
}

TEST_F(WatchedKeeper, DropsCachesOnceWhenTheGpuIsNearlyFull) {
    MemoryKeeper keeper(target_, watched(), note());
    hold(keeper, 100'000'000, 700'000'000);
    EXPECT_TRUE(notes_.empty());
    fake_.emptied = 0;
    hold(keeper, 100'000'000, 850'000'000);
    hold(keeper, 100'000'000, 850'000'000);
    EXPECT_EQ(fake_.emptied, 1);
    ASSERT_EQ(notes_.size(), 1U);
    EXPECT_NE(notes_[0].find("holds 0.85 GB of its 1.00 GB on "), std::string::npos) << notes_[0];
    EXPECT_FALSE(keeper.settings().amp);
}

TEST_F(WatchedKeeper, ChangesSettingsWhenTheGpuIsFull) {
    MemoryKeeper keeper(target_, watched(), note());
    hold(keeper, 960'000'000, 960'000'000);
    EXPECT_TRUE(keeper.settings().amp);
    hold(keeper, 960'000'000, 960'000'000);
    EXPECT_EQ(keeper.settings().bands, 2);
    EXPECT_FALSE(target_.in_file());
}

TEST_F(WatchedKeeper, ChangesSettingsWhenCachesFillTheGpuAgain) {
    MemoryKeeper keeper(target_, watched(), note());
    hold(keeper, 100'000'000, 960'000'000);
    EXPECT_FALSE(keeper.settings().amp) << "caches were all that was too much";
    hold(keeper, 100'000'000, 960'000'000);
    EXPECT_TRUE(keeper.settings().amp);
}

TEST_F(WatchedKeeper, EndsTheRunWhenNothingIsLeftAndMoreThanTheBudgetIsHeld) {
    MemoryKeeper keeper(target_, watched(), note());
    EXPECT_THROW(for (int i = 0; i < 30; ++i) hold(keeper, 2 * gigabyte, 2 * gigabyte), MemoryError);
}

TEST_F(WatchedKeeper, LooksTenTimesASecondAtMost) {
    MemoryKeeper keeper(target_, watched(), note());
    const auto start = std::chrono::steady_clock::now();
    keeper.relieve();
    fake_.devices[1].reserved = 960'000'000;
    keeper.relieve();
    const bool at_once = std::chrono::steady_clock::now() - start < std::chrono::milliseconds(100);
    if (!at_once) GTEST_SKIP() << "the machine was busy elsewhere for a tenth of a second";
    EXPECT_TRUE(notes_.empty());
}

}  // namespace
}  // namespace gsfit
