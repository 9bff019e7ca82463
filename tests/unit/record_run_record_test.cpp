#include <gtest/gtest.h>

#include <ctime>
#include <limits>
#include <nlohmann/json.hpp>

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "gsfit/record.h"
#include "unit/temporary_directory.h"
#include "unit/train_states.h"

namespace gsfit {
namespace {

using Kind = TrainEvent::Kind;
using nlohmann::json;

RunInfo example_info() {
    return {.versions = {{"gsfit", "0.1.0"}, {"libtorch", "2.11.0"}},
            .device = "cpu",
            .simd = "AVX2",
            .threads = 2,
            .seed = 18446744073709551615U,
            .image = "photo.jpg",
            .image_width = 640,
            .image_height = 427,
            .resumed_step = {}};
}

void tell(RunRecord& record, Kind kind, std::int64_t step, std::optional<double> psnr = {},
          std::optional<double> ssim = {}) {
    TrainState state = example_state();
    state.step = step;
    record(TrainEvent{.kind = kind, .state = state, .psnr = psnr, .ssim = ssim});
}

json contents(const TemporaryDirectory& run) {
    const auto bytes = read_file(run / "run.json", 1 << 20);
    return json::parse(reinterpret_cast<const char*>(bytes.data()),
                       reinterpret_cast<const char*>(bytes.data()) + bytes.size());
}

bool is_time(const json& value) {
    std::tm parts{};
    const char* end = ::strptime(value.get_ref<const std::string&>().c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return end != nullptr && *end == '\0';
}

TEST(RunRecord, DescribesTheRunFromTheStart) {
    const TemporaryDirectory run;
    const RunRecord record(run.path(), example_info());
    const json text = contents(run);
    EXPECT_EQ(text["versions"]["libtorch"], "2.11.0");
    EXPECT_EQ(text["device"], "cpu");
    EXPECT_EQ(text["simd"], "AVX2");
    EXPECT_EQ(text["threads"], 2);
    EXPECT_EQ(text["seed"], 18446744073709551615U);
    EXPECT_EQ(text["image"], (json{{"path", "photo.jpg"}, {"width", 640}, {"height", 427}}));
    EXPECT_TRUE(is_time(text["started"]));
    EXPECT_EQ(text["exit"], "running");
    EXPECT_GT(text["peak_resident_bytes"], 1 << 20);
    EXPECT_GT(text["peak_virtual_bytes"], text["peak_resident_bytes"]);
    for (const char* absent : {"finished", "psnr", "ssim", "message", "resumed_step"}) {
        EXPECT_FALSE(text.contains(absent));
    }
}

TEST(RunRecord, FollowsTheRun) {
    const TemporaryDirectory run;
    RunRecord record(run.path(), example_info());
    tell(record, Kind::started, 70);
    EXPECT_EQ(contents(run)["steps"], 70);
    tell(record, Kind::stepped, 99);
    EXPECT_EQ(contents(run)["steps"], 70);
    tell(record, Kind::evaluated, 100, 31.5);
    EXPECT_EQ(contents(run)["steps"], 100);
    EXPECT_EQ(contents(run)["gaussians"], 3);
    EXPECT_EQ(contents(run)["psnr"], 31.5);
    EXPECT_EQ(contents(run)["seconds"], example_state().seconds);
    EXPECT_EQ(contents(run)["exit"], "running");
    EXPECT_EQ(contents(run)["skipped_steps"], 11);
    tell(record, Kind::noted, 120, 31.5);
    EXPECT_EQ(contents(run)["steps"], 120);
    tell(record, Kind::finished, 150, 33.25, 0.9);
    record.end(RunExit::finished);
    EXPECT_EQ(contents(run)["steps"], 150);
    EXPECT_EQ(contents(run)["psnr"], 33.25);
    EXPECT_EQ(contents(run)["ssim"], 0.9);
    EXPECT_EQ(contents(run)["exit"], "finished");
    EXPECT_TRUE(is_time(contents(run)["finished"]));
}

TEST(RunRecord, TellsOfItsMemory) {
    const TemporaryDirectory run;
    RunRecord record(run.path(), example_info());
    const json unplanned{{"amp", false}, {"checkpointing", false}, {"bands", 1}, {"target_storage", "memory"}};
    EXPECT_EQ(contents(run)["memory"], unplanned);
    const TrainState state = example_state();
    record(TrainEvent{.kind = Kind::noted,
                      .state = state,
                      .psnr = {},
                      .ssim = {},
                      .memory = {.budget_bytes = 600'000'000,
                                 .planned_bytes = 512'345'678,
                                 .amp = true,
                                 .checkpointing = true,
                                 .bands = 7,
                                 .target_in_file = true}});
    EXPECT_EQ(contents(run)["memory"], (json{{"budget_bytes", 600'000'000},
                                             {"planned_bytes", 512'345'678},
                                             {"amp", true},
                                             {"checkpointing", true},
                                             {"bands", 7},
                                             {"target_storage", "file"}}));
}

TEST(RunRecord, TellsOfAGpusMemory) {
    const TemporaryDirectory run;
    RunRecord record(run.path(), example_info());
    const TrainState state = example_state();
    record(TrainEvent{.kind = Kind::noted,
                      .state = state,
                      .psnr = {},
                      .ssim = {},
                      .memory = {.device = DeviceMemoryReport{.budget = 800'000'000,
                                                              .planned = 123'456'789,
                                                              .reserved = 90'000'000,
                                                              .peak_allocated = 100'000'000,
                                                              .peak_reserved = 120'000'000}}});
    EXPECT_EQ(contents(run)["memory"]["device"], (json{{"budget_bytes", 800'000'000},
                                                       {"planned_bytes", 123'456'789},
                                                       {"peak_allocated_bytes", 100'000'000},
                                                       {"peak_reserved_bytes", 120'000'000}}));
}

TEST(RunRecord, SaysWhyItEnded) {
    const TemporaryDirectory run;
    RunRecord record(run.path(), example_info());
    record.end(RunExit::interrupted);
    EXPECT_EQ(contents(run)["exit"], "interrupted");
    record.end(RunExit::terminated);
    EXPECT_EQ(contents(run)["exit"], "terminated");
    record.end(RunExit::failed, "no space");
    EXPECT_EQ(contents(run)["exit"], "failed");
    EXPECT_EQ(contents(run)["message"], "no space");
}

TEST(RunRecord, TellsWhereItWasResumed) {
    const TemporaryDirectory run;
    RunInfo info = example_info();
    info.resumed_step = 70;
    const RunRecord record(run.path(), info);
    EXPECT_EQ(contents(run)["resumed_step"], 70);
}

TEST(RunRecord, IsJsonWhateverTheValues) {
    const TemporaryDirectory run;
    RunInfo info = example_info();
    info.image = "\xff\"\n.png";
    RunRecord record(run.path(), info);
    tell(record, Kind::evaluated, 1, std::numeric_limits<double>::infinity());
    EXPECT_TRUE(contents(run)["psnr"].is_null());
}

TEST(RunRecord, SaysWhenItCannotWrite) {
    const TemporaryDirectory run;
    EXPECT_THROW(RunRecord(run / "nowhere", example_info()), OutputError);
}

}  // namespace
}  // namespace gsfit
