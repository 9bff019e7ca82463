// The program's own words: help, versions, and what it says to a command line that it does not understand.

#include <gtest/gtest.h>

#include <chrono>

#include "cli/process.h"

namespace gsfit::test {
namespace {

void expect_usage_error(const Result& result, const std::string& sentence) {
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.err, "gsfit: " + sentence + "\n");
    EXPECT_EQ(result.out, "");
}

TEST(Help, ProgramListsItsCommandsOnStdout) {
    const Workspace workspace;
    const Result result = gsfit(workspace, {"--help"});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.err, "");
    for (const char* command : {"train", "render", "eval", "video", "report", "info", "plan", "config"}) {
        EXPECT_NE(result.out.find(std::string("\n  ") + command + " "), std::string::npos) << command;
    }
}

TEST(Help, CommandShowsItsFlagsAndTheKeysWithDefaultsAndRanges) {
    const Workspace workspace;
    const Result result = gsfit(workspace, {"train", "--help"});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_NE(result.out.find("Usage: gsfit train [IMAGE ...]"), std::string::npos);
    EXPECT_NE(result.out.find("--resume DIR"), std::string::npos);
    EXPECT_NE(result.out.find("\nRun:\n"), std::string::npos);
    EXPECT_NE(result.out.find("--num_gaussians N"), std::string::npos);
    EXPECT_NE(result.out.find("(1 to 10000000; default 10000)"), std::string::npos);
}

TEST(Help, EveryCommandHasOne) {
    const Workspace workspace;
    for (const char* command : {"train", "render", "eval", "video", "report", "info", "plan", "config"}) {
        const Result result = gsfit(workspace, {command, "-h"});
        EXPECT_EQ(result.exit_code, 0) << command;
        EXPECT_NE(result.out.find(std::string("Usage: gsfit ") + command), std::string::npos) << result.out;
    }
}

TEST(Help, VersionNamesLibTorchAndTheVectorInstructions) {
    const Workspace workspace;
    const Result result = gsfit(workspace, {"--version"});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_NE(result.out.find("gsfit "), std::string::npos);
    EXPECT_NE(result.out.find("LibTorch "), std::string::npos);
    EXPECT_NE(result.out.find("SIMD "), std::string::npos);
}

TEST(Usage, NoCommand) { expect_usage_error(gsfit(Workspace(), {}), "no command is given; gsfit --help lists all"); }

TEST(Usage, UnknownCommand) {
    expect_usage_error(gsfit(Workspace(), {"trian"}), "there is no command 'trian'; did you mean 'train'?");
    expect_usage_error(gsfit(Workspace(), {"frobnicate"}), "there is no command 'frobnicate'; gsfit --help lists all");
}

TEST(Usage, UnknownFlag) {
    expect_usage_error(gsfit(Workspace(), {"train", "x.png", "--max-stepps", "5"}),
                       "there is no flag '--max-stepps'; did you mean '--max_steps'?");
    expect_usage_error(gsfit(Workspace(), {"info", "--frobnicate"}),
                       "there is no flag '--frobnicate'; gsfit info --help lists all");
}

TEST(Usage, AFlagOfAnotherCommandIsRefused) {
    const Result result = gsfit(Workspace(), {"render", "run", "-o", "x.png", "--num_gaussians", "5"});
    expect_usage_error(result, "there is no flag '--num_gaussians'; gsfit render --help lists all");
}

TEST(Usage, MissingValue) {
    expect_usage_error(gsfit(Workspace(), {"train", "x.png", "--max_steps"}),
                       "flag --max_steps lacks its value; see gsfit train --help");
}

TEST(Usage, FlagGivenTwice) {
    expect_usage_error(gsfit(Workspace(), {"train", "x.png", "--output", "a", "--output", "b"}),
                       "flag --output is given twice; remove one of the two");
    expect_usage_error(gsfit(Workspace(), {"train", "x.png", "--seed", "1", "--seed", "2"}),
                       "flag --seed is given twice; remove one of the two");
}

TEST(Usage, MoreArgumentsThanACommandTakes) {
    expect_usage_error(gsfit(Workspace(), {"plan", "a.png", "b.png"}),
                       "gsfit plan has no use for 'b.png'; it takes one [IMAGE]");
    expect_usage_error(gsfit(Workspace(), {"config", "a.png"}),
                       "gsfit config has no use for 'a.png'; it takes flags only");
}

TEST(Usage, ResultsThatCannotBeWrittenAreAnError) {
    const Workspace workspace;
    const Result result =
        Process(workspace, "sh", {"-c", "exec \"$0\" --help >/dev/full", GSFIT_EXECUTABLE}, {}).wait();
    EXPECT_EQ(result.exit_code, 6);
    EXPECT_EQ(result.err, "gsfit: cannot write to standard output: No space left on device; check where it leads\n");
}

}  // namespace
}  // namespace gsfit::test
