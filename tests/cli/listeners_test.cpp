// What the progress display and log.txt make of events.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "cli/progress.h"
#include "cli/run_log.h"
#include "unit/temporary_directory.h"
#include "unit/train_states.h"

namespace gsfit::cli {
namespace {

using Kind = TrainEvent::Kind;

const TrainState state = example_state();

TrainEvent event_of(Kind kind, std::int64_t bytes = 0) {
    return {.kind = kind, .state = state, .psnr = 30, .ssim = {}, .resident_bytes = bytes, .peak_bytes = bytes};
}

TrainEvent note() {
    TrainEvent event = event_of(Kind::noted);
    event.message = "memory is scarce";
    return event;
}

/// What a style writes to stderr.
std::string shown(const char* style, const TrainEvent& event) {
    testing::internal::CaptureStderr();
    (*make_progress(style, 500))(event);
    return testing::internal::GetCapturedStderr();
}

TEST(Progress, ShowsMemoryWhereItIsKnown) {
    for (const char* style : {"bar", "plain"}) {
        const std::string text = shown(style, event_of(Kind::evaluated, 412'345'678));
        EXPECT_TRUE(text.ends_with("  412 MB\n")) << text;
        EXPECT_EQ(shown(style, event_of(Kind::evaluated)).find("MB"), std::string::npos);
    }
    const auto known = nlohmann::json::parse(shown("json", event_of(Kind::evaluated, 412'345'678)));
    EXPECT_EQ(known["resident_bytes"], 412'345'678);
    EXPECT_EQ(known["skipped_steps"], 11);
    EXPECT_TRUE(nlohmann::json::parse(shown("json", event_of(Kind::evaluated)))["resident_bytes"].is_null());
}

TEST(Progress, TellsNotesInEveryStyle) {
    for (const char* style : {"bar", "plain", "none"}) {
        EXPECT_EQ(shown(style, note()), "gsfit: memory is scarce\n") << style;
    }
    EXPECT_EQ(shown("json", note()), "{\"event\":\"note\",\"what\":\"memory is scarce\"}\n");
}

TEST(RunLog, TakesNotesAsWarnings) {
    const TemporaryDirectory run;
    RunLog log(run.path(), "warning");
    log(event_of(Kind::evaluated));
    log(note());
    std::ifstream file(run / "log.txt");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    EXPECT_TRUE(text.ends_with(" warning step 1023456789: memory is scarce\n")) << text;
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
}

}  // namespace
}  // namespace gsfit::cli
