#include "gsfit/record/frame_recorder.h"

#include <ATen/core/grad_mode.h>

#include <exception>
#include <utility>

#include "gsfit/image/pictures.h"
#include "gsfit/memory.h"
#include "gsfit/project.h"
#include "gsfit/render.h"
#include "record/frame_writer.h"

namespace gsfit {
namespace {

PictureSize frame_size(const ImageInfo& image, const RecorderOptions& options) {
    return picture_size(image.width, image.height, options.max_side);
}

Picture draw(const TrainState& state, const PictureSize& size) {
    const at::NoGradGuard no_gradients;
    const Lattice lattice = Lattice::whole(size.width, size.height);
    const Splats splats = project(drawn_field(state), lattice);
    return picture_of({.width = size.width,
                       .height = size.height,
                       .channels = state.field.channels(),
                       .band =
                           [&](std::int64_t first, std::int64_t rows) {
                               return render_rows(splats, lattice, {first, rows}, state.blending).cpu();
                           }},
                      state.maps);
}

Frame frame_of(const TrainEvent& event) {
    return {.step = event.state.step,
            .seconds = event.state.seconds,
            .gaussians = event.state.field.size(),
            .step_scale = event.step_scale,
            .psnr = event.psnr,
            .ssim = event.ssim};
}

std::unique_ptr<FrameStore> make_store(const std::filesystem::path& run_folder, const RecorderOptions& options,
                                       const Picture& target, std::optional<std::int64_t> resumed_step) {
    std::vector<std::byte> jpeg = encode_jpeg(target);
    if (!options.on_disk) return frames_in_memory(options.iterations, options.memory_bound, std::move(jpeg));
    if (resumed_step) remove_frames_after(run_folder, *resumed_step);
    return frames_in_folder(run_folder, options.disk_reserve, jpeg);
}

}  // namespace

std::int64_t recorder_bytes(const ImageInfo& image, const RecorderOptions& options) {
    const PictureSize size = frame_size(image, options);
    const std::int64_t picture = 3 * size.width * size.height;
    const std::int64_t band = write_image_rows(size.width, image.channels) * size.width * image.channels * 4;
    const std::int64_t encoding = picture;  // the JPEG, at most
    return (options.queue + 1) * picture + band + encoding + (options.on_disk ? 0 : options.memory_bound);
}

std::int64_t frames_bytes(const ImageInfo& image, const RecorderOptions& options, std::int64_t frames) {
    constexpr std::int64_t pixels_per_byte = 3;
    const PictureSize size = frame_size(image, options);
    return frames * (size.width * size.height / pixels_per_byte + 1000);
}

FrameRecorder::FrameRecorder(const std::filesystem::path& run_folder, const RecorderOptions& options,
                             const PackedImage& target, std::optional<std::int64_t> resumed_step, Warn warn)
    : options_(options), size_(frame_size(target.info(), options)), warn_(std::move(warn)) {
    try {
        writer_ = std::make_unique<FrameWriter>(
            make_store(run_folder, options, picture_of(target, size_.width, size_.height), resumed_step),
            static_cast<std::size_t>(options.queue));
        const std::vector<Frame> frames = writer_->store().recorded().frames;
        if (!frames.empty()) last_step_ = frames.back().step;
    } catch (const std::exception& error) {
        writer_.reset();
        warn_(std::string("no frames are recorded: ") + error.what());
    }
}

FrameRecorder::~FrameRecorder() = default;

bool FrameRecorder::is_due(const TrainEvent& event) const {
    using enum TrainEvent::Kind;
    if (event.state.step <= last_step_) return false;
    if (event.kind == finished) return !event.stopped;
    return (event.kind == started || event.kind == stepped) &&
           event.state.step % (options_.iterations * writer_->store().every()) == 0;
}

void FrameRecorder::operator()(const TrainEvent& event) {
    if (!writer_) return;
    if (is_due(event)) record(event);
    if (event.kind == TrainEvent::Kind::finished) writer_->drain();
    if (const auto failure = writer_->take_failure()) {
        warn_("recording stops, training goes on, and the frames so far are kept: " + *failure);
    }
}

void FrameRecorder::record(const TrainEvent& event) {
    last_step_ = event.state.step;
    try {
        writer_->push(frame_of(event), draw(event.state, size_));
    } catch (const std::exception& error) {
        if (!is_out_of_memory(error)) throw;
        if (!std::exchange(told_of_memory_, true)) warn_("memory does not suffice for every frame: some are left out");
    }
}

void FrameRecorder::drain() {
    if (writer_) writer_->drain();
}

RecordedFrames FrameRecorder::recorded() {
    drain();
    return writer_ ? writer_->store().recorded() : RecordedFrames();
}

}  // namespace gsfit
