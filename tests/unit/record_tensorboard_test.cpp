#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <string_view>

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "gsfit/record/tensorboard.h"
#include "record/event_file.h"
#include "unit/sentences.h"
#include "unit/temporary_directory.h"
#include "unit/train_states.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;
using Kind = TrainEvent::Kind;

std::string hexadecimal(const std::string& bytes) {
    std::string text;
    for (const char byte : bytes) {
        constexpr std::string_view digits = "0123456789abcdef";
        text += digits[static_cast<unsigned char>(byte) >> 4];
        text += digits[static_cast<unsigned char>(byte) & 15];
    }
    return text;
}

TEST(EventFile, Crc32cOfRfc3720) {
    EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
    EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
    EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43U);
}

// What the package tensorboard 2.21.0 of Python (RecordWriter, Event) writes of the same.
TEST(EventFile, RecordsAreTheseBytes) {
    EXPECT_EQ(hexadecimal(version_record(1.5)),
              "1800000000000000a37f4b22"
              "09000000000000f83f1a0d627261696e2e4576656e743a32"
              "2a28646c");
    EXPECT_EQ(hexadecimal(restart_record(1.5, 300)),
              "100000000000000095fbfe18"
              "09000000000000f83f10ac023a020801"
              "713b788a");
    EXPECT_EQ(hexadecimal(scalars_record(1.5, 300, {{"psnr", 31.25}})),
              "1b000000000000001a0d9e13"
              "09000000000000f83f10ac022a0d0a0b0a0470736e72150000fa41"
              "1a2b342a");
}

/// Reads what the encoder of a record knows, and only that: any other field fails the test.
class Reader {
public:
    explicit Reader(std::string bytes) : bytes_(std::move(bytes)) {}

    [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }

    std::uint64_t fixed(std::size_t size) {
        std::uint64_t value = 0;
        const std::string part = take(size);
        for (std::size_t i = 0; i < size; ++i) value |= std::uint64_t{static_cast<unsigned char>(part[i])} << (8 * i);
        return value;
    }

    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (int shift = 0;; shift += 7) {
            const std::uint64_t byte = fixed(1);
            value |= (byte & 0x7F) << shift;
            if (byte < 0x80) return value;
        }
    }

    std::string take(std::size_t size) {
        if (size > bytes_.size() - at_) {
            ADD_FAILURE() << "a record is cut short";
            at_ = bytes_.size();
            return std::string(size, '\0');
        }
        at_ += size;
        return bytes_.substr(at_ - size, size);
    }

private:
    std::string bytes_;
    std::size_t at_ = 0;
};

struct Event {
    std::int64_t step = 0;
    bool version = false;
    bool restart = false;
    std::map<std::string, float> scalars;
};

std::uint32_t unmasked(std::uint64_t crc) { return std::rotl(static_cast<std::uint32_t>(crc) - 0xA282EAD8U, 15); }

void read_value(Reader value, Event& event) {
    EXPECT_EQ(value.varint(), 0x0AU);  // tag
    const std::string tag = value.take(value.varint());
    EXPECT_EQ(value.varint(), 0x15U);  // simple_value
    event.scalars[tag] = std::bit_cast<float>(static_cast<std::uint32_t>(value.fixed(4)));
    EXPECT_TRUE(value.at_end());
}

Event read_event(Reader record) {
    Event event;
    EXPECT_EQ(record.varint(), 0x09U);  // wall_time
    EXPECT_GT(std::bit_cast<double>(record.fixed(8)), 1.7e9);
    while (!record.at_end()) {
        switch (const std::uint64_t key = record.varint()) {
            case 0x10:
                event.step = static_cast<std::int64_t>(record.varint());
                break;
            case 0x1A:
                event.version = record.take(record.varint()) == "brain.Event:2";
                break;
            case 0x2A:
                for (Reader summary(record.take(record.varint())); !summary.at_end();) {
                    EXPECT_EQ(summary.varint(), 0x0AU);
                    read_value(Reader(summary.take(summary.varint())), event);
                }
                break;
            case 0x3A:
                event.restart = record.take(record.varint()) == "\x08\x01";
                break;
            default:
                ADD_FAILURE() << "field " << key;
                return event;
        }
    }
    return event;
}

std::vector<Event> read_events(const fs::path& path) {
    const std::vector<std::byte> bytes = read_file(path, 1 << 20);
    std::vector<Event> events;
    for (Reader file({reinterpret_cast<const char*>(bytes.data()), bytes.size()}); !file.at_end();) {
        const std::string length = file.take(8);
        EXPECT_EQ(unmasked(file.fixed(4)), crc32c(length));
        const std::string record = file.take(Reader(length).fixed(8));
        EXPECT_EQ(unmasked(file.fixed(4)), crc32c(record));
        events.push_back(read_event(Reader(record)));
    }
    return events;
}

/// In the order of their names, in which TensorBoard reads them.
std::vector<fs::path> files_of(const TemporaryDirectory& run) {
    std::set<fs::path> files;
    for (const auto& entry : fs::directory_iterator(run / "tensorboard")) files.insert(entry.path());
    return {files.begin(), files.end()};
}

void tell(TensorBoardLog& log, std::int64_t step, std::optional<double> psnr = 30.5, Kind kind = Kind::evaluated) {
    TrainState state = example_state();
    state.step = step;
    log(TrainEvent{.kind = kind,
                   .state = state,
                   .loss = 0.25,
                   .psnr = psnr,
                   .ssim = {},
                   .steps_per_second = 80.25,
                   .resident_bytes = 4096});
}

TEST(TensorBoardLog, HasARecordPerEvaluation) {
    const TemporaryDirectory run;
    TensorBoardLog log(run.path());
    for (const Kind kind : {Kind::started, Kind::stepped, Kind::grown, Kind::noted, Kind::finished}) {
        tell(log, 1, 30.5, kind);
    }
    tell(log, 1);
    tell(log, 1);
    tell(log, 300, std::nullopt);
    ASSERT_EQ(files_of(run).size(), 1U);
    EXPECT_TRUE(files_of(run)[0].filename().string().starts_with("events.out.tfevents."));
    const std::vector<Event> events = read_events(files_of(run)[0]);
    ASSERT_EQ(events.size(), 3U);
    EXPECT_TRUE(events[0].version);
    EXPECT_EQ(events[1].step, 1);
    EXPECT_EQ(events[1].scalars, (std::map<std::string, float>{{"loss", 0.25F},
                                                               {"gaussians", 3},
                                                               {"steps_per_second", 80.25F},
                                                               {"step_scale", 1},
                                                               {"skipped_steps", 11},
                                                               {"psnr", 30.5F},
                                                               {"resident_bytes", 4096}}));
    EXPECT_EQ(events[2].step, 300);
    EXPECT_EQ(events[2].scalars.count("psnr"), 0U);
}

TEST(TensorBoardLog, AResumedRunBeginsALaterFileThatTakesBackWhatLiesBeyond) {
    const TemporaryDirectory run;
    TensorBoardLog first(run.path());
    tell(first, 100);
    tell(first, 200);
    TensorBoardLog second(run.path(), 100);
    tell(second, 100);
    tell(second, 150);
    ASSERT_EQ(files_of(run).size(), 2U);
    EXPECT_EQ(read_events(files_of(run)[0]).size(), 3U);
    const std::vector<Event> events = read_events(files_of(run)[1]);
    ASSERT_EQ(events.size(), 3U);
    EXPECT_TRUE(events[0].version);
    EXPECT_TRUE(events[1].restart);
    EXPECT_EQ(events[1].step, 101);
    EXPECT_EQ(events[2].step, 150);
}

TEST(TensorBoardLog, APerfectMatchIsInfinite) {
    const TemporaryDirectory run;
    TensorBoardLog log(run.path());
    tell(log, 1, std::numeric_limits<double>::infinity());
    EXPECT_TRUE(std::isinf(read_events(files_of(run)[0])[1].scalars["psnr"]));
}

TEST(TensorBoardLog, SaysWhenItCannotWrite) {
    const TemporaryDirectory run;
    write_file_atomically(run / "tensorboard", std::string("a file"));
    expect_contains(sentence_of<OutputError>([&] { TensorBoardLog(run.path()); }), "tensorboard");
}

}  // namespace
}  // namespace gsfit
