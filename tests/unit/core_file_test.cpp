#include "gsfit/core/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "gsfit/core/error.h"
#include "unit/sentences.h"
#include "unit/temporary_directory.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;

constexpr std::size_t no_limit = std::size_t{1} << 30;

std::string text_of(const fs::path& path) {
    const std::vector<std::byte> bytes = read_file(path, no_limit);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(File, WritesAndReadsBack) {
    const TemporaryDirectory folder;
    const std::string text("a\0b\n", 4);
    write_file_atomically(folder / "file", text);
    EXPECT_EQ(text_of(folder / "file"), text);
    write_file_atomically(folder / "file", std::string());
    EXPECT_EQ(text_of(folder / "file"), "");
    EXPECT_EQ(folder.names(), Names{"file"});
}

TEST(File, NewFilesHaveOrdinaryPermissions) {
    const TemporaryDirectory folder;
    const mode_t mask = ::umask(022);
    write_file_atomically(folder / "file", "x");
    ::umask(mask);
    EXPECT_EQ(fs::status(folder / "file").permissions(), fs::perms(0644));
}

TEST(File, TakesTheLongestName) {
    const TemporaryDirectory folder;
    write_file_atomically(folder / std::string(255, 'n'), "x");
    expect_contains(sentence_of<OutputError>([&] { write_file_atomically(folder / std::string(256, 'n'), "x"); }),
                    "name");
}

TEST(File, WritesThroughASymbolicLink) {
    const TemporaryDirectory folder;
    write_file_atomically(folder / "target", "old");
    write_symlink_atomically(folder / "link", "target");
    write_file_atomically(folder / "link", "new");
    EXPECT_TRUE(fs::is_symlink(folder / "link"));
    EXPECT_EQ(text_of(folder / "target"), "new");
}

TEST(File, RefusesWhatIsNoRegularFile) {
    const TemporaryDirectory folder;
    fs::create_directory(folder / "directory");
    write_symlink_atomically(folder / "dangling", "nowhere");
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    EXPECT_THROW(write_file_atomically(folder / "directory", "x"), OutputError);
    EXPECT_THROW(write_file_atomically(folder / "dangling", "x"), OutputError);
    EXPECT_THROW(write_file_atomically(folder / "pipe", "x"), OutputError);
    EXPECT_THROW(write_file_atomically("/dev/null", "x"), OutputError);
    EXPECT_THROW(read_file(folder / "directory", no_limit), InputError);
    EXPECT_THROW(read_file(folder / "pipe", no_limit), InputError);
    EXPECT_EQ(folder.names(), (Names{"directory", "dangling", "pipe"}));
}

TEST(File, GrowsUnseenUntilItIsCommitted) {
    const TemporaryDirectory folder;
    write_file_atomically(folder / "file", "old");
    AtomicFile file(folder / "file");
    file.write(std::as_bytes(std::span("---d", 4)));
    file.seek(0);
    file.write(std::as_bytes(std::span("ab", 2)));
    file.write(std::as_bytes(std::span("c", 1)));
    EXPECT_EQ(text_of(folder / "file"), "old");
    EXPECT_EQ(folder.names().size(), 2U);
    std::string piece(8, ' ');
    EXPECT_EQ(file.read(1, std::as_writable_bytes(std::span(piece))), 3U);
    EXPECT_EQ(piece, "bcd     ");
    file.commit();
    EXPECT_EQ(text_of(folder / "file"), "abcd");
    EXPECT_EQ(folder.names(), Names{"file"});
}

TEST(File, LeavesNothingWithoutACommit) {
    const TemporaryDirectory folder;
    write_file_atomically(folder / "file", "old");
    {
        AtomicFile file(folder / "file");
        file.write(std::as_bytes(std::span("new", 3)));
        AtomicFile(folder / "other").write({});
    }
    EXPECT_EQ(text_of(folder / "file"), "old");
    EXPECT_EQ(folder.names(), Names{"file"});
}

TEST(File, ReadSaysWhatIsWrong) {
    const TemporaryDirectory folder;
    expect_contains(sentence_of<InputError>([&] { read_file(folder / "none", no_limit); }), "No such file");
    write_file_atomically(folder / "file", "12345");
    EXPECT_EQ(read_file(folder / "file", 5).size(), 5U);
    expect_contains(sentence_of<InputError>([&] { read_file(folder / "file", 4); }), "at most 4");
}

TEST(File, ReadsPieces) {
    const TemporaryDirectory folder;
    write_file_atomically(folder / "file", "0123456789");
    const InputFile file(folder / "file", no_limit);
    EXPECT_EQ(file.size(), 10U);
    std::string piece(4, ' ');
    const auto read = [&](std::size_t offset) { return file.read(offset, std::as_writable_bytes(std::span(piece))); };
    EXPECT_EQ(read(3), 4U);
    EXPECT_EQ(piece, "3456");
    EXPECT_EQ(read(8), 2U);
    EXPECT_EQ(piece.substr(0, 2), "89");
    EXPECT_EQ(read(100), 0U);
    fs::resize_file(folder / "file", 5);
    EXPECT_EQ(read(3), 2U);
    EXPECT_EQ(errno, 0);
}

TEST(File, WriteSaysWhatIsWrong) {
    const TemporaryDirectory folder;
    const fs::path missing = folder / "missing" / "file";
    const std::string sentence = sentence_of<OutputError>([&] { write_file_atomically(missing, "x"); });
    expect_contains(sentence, missing.string());
    expect_contains(sentence, "No such file or directory");
    write_file_atomically(folder / "file", "x");
    expect_contains(sentence_of<OutputError>([&] { gsfit::create_directories(folder / "file" / "below"); }),
                    "Not a directory");
}

TEST(File, KeepsTheOldFileWhenTheNewOneDoesNotFit) {
    const TemporaryDirectory folder;
    write_file_atomically(folder / "file", "old");
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    const rlimit small{1000, limit.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    const std::string sentence =
        sentence_of<OutputError>([&] { write_file_atomically(folder / "file", std::string(5000, 'x')); });
    EXPECT_THROW(append_to_file(folder / "file", std::string(5000, 'x')), OutputError);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, handler);
    expect_contains(sentence, "File too large");
    EXPECT_EQ(text_of(folder / "file"), "old");
    EXPECT_EQ(folder.names(), Names{"file"});
}

TEST(File, Appends) {
    const TemporaryDirectory folder;
    append_to_file(folder / "file", "one\n");
    append_to_file(folder / "file", "two\n");
    EXPECT_EQ(text_of(folder / "file"), "one\ntwo\n");
    EXPECT_THROW(append_to_file(folder.path(), "x"), OutputError);
}

TEST(File, ReplacesASymbolicLink) {
    const TemporaryDirectory folder;
    write_symlink_atomically(folder / "latest", "one");
    write_symlink_atomically(folder / "latest", "two");
    EXPECT_EQ(fs::read_symlink(folder / "latest"), "two");
    EXPECT_EQ(folder.names(), Names{"latest"});
}

TEST(File, RemovesLeftoversAndNothingElse) {
    const TemporaryDirectory folder;
    std::ofstream(folder / ".gsfit-17-0.tmp") << "part";
    std::ofstream(folder / ".gsfit-notes") << "theirs";
    std::ofstream(folder / "a.tmp") << "theirs";
    remove_leftovers(folder.path());
    EXPECT_EQ(folder.names(), (Names{".gsfit-notes", "a.tmp"}));
}

TEST(File, AReaderNeverSeesAPartWhenTheWriterIsKilled) {
    const TemporaryDirectory folder;
    const fs::path path = folder / "file";
    write_file_atomically(path, std::string(100000, 'a'));
    for (int round = 0; round < 20; ++round) {
        const pid_t writer = ::fork();
        if (writer == 0) {
            for (char letter = 'a';; letter = letter == 'z' ? 'a' : static_cast<char>(letter + 1)) {
                write_file_atomically(path, std::string(100000, letter));
            }
        }
        ::usleep(static_cast<useconds_t>(1000 + round * 700));
        ::kill(writer, SIGKILL);
        ::waitpid(writer, nullptr, 0);
        const std::string text = text_of(path);
        EXPECT_EQ(text, std::string(100000, text.at(0)));
    }
    remove_leftovers(folder.path());
    EXPECT_EQ(folder.names(), Names{"file"});
}

}  // namespace
}  // namespace gsfit
