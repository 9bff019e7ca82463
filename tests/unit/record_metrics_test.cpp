#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <limits>

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "gsfit/record.h"
#include "unit/sentences.h"
#include "unit/temporary_directory.h"
#include "unit/train_states.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;
using Kind = TrainEvent::Kind;

const std::string header =
    "step,seconds,gaussians,loss,psnr,ssim,step_scale,steps_per_second,skipped_steps,loss_scale,resident_bytes,"
    "device_bytes\n";

void tell(MetricsTable& table, std::int64_t step, std::optional<double> psnr = 30, Kind kind = Kind::evaluated,
          std::int64_t resident_bytes = 4096) {
    TrainState state = example_state();
    state.step = step;
    state.seconds = 0.5 * static_cast<double>(step);
    state.loss_scale.scale = 1024;
    table(TrainEvent{.kind = kind,
                     .state = state,
                     .loss = 0.001,
                     .psnr = psnr,
                     .ssim = {},
                     .steps_per_second = 80.25,
                     .resident_bytes = resident_bytes});
}

std::string row(std::int64_t step, const std::string& seconds) {
    return std::to_string(step) + "," + seconds + ",3,0.001,30,,1,80.25,11,1024,4096,\n";
}

std::string text_of(const TemporaryDirectory& run) {
    const auto bytes = read_file(run / "metrics.csv", 1 << 26);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(MetricsTable, HasARowPerEvaluation) {
    const TemporaryDirectory run;
    MetricsTable table(run.path());
    EXPECT_EQ(text_of(run), header);
    for (const Kind kind : {Kind::started, Kind::stepped, Kind::grown, Kind::noted, Kind::finished})
        tell(table, 1, 30, kind);
    EXPECT_EQ(text_of(run), header);
    tell(table, 1);
    tell(table, 3);
    EXPECT_EQ(text_of(run), header + row(1, "0.5") + row(3, "1.5"));
}

TEST(MetricsTable, LeavesEmptyWhatIsAbsent) {
    const TemporaryDirectory run;
    MetricsTable table(run.path());
    tell(table, 1, std::nullopt);
    tell(table, 2, std::numeric_limits<double>::infinity(), Kind::evaluated, 0);
    EXPECT_EQ(text_of(run), header + "1,0.5,3,0.001,,,1,80.25,11,1024,4096,\n2,1,3,0.001,inf,,1,80.25,11,1024,,\n");
}

TEST(MetricsTable, TellsWhatIsHeldOnAGpu) {
    const TemporaryDirectory run;
    MetricsTable table(run.path());
    const TrainState state = example_state();
    table(TrainEvent{.kind = Kind::evaluated,
                     .state = state,
                     .psnr = {},
                     .ssim = {},
                     .resident_bytes = 4096,
                     .memory = {.device = DeviceMemoryReport{.reserved = 8192, .peak_reserved = 9999}}});
    EXPECT_TRUE(text_of(run).ends_with(",4096,8192\n")) << text_of(run);
}

TEST(MetricsTable, HasOneRowPerStep) {
    const TemporaryDirectory run;
    MetricsTable table(run.path());
    tell(table, 1);
    tell(table, 1);
    EXPECT_EQ(text_of(run), header + row(1, "0.5"));
}

TEST(MetricsTable, ANewRunBeginsAnew) {
    const TemporaryDirectory run;
    write_file_atomically(run / "metrics.csv", header + row(1, "0.5"));
    MetricsTable table(run.path());
    EXPECT_EQ(text_of(run), header);
}

TEST(MetricsTable, ResumingCutsLaterRows) {
    const TemporaryDirectory run;
    write_file_atomically(run / "metrics.csv", header + row(1, "0.5") + row(2, "1") + row(3, "1.5"));
    MetricsTable table(run.path(), 2);
    EXPECT_EQ(text_of(run), header + row(1, "0.5") + row(2, "1"));
    tell(table, 2);
    tell(table, 3);
    EXPECT_EQ(text_of(run), header + row(1, "0.5") + row(2, "1") + row(3, "1.5"));
}

TEST(MetricsTable, ResumingCutsARowThatAKillLeftHalfWritten) {
    const TemporaryDirectory run;
    for (const std::string part : {"2", "2,1", "2,1,3,0.001,30,,1,80.25,11,1024,4096", "\n", "x,1\n", ",1\n"}) {
        write_file_atomically(run / "metrics.csv", header + row(1, "0.5") + part);
        MetricsTable table(run.path(), 5);
        EXPECT_EQ(text_of(run), header + row(1, "0.5"));
    }
}

TEST(MetricsTable, ResumingBeginsATableThatIsMissing) {
    const TemporaryDirectory run;
    MetricsTable table(run.path(), 5);
    EXPECT_EQ(text_of(run), header);
}

TEST(MetricsTable, RefusesATableWithOtherColumns) {
    const TemporaryDirectory run;
    for (const char* table :
         {"step,psnr\n1,30\n", "step,seconds,gaussians,loss,psnr,ssim,step_scale,steps_per_second\n"}) {
        write_file_atomically(run / "metrics.csv", table);
        expect_contains(sentence_of<InputError>([&] { MetricsTable(run.path(), 5); }), "other columns");
    }
}

TEST(MetricsTable, SaysWhenItCannotWrite) {
    const TemporaryDirectory run;
    MetricsTable table(run.path());
    fs::remove(run / "metrics.csv");
    fs::create_directory(run / "metrics.csv");
    EXPECT_THROW(tell(table, 1), OutputError);
}

TEST(MetricsTable, LosesAtMostTheLastRowWhenKilled) {
    const TemporaryDirectory run;
    std::int64_t rows = 0;
    for (int round = 0; round < 20; ++round) {
        const pid_t child = ::fork();
        if (child == 0) {
            MetricsTable table(run.path(), rows);
            for (std::int64_t step = rows + 1;; ++step) tell(table, step);
        }
        ::usleep(static_cast<useconds_t>(10000 + round * 1000));
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        MetricsTable table(run.path(), std::numeric_limits<std::int64_t>::max());
        const std::string text = text_of(run);
        const std::int64_t now = std::count(text.begin(), text.end(), '\n') - 1;
        EXPECT_GE(now, rows);
        const std::string last = text.substr(text.rfind('\n', text.size() - 2) + 1);
        EXPECT_TRUE(now == 0 || last.starts_with(std::to_string(now) + ',')) << last;
        rows = now;
    }
    EXPECT_GT(rows, 0);
}

}  // namespace
}  // namespace gsfit
