#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "gsfit/checkpoint.h"
#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "unit/sentences.h"
#include "unit/temporary_directory.h"
#include "unit/train_states.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;
using Kind = TrainEvent::Kind;
using Names = std::set<std::string>;

void tell(CheckpointWriter& writer, Kind kind, std::int64_t step, std::int64_t gaussians = 3) {
    TrainState state = example_state(gaussians);
    state.step = step;
    writer(TrainEvent{.kind = kind, .state = state, .psnr = {}, .ssim = {}});
}

Names saved(const TemporaryDirectory& run) {
    Names names;
    for (const auto& entry : fs::directory_iterator(run / "checkpoints")) names.insert(entry.path().filename());
    return names;
}

void damage(const fs::path& path) { write_file_atomically(path, "no checkpoint"); }

TEST(RunCheckpoints, SavesEveryNStepsAndAtTheEnd) {
    const TemporaryDirectory run;
    CheckpointWriter writer(run.path(), 10, 0);
    for (const Kind kind : {Kind::started, Kind::grown, Kind::evaluated}) tell(writer, kind, 10);
    EXPECT_EQ(saved(run), Names{});
    for (std::int64_t step = 1; step <= 25; ++step) tell(writer, Kind::stepped, step);
    EXPECT_EQ(saved(run), (Names{"latest", "step-10.safetensors", "step-20.safetensors"}));
    EXPECT_EQ(fs::read_symlink(run / "checkpoints/latest"), "step-20.safetensors");
    tell(writer, Kind::finished, 25);
    EXPECT_EQ(load_checkpoint(run / "checkpoints/latest").step, 25);
}

TEST(RunCheckpoints, SavesOnlyAtTheEndWhenToldSo) {
    const TemporaryDirectory run;
    CheckpointWriter writer(run.path(), 0, 0);
    tell(writer, Kind::stepped, 10);
    EXPECT_EQ(saved(run), Names{});
    tell(writer, Kind::finished, 10);
    EXPECT_EQ(saved(run), (Names{"latest", "step-10.safetensors"}));
}

TEST(RunCheckpoints, TheEndDoesNotSaveTheSameStepTwice) {
    const TemporaryDirectory run;
    CheckpointWriter writer(run.path(), 10, 0);
    tell(writer, Kind::stepped, 10);
    const auto written = fs::last_write_time(run / "checkpoints/step-10.safetensors");
    ::usleep(20000);
    tell(writer, Kind::finished, 10);
    EXPECT_EQ(fs::last_write_time(run / "checkpoints/step-10.safetensors"), written);
}

TEST(RunCheckpoints, KeepsTheNewestOfTheWholeRun) {
    const TemporaryDirectory run;
    CheckpointWriter first(run.path(), 1, 2);
    for (const std::int64_t step : {8, 9, 10}) tell(first, Kind::stepped, step);
    EXPECT_EQ(saved(run), (Names{"latest", "step-9.safetensors", "step-10.safetensors"}));
    write_file_atomically(run / "checkpoints/step-1.txt", "theirs");
    CheckpointWriter resumed(run.path(), 1, 2);
    tell(resumed, Kind::stepped, 11);
    EXPECT_EQ(saved(run), (Names{"latest", "step-1.txt", "step-10.safetensors", "step-11.safetensors"}));
}

TEST(RunCheckpoints, NeverRemovesWhatItJustWrote) {
    const TemporaryDirectory run;
    CheckpointWriter writer(run.path(), 1, 1);
    tell(writer, Kind::stepped, 100);
    damage(run / "checkpoints/step-100.safetensors");
    tell(writer, Kind::stepped, 50);
    EXPECT_EQ(find_latest_checkpoint(run.path())->state.step, 50);
}

TEST(RunCheckpoints, FindsNoneInANewRun) {
    const TemporaryDirectory run;
    EXPECT_FALSE(find_latest_checkpoint(run.path()));
    EXPECT_FALSE(find_latest_checkpoint(run / "nowhere"));
    const CheckpointWriter writer(run.path(), 1, 1);
    EXPECT_FALSE(find_latest_checkpoint(run.path()));
}

TEST(RunCheckpoints, FindsTheLatest) {
    const TemporaryDirectory run;
    CheckpointWriter writer(run.path(), 1, 0);
    for (const std::int64_t step : {9, 10}) tell(writer, Kind::stepped, step);
    const auto found = find_latest_checkpoint(run.path());
    EXPECT_EQ(found->path.filename(), "step-10.safetensors");
    EXPECT_EQ(found->state.step, 10);
    EXPECT_EQ(found->note, "");
}

TEST(RunCheckpoints, FallsBackAndSaysSo) {
    const TemporaryDirectory run;
    CheckpointWriter writer(run.path(), 1, 0);
    for (const std::int64_t step : {8, 9, 10}) tell(writer, Kind::stepped, step);
    damage(run / "checkpoints/step-10.safetensors");
    const auto damaged = find_latest_checkpoint(run.path());
    EXPECT_EQ(damaged->path.filename(), "step-9.safetensors");
    expect_contains(damaged->note, "step-9.safetensors");
    expect_contains(damaged->note, "is damaged");

    fs::remove(run / "checkpoints/latest");
    const auto missing = find_latest_checkpoint(run.path());
    EXPECT_EQ(missing->state.step, 9);
    expect_contains(missing->note, "No such file");
}

TEST(RunCheckpoints, SaysWhenNoneLoads) {
    const TemporaryDirectory run;
    CheckpointWriter writer(run.path(), 1, 0);
    tell(writer, Kind::stepped, 1);
    damage(run / "checkpoints/step-1.safetensors");
    expect_contains(sentence_of<InputError>([&] { find_latest_checkpoint(run.path()); }), "can be used");
    fs::remove(run / "checkpoints/step-1.safetensors");
    EXPECT_THROW(find_latest_checkpoint(run.path()), InputError);
}

TEST(RunCheckpoints, SaysWhenItCannotWrite) {
    const TemporaryDirectory run;
    write_file_atomically(run / "checkpoints", "in the way");
    EXPECT_THROW(CheckpointWriter(run.path(), 1, 0), OutputError);
}

TEST(RunCheckpoints, LatestLoadsWheneverTheWriterIsKilled) {
    const TemporaryDirectory run;
    CheckpointWriter before(run.path(), 1, 2);
    std::int64_t step = 1;
    tell(before, Kind::stepped, step);
    for (int round = 0; round < 20; ++round) {
        const pid_t child = ::fork();
        if (child == 0) {
            CheckpointWriter writer(run.path(), 1, 2);
            for (std::int64_t next = step + 1;; ++next) tell(writer, Kind::stepped, next, 2000);
        }
        ::usleep(static_cast<useconds_t>(5000 + round * 5000));
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        const auto found = find_latest_checkpoint(run.path());
        ASSERT_TRUE(found);
        EXPECT_EQ(found->note, "");
        EXPECT_EQ(found->path.filename(), "step-" + std::to_string(found->state.step) + ".safetensors");
        EXPECT_GE(found->state.step, step);
        step = found->state.step;
    }
    EXPECT_GT(step, 1);
}

}  // namespace
}  // namespace gsfit
