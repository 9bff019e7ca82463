#include "cli/compression.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "cli/amount.h"
#include "cli/compact.h"
#include "cli/device.h"
#include "cli/image_files.h"
#include "cli/options.h"
#include "cli/probe.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/text.h"
#include "gsfit/compact/amount.h"
#include "gsfit/core/error.h"
#include "gsfit/eval.h"
#include "gsfit/memory.h"
#include "gsfit/train/plan.h"
#include "gsfit/train/start.h"

namespace gsfit::cli {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// Seconds that calls of it took together.
class Stopwatch {
public:
    template <class Work>
    auto time(const Work& work) {
        const double start = now();
        auto result = work();
        seconds_ += now() - start;
        return result;
    }
    [[nodiscard]] double seconds() const { return seconds_; }

private:
    double seconds_ = 0;
};

class Compression {
public:
    explicit Compression(const CompressionTask& task)
        : task_(task), config_(task.config), limit_(config_.number("max_seconds")), goal_(task.goal) {}

    std::optional<Compressed> run() {
        const ImageInfo info = inspect_target(task_.image, config_);
        if (task_.bits_per_pixel) {
            const auto pixels = static_cast<double>(info.width * info.height);
            goal_.bytes = std::max<std::int64_t>(1, std::llround(*task_.bits_per_pixel * pixels / 8));
        }
        options_ = options_of(info);
        PackedImage image = decode(info);
        image_ = &image;
        const std::optional<std::int64_t> count = wanted_count();
        if (!count) return std::nullopt;
        std::optional<Fitted> fitted = fit(*count, std::nullopt);
        if (fitted) fitted = extended(std::move(*fitted));
        if (!fitted) return std::nullopt;
        check_reached(*fitted);
        return rounded(*fitted);
    }

private:
    static constexpr double share_of_fit = 0.68;  // of what is left of max_seconds

    TrainOptions options_of(const ImageInfo& info) {
        TrainOptions options = train_options(config_, info);
        const DeviceChoice device = device_of(config_);
        options.device = device.device;
        note_ = device.note;
        options.memory.folder = task_.folder;
        options.num_gaussians = std::min(first_count(info), info.width * info.height);
        check_fit(options, info);
        return is_auto() ? within_memory(options, info, host_memory().resident) : options;
    }

    /// Whether the image tells how many Gaussians there are.
    [[nodiscard]] bool is_auto() const { return !task_.num_gaussians && !goal_.bytes && !goal_.psnr; }

    /// What is known of the number of Gaussians before the image is decoded.
    [[nodiscard]] std::int64_t first_count(const ImageInfo& info) const {
        if (task_.num_gaussians) return *task_.num_gaussians;
        if (goal_.bytes) return gaussians_of_bytes(*goal_.bytes, info.channels);
        return with_planned_amount(config_, info).integer("num_gaussians");
    }

    PackedImage decode(const ImageInfo& info) const {
        const auto progress = make_progress(config_.text("progress"), 0);
        if (!note_.empty()) progress->note(note_);
        progress->phase(text_of("decoding ", task_.image.string()));
        const bool in_file = plan_memory(info, options_, host_memory().resident).choice().settings.target_in_file;
        return read_target(task_.image, config_, in_file ? PixelStorage{task_.folder} : PixelStorage{});
    }

    [[nodiscard]] std::int64_t pixels() const { return image_->width() * image_->height(); }
    [[nodiscard]] double seconds() const { return now() - start_; }
    [[nodiscard]] double seconds_left() const { return std::max(0.05, limit_ - seconds()); }

    /// As many as the goal takes, or pay; none when a stop was asked for.
    std::optional<std::int64_t> wanted_count() {
        if (task_.num_gaussians) return options_.num_gaussians;
        if (goal_.bytes) return count_of_bytes();
        if (goal_.psnr) return count_of_psnr();
        return training_.time([&] { return auto_amount(config_, *image_, limited(1)); });
    }

    /// By a short fit.
    std::optional<std::int64_t> count_of_bytes() {
        const std::int64_t count = options_.num_gaussians;
        const std::int64_t steps = probe_steps(options_.max_steps);
        const auto probed = training_.time([&] { return probe(config_, *image_, limited(1), count, steps); });
        if (!probed) return std::nullopt;
        return amount_of_bytes(*goal_.bytes, *probed, *image_, options_);
    }

    std::optional<std::int64_t> count_of_psnr() {
        const auto amount = amount_of_psnr(
            {.psnr = *goal_.psnr + usual_loss, .pixels = pixels(), .steps = options_.max_steps, .by_clock = limit_ > 0},
            [&](std::int64_t count, std::int64_t steps) {
                return training_.time([&] { return probed_psnr(config_, *image_, limited(1), count, steps); });
            });
        if (!amount) return std::nullopt;
        law_ = amount->law;
        return amount->gaussians;
    }

    /// With a share of the seconds that are left, if they are limited.
    [[nodiscard]] TrainOptions limited(double share) const {
        TrainOptions options = options_;
        if (limit_ > 0) options.max_seconds = share * seconds_left();
        return options;
    }

    /// None when a stop was asked for.
    std::optional<Fitted> fit(std::int64_t count, const std::optional<Field>& from) {
        TrainOptions options = limited(share_of_fit);
        options.num_gaussians = count;
        std::optional<TrainState> start;
        if (from) {
            options.initial_gaussians = from->size();
            start = start_from(*from, image_->info(), options);
        }
        const auto progress = progress_of(text_of("fitting ", count, " Gaussians"), options.max_steps);
        return training_.time([&] { return fitted(*image_, options, std::move(start), *progress); });
    }

    [[nodiscard]] std::unique_ptr<Progress> progress_of(const std::string& phase, std::int64_t steps) const {
        auto progress = make_progress(config_.text("progress"), limit_ > 0 ? 0 : steps);
        progress->phase(phase);
        return progress;
    }

    /// With more Gaussians where those that are there cannot reach the PSNR.
    std::optional<Fitted> extended(Fitted fitted) {
        if (!goal_.psnr || task_.num_gaussians || limit_ > 0) return fitted;
        for (int round = 0; round < 2; ++round) {
            const Fit known{fitted.state.field.size(), fitted.psnr};
            const std::int64_t count = within_image(law_.gaussians_of(*goal_.psnr + usual_loss, known), pixels());
            if (known.psnr >= *goal_.psnr + least_loss || count <= known.gaussians) break;
            auto more = fit(count, fitted.state.field);
            if (!more) return std::nullopt;
            fitted = std::move(*more);
        }
        return fitted;
    }

    /// Rounding only loses; by the clock the nearest has to do.
    void check_reached(const Fitted& fitted) const {
        if (!goal_.psnr || limit_ > 0 || fitted.psnr >= *goal_.psnr) return;
        throw UsageError(text_of(fitted.state.field.size(), " Gaussians reach ", fixed(fitted.psnr, 2),
                                 " dB, less than the ", *goal_.psnr, " that are asked for; take ",
                                 task_.num_gaussians ? "more Gaussians or more steps" : "more steps or ask for less"));
    }

    std::optional<Compressed> rounded(const Fitted& fitted) {
        const Field& field = fitted.state.field;
        const codec::Description description = description_of(fitted.state, image_->maps());
        RoundingSearch search(field, description, *image_, fitted.psnr, goal_);
        std::optional<Compressed> best;
        constexpr int most_rounds = 6;
        for (int round = 0; round < most_rounds; ++round) {
            auto file = frozen(field, description, search.propose());
            if (!file) return std::nullopt;
            Compressed made = looked_at(std::move(*file), description);
            search.learn(made.outcome);
            const bool good = meets(made.outcome, goal_);
            if (!best || good || distance(made.outcome) < distance(best->outcome)) best = std::move(made);
            if (good || limit_ > 0) break;
        }
        best->training_seconds = training_.seconds();
        best->seconds = seconds();
        return best;
    }

    /// From the goal.
    [[nodiscard]] double distance(const Outcome& outcome) const {
        if (goal_.psnr) return std::abs(outcome.psnr - *goal_.psnr);
        const auto excess = static_cast<double>(outcome.bytes - *goal_.bytes);
        return excess > 0 ? excess + 1e12 : -excess;
    }

    std::optional<std::vector<std::byte>> frozen(const Field& field, const codec::Description& description, double q) {
        constexpr double share = 0.55;  // the rest is to look at the field, settle the file and look at that
        TrainOptions options = limited(share);
        options.max_steps = task_.freezing_steps.value_or(std::max<std::int64_t>(1, 2 * options_.max_steps / 7));
        const auto progress = progress_of(text_of("rounding ", field.size(), " Gaussians"), options.max_steps);
        return training_.time([&] {
            return frozen_file(field, description, *image_, q, options,
                               {[&](const TrainEvent& event) { (*progress)(event); }}, &stop_requested());
        });
    }

    [[nodiscard]] Compressed looked_at(std::vector<std::byte> file, const codec::Description& description) const {
        const Field back = field_of(reader_of(file).decode(), description);
        Compressed made;
        made.outcome = {static_cast<std::int64_t>(file.size()), evaluate_psnr(back, description.blending, *image_)};
        made.gaussians = back.size();
        made.pixels = back.raster_width * back.raster_height;
        made.file = std::move(file);
        return made;
    }

    static constexpr double usual_loss = 0.7;  // [dB] by rounding as coarsely as pays
    static constexpr double least_loss = 0.2;  // [dB] by rounding finely

    const CompressionTask& task_;
    const Config& config_;
    double start_ = now();
    double limit_;  // [s] 0: none
    Goal goal_;
    TrainOptions options_;
    std::string note_;
    const PackedImage* image_ = nullptr;
    PsnrLaw law_ = PsnrLaw::usual();
    Stopwatch training_;
};

}  // namespace

std::optional<Compressed> compress(const CompressionTask& task) { return Compression(task).run(); }

}  // namespace gsfit::cli
