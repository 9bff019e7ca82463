#include "gsfit/video.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <csignal>
#include <set>
#include <span>

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "sentences.h"
#include "temporary_directory.h"
#include "video/check.h"
#include "video/plan.h"
#include "video_files.h"

namespace gsfit {
namespace {

using Names = std::set<std::string>;

constexpr int fps = 5;

VideoOptions small_options(VideoLayout layout = VideoLayout::side) { return {.layout = layout, .fps = fps}; }

TEST(Video, HasEveryFrameAndHoldsTheLastOneForASecond) {
    const TemporaryDirectory folder;
    const Video made = make_video(folder / "video.mp4", recording(64, 48, 7), small_options());
    EXPECT_EQ(made.frames, 12);
    EXPECT_DOUBLE_EQ(made.seconds, 2.4);
    EXPECT_EQ(made.encoder, "libx264");
    EXPECT_EQ(made.note, "");
    EXPECT_EQ(folder.names(), Names{"video.mp4"});

    const DecodedVideo video = decode_video(folder / "video.mp4");
    ASSERT_EQ(video.pictures.size(), 12U);
    EXPECT_NEAR(video.seconds, 2.4, 1e-6);
    EXPECT_DOUBLE_EQ(video.fps, fps);
    for (std::size_t i = 0; i < video.pictures.size(); ++i) {
        EXPECT_NEAR(video.times[i], static_cast<double>(i) / fps, 1e-6);
        EXPECT_EQ(video.pictures[i].width, made.width);
        EXPECT_EQ(video.pictures[i].height, made.height);
        // The last stripe of the render grows lighter with each frame until the last one is held.
        const double grey = video.pictures[i].color(made.width - 40, 100)[0];
        EXPECT_NEAR(grey, 60 + 10 * std::min<double>(static_cast<double>(i), 6), 4) << i;
    }
}

TEST(Video, IsH264WithTheTagsOfItsColors) {
    const TemporaryDirectory folder;
    make_video(folder / "video.mp4", recording(64, 48, 2), small_options());
    const DecodedVideo video = decode_video(folder / "video.mp4");
    EXPECT_EQ(video.codec, "h264");
    EXPECT_EQ(video.profile, FF_PROFILE_H264_HIGH);
    EXPECT_EQ(video.format, AV_PIX_FMT_YUV420P);
    EXPECT_EQ(video.primaries, AVCOL_PRI_BT709);
    EXPECT_EQ(video.transfer, AVCOL_TRC_BT709);
    EXPECT_EQ(video.matrix, AVCOL_SPC_BT709);
    EXPECT_EQ(video.range, AVCOL_RANGE_MPEG);
}

TEST(Video, KeepsColors) {
    const TemporaryDirectory folder;
    const Picture original = striped_picture(64, 48);
    for (const VideoOptions& options : {VideoOptions{.fps = fps}, VideoOptions{.fps = fps, .encoders = {"mpeg4"}}}) {
        const Video made = make_video(folder / "video.mp4", recording(64, 48, 1), options);
        const VideoPlan plan(64, 48, options);
        const DecodedPicture picture = decode_video(folder / "video.mp4").pictures.at(0);
        for (int stripe = 0; stripe < 4; ++stripe) {
            const std::int64_t column = (2 * stripe + 1) * 64 / 8;  // in the middle of the stripe
            const std::array<double, 3> color =
                picture.color(plan.target_x + column * plan.pane_width / 64, plan.pane_height / 2);
            for (std::size_t c = 0; c < 3; ++c) {
                EXPECT_NEAR(color[c], original.pixel(column, 0)[c], 4) << made.encoder << " " << stripe << " " << c;
            }
        }
    }
}

TEST(Video, BeginsWithItsIndexHoweverManyFramesThereAre) {
    const TemporaryDirectory folder;
    for (const int count : {1, 3000}) {
        RecordedFrames frames = recording(2, 2, count);
        VideoOptions options{.layout = VideoLayout::render, .fps = 1, .max_width = 16};
        const Video made = make_video(folder / "video.mp4", frames, options);
        EXPECT_EQ(made.frames, count + 1);
        const std::vector<std::string> boxes = boxes_of(folder / "video.mp4");
        ASSERT_GE(boxes.size(), 3U);
        EXPECT_EQ(boxes[1], "moov");
        EXPECT_EQ(boxes.back(), "mdat");
    }
}

TEST(Video, IsEncodedByTheFirstEncoderThatWorks) {
    const TemporaryDirectory folder;
    VideoOptions options = small_options();
    options.encoders = {"no_such_encoder", "mpeg4", "libx264"};
    const Video made = make_video(folder / "video.mp4", recording(64, 48, 3), options);
    EXPECT_EQ(made.encoder, "mpeg4");
    EXPECT_EQ(made.note,
              "the video is encoded with mpeg4, which browsers do not play, because others cannot be used: "
              "no_such_encoder (not part of this FFmpeg)");
    const DecodedVideo video = decode_video(folder / "video.mp4");
    EXPECT_EQ(video.codec, "mpeg4");
    EXPECT_EQ(video.pictures.size(), 8U);

    options.encoders = {"no_such_encoder", "mjpeg"};  // mjpeg refuses limited range
    const std::string sentence =
        sentence_of<OutputError>([&] { make_video(folder / "other.mp4", recording(64, 48, 3), options); });
    expect_contains(sentence, "no encoder can make a video of 1288 x ");
    expect_contains(sentence, "mjpeg (");
    EXPECT_EQ(folder.names(), Names{"video.mp4"});
}

TEST(Video, PassesOverFramesThatCannotBeUsed) {
    const TemporaryDirectory folder;
    RecordedFrames frames = recording(64, 48, 8);
    const auto whole = frames.jpeg;
    frames.frames[5].step = frames.frames[4].step;
    frames.jpeg = [whole](std::size_t frame) -> std::vector<std::byte> {
        if (frame == 0) return {};
        if (frame == 2) throw InputError("missing");
        if (frame == 3) return encode_jpeg(striped_picture(32, 48));
        return whole(frame);
    };
    const Video made = make_video(folder / "video.mp4", frames, small_options());
    EXPECT_EQ(made.frames, 4 + fps);
    EXPECT_EQ(made.note,
              "4 of 8 frames are not in the video: they are damaged, differ in size from the first or repeat a step");
    EXPECT_EQ(decode_video(folder / "video.mp4").pictures.size(), 4U + fps);

    frames.jpeg = [](std::size_t) { return std::vector<std::byte>(100); };
    expect_contains(sentence_of<InputError>([&] { make_video(folder / "none.mp4", frames, small_options()); }),
                    "recorded frames can be read");
    expect_contains(sentence_of<InputError>([&] { make_video(folder / "none.mp4", {}, small_options()); }),
                    "recorded frames can be read");
    EXPECT_EQ(folder.names(), Names{"video.mp4"});
}

TEST(Video, NeedsATargetOnlyWhereItIsShown) {
    const TemporaryDirectory folder;
    RecordedFrames frames = recording(64, 48, 2);
    for (const std::vector<std::byte>& target : {std::vector<std::byte>(), std::vector<std::byte>(50)}) {
        frames.target = target;
        for (const VideoLayout layout : {VideoLayout::side, VideoLayout::slider}) {
            expect_contains(
                sentence_of<InputError>([&] { make_video(folder / "video.mp4", frames, small_options(layout)); }),
                "set video_layout to render");
        }
    }
    EXPECT_EQ(folder.names(), Names{});
    EXPECT_EQ(make_video(folder / "video.mp4", frames, small_options(VideoLayout::render)).frames, 2 + fps);
}

TEST(Video, RefusesOptionsOutOfRange) {
    const TemporaryDirectory folder;
    for (const VideoOptions& options :
         {VideoOptions{.fps = 0}, VideoOptions{.fps = 241}, VideoOptions{.crf = -1}, VideoOptions{.crf = 52},
          VideoOptions{.max_width = 15}, VideoOptions{.max_width = 16385}, VideoOptions{.encoders = {}}}) {
        EXPECT_THROW(make_video(folder / "video.mp4", recording(8, 8, 1), options), UsageError);
    }
}

TEST(Video, LeavesNothingWhereItCannotBeWritten) {
    const TemporaryDirectory folder;
    expect_contains(sentence_of<OutputError>(
                        [&] { make_video(folder / "missing" / "video.mp4", recording(64, 48, 1), small_options()); }),
                    "No such file or directory");
    std::filesystem::create_directory(folder / "video.mp4");
    EXPECT_THROW(make_video(folder / "video.mp4", recording(64, 48, 1), small_options()), OutputError);
    EXPECT_EQ(folder.names(), Names{"video.mp4"});
}

TEST(Video, AFullDiskLeavesTheOldOne) {
    const TemporaryDirectory folder;
    write_file_atomically(folder / "video.mp4", "old");
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    for (const rlim_t bytes : {100U, 6000U, 9000U}) {
        const rlimit small{bytes, limit.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &small);
        const std::string sentence =
            sentence_of<OutputError>([&] { make_video(folder / "video.mp4", recording(64, 48, 8), small_options()); });
        ::setrlimit(RLIMIT_FSIZE, &limit);
        expect_contains(sentence, "video.mp4': File too large");
    }
    std::signal(SIGXFSZ, handler);
    EXPECT_EQ(folder.names(), Names{"video.mp4"});
    EXPECT_EQ(std::filesystem::file_size(folder / "video.mp4"), 3U);
}

/// What check_video says of these bytes.
std::string objection(const TemporaryDirectory& folder, std::span<const std::byte> bytes, const VideoFormat& format,
                      std::int64_t frames) {
    AtomicFile file(folder / "checked.mp4");
    file.write(bytes);
    return sentence_of<OutputError>([&] { check_video(file, format, frames); });
}

TEST(VideoCheck, RefusesAVideoThatIsNotWhatItShouldBe) {
    const TemporaryDirectory folder;
    const Video made = make_video(folder / "video.mp4", recording(64, 48, 20), small_options());
    const std::vector<std::byte> bytes = read_file(folder / "video.mp4", 1 << 24);
    ASSERT_GT(bytes.size(), 30000U);
    const VideoFormat format{static_cast<int>(made.width), static_cast<int>(made.height), fps};
    {
        AtomicFile file(folder / "checked.mp4");
        file.write(bytes);
        EXPECT_NO_THROW(check_video(file, format, 25));
    }
    expect_contains(objection(folder, bytes, format, 26), "checked.mp4' was damaged while it was written: 25 of 26");
    expect_contains(objection(folder, bytes, {format.width, format.height + 2, fps}, 25), " x ");
    expect_contains(objection(folder, bytes, {format.width, format.height, 6}, 25), "it takes 5.0");
    for (const std::size_t size : {bytes.size() - 300, std::size_t{100}, std::size_t{0}}) {
        SCOPED_TRACE(size);
        objection(folder, std::span(bytes).first(size), format, 25);
    }
    // Damage anywhere among the pictures.
    for (const std::size_t from_end : {20000U, 10000U, 4000U, 2000U}) {
        SCOPED_TRACE(from_end);
        std::vector<std::byte> damaged = bytes;
        std::fill_n(damaged.end() - from_end, 500, std::byte{0x55});
        objection(folder, damaged, format, 25);
    }
}

}  // namespace
}  // namespace gsfit
