#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "gsfit/record.h"
#include "unit/sentences.h"
#include "unit/temporary_directory.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;

TEST(RunFolder, CreatesANewFolder) {
    const TemporaryDirectory parent;
    const RunFolder run = RunFolder::create(parent / "results" / "first");
    EXPECT_TRUE(fs::is_directory(run.path()));
    EXPECT_FALSE(holds_run(run.path()));
}

TEST(RunFolder, TakesAFolderOfOthers) {
    const TemporaryDirectory folder;
    write_file_atomically(folder / "notes.txt", "theirs");
    const RunFolder run = RunFolder::create(folder.path());
    EXPECT_EQ(folder.names(), (Names{".gsfit.lock", "notes.txt"}));
}

TEST(RunFolder, DiscardLeavesWhatOthersKeepThere) {
    const TemporaryDirectory folder;
    for (const char* name : {"run.json", "config.yaml", "notes.txt"}) write_file_atomically(folder / name, "");
    fs::create_directory(folder / "checkpoints");
    write_file_atomically(folder / "checkpoints" / "step-1.safetensors", "");
    discard_run(folder.path());
    EXPECT_EQ(folder.names(), (Names{".gsfit.lock", "notes.txt"}));
    EXPECT_FALSE(holds_run(folder.path()));
}

TEST(RunFolder, DiscardRefusesARunThatGoesOn) {
    const TemporaryDirectory folder;
    write_file_atomically(folder / "run.json", "");
    const RunFolder run = RunFolder::reopen(folder.path());
    sentence_of<OutputError>([&] { discard_run(folder.path()); });
    EXPECT_TRUE(holds_run(folder.path()));
}

TEST(RunFolder, RefusesAnotherRun) {
    for (const char* name :
         {"run.json", "config.yaml", "metrics.csv", "log.txt", "checkpoints", "render.png", "packed.safetensors"}) {
        const TemporaryDirectory folder;
        write_file_atomically(folder / name, "");
        EXPECT_TRUE(holds_run(folder.path()));
        const std::string sentence = sentence_of<OutputError>([&] { RunFolder::create(folder.path()); });
        expect_contains(sentence, name);
        expect_contains(sentence, "--resume " + folder.path().string());
        EXPECT_EQ(folder.names(), Names{name});
        EXPECT_EQ(RunFolder::reopen(folder.path()).path(), folder.path());
    }
}

TEST(RunFolder, ReopensOnlyARun) {
    const TemporaryDirectory folder;
    EXPECT_THROW(RunFolder::reopen(folder / "nowhere"), InputError);
    expect_contains(sentence_of<InputError>([&] { RunFolder::reopen(folder.path()); }), "holds no run");
    EXPECT_EQ(folder.names(), Names{});
}

TEST(RunFolder, ReopeningRemovesWhatAKilledProcessLeft) {
    const TemporaryDirectory folder;
    write_file_atomically(folder / "run.json", "{}");
    write_file_atomically(folder / ".gsfit-12-0.tmp", "part");
    fs::create_directory(folder / "checkpoints");
    write_file_atomically(folder / "checkpoints/.gsfit-12-0.tmp", "part");
    const RunFolder run = RunFolder::reopen(folder.path());
    EXPECT_EQ(folder.names(), (Names{".gsfit.lock", "run.json", "checkpoints"}));
    EXPECT_TRUE(fs::is_empty(folder / "checkpoints"));
}

TEST(RunFolder, LetsOneProcessInAtATime) {
    const TemporaryDirectory folder;
    {
        const RunFolder run = RunFolder::create(folder.path());
        expect_contains(sentence_of<OutputError>([&] { RunFolder::create(folder.path()); }), "another gsfit");
        write_file_atomically(folder / "run.json", "{}");
        expect_contains(sentence_of<OutputError>([&] { RunFolder::reopen(folder.path()); }), "another gsfit");
    }
    EXPECT_NO_THROW(RunFolder::reopen(folder.path()));
}

TEST(RunFolder, AKilledProcessLeavesNoLock) {
    const TemporaryDirectory folder;
    const pid_t child = ::fork();
    if (child == 0) {
        const RunFolder run = RunFolder::create(folder.path());
        write_file_atomically(folder / "run.json", "{}");
        ::pause();
    }
    while (!fs::exists(folder / "run.json")) ::usleep(1000);
    EXPECT_THROW(RunFolder::reopen(folder.path()), OutputError);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_NO_THROW(RunFolder::reopen(folder.path()));
}

TEST(RunFolder, SaysWhenItCannotWrite) {
    const TemporaryDirectory folder;
    write_file_atomically(folder / "file", "");
    EXPECT_THROW(RunFolder::create(folder / "file" / "run"), OutputError);
    EXPECT_THROW(RunFolder::create(folder / "file"), OutputError);
}

}  // namespace
}  // namespace gsfit
