// What a run keeps and makes, added up from the formulas of the rooms that allocate it.

#include <algorithm>
#include <array>
#include <cmath>

#include "gsfit/bin.h"
#include "gsfit/densify.h"
#include "gsfit/eval.h"
#include "gsfit/gaussians.h"
#include "gsfit/loss.h"
#include "gsfit/project.h"
#include "gsfit/raster.h"
#include "gsfit/train/plan.h"
#include "train/schedule.h"
#include "train/step.h"

namespace gsfit {

namespace {

using Phase = MemoryItem::Phase;

class Bill {
public:
    Bill(const ImageInfo& image, const TrainOptions& options, const MemorySettings& settings)
        : image_(image), options_(options), settings_(settings), schedule_(options, image.width, image.height) {}

    [[nodiscard]] MemoryBill make() const {
        const Lattice finest = lattice_of(schedule_.stride(1));
        const Lattice grown = lattice_of(schedule_.stride(options_.growth_until));
        const Lattice whole = lattice_of(1);
        const Rows eval_rows{0, std::min(evaluation_rows, whole.height)};
        const Rows growth_rows{0, std::min(growth_band_rows, grown.height)};
        const std::int64_t n = options_.num_gaussians;
        const std::int64_t start_width = std::max<std::int64_t>(1, image_.width / schedule_.stride(0));
        // What a working program touches of its libraries, and its threads' stacks: measured.
        constexpr std::int64_t in_use = 20'000'000;
        return {
            {{"program in use", Phase::always, in_use},
             {"target", Phase::always, target()},
             {"Gaussians", Phase::always, state()},
             {"recording", Phase::always, options_.memory.recording_bytes},
             {"start", Phase::start, initial_field_bytes(start_width, image_.channels, schedule_.initial_count())},
             {"gradients", Phase::step, step_gradient_bytes(n, image_.channels)},
             {"lists", Phase::step, lists(finest, band(finest), true)},
             {"image", Phase::step, drawn() ? image(finest) : 0},
             {"image gradient", Phase::step, drawn() ? image_gradient(finest) : 0},
             {"growth", Phase::growth,
              growth_bytes(grown.width, image_.channels, schedule_.growth_count(), n) +
                  lists(grown, growth_rows, false)},
             {"evaluation", Phase::evaluation,
              image_bytes(whole.width, eval_rows.count, image_.channels, at::kFloat) + lists(whole, eval_rows, false)},
             {"saving", Phase::saving, state()}}};
    }

private:
    [[nodiscard]] bool drawn() const { return draws_image(options_); }

    [[nodiscard]] Lattice lattice_of(std::int64_t stride) const {
        return Lattice::phase(image_.width, image_.height, stride, 0, 0);
    }

    [[nodiscard]] Rows band(const Lattice& lattice) const {
        return {0, std::min(band_height(lattice.height, settings_.bands), lattice.height)};
    }

    /// Rows that are drawn for a band.
    [[nodiscard]] std::int64_t drawn_rows(const Lattice& lattice) const {
        Rows inner = band(lattice);
        inner.first = (lattice.height - inner.count) / 2;  // one with rows on both sides, where there is one
        return loss_rows(lattice, inner, {.pixel = options_.loss, .ssim = options_.ssim_loss_ratio}).count;
    }

    [[nodiscard]] std::int64_t target() const {
        if (!settings_.target_in_file) return image_.bytes();
        const Lattice finest = lattice_of(schedule_.stride(1));
        const std::int64_t rows = band(finest).count * finest.stride + evaluation_rows;
        return image_.resident_bytes(std::min(2 * rows, image_.height));  // the band at hand, and the one read ahead
    }

    [[nodiscard]] std::int64_t state() const {
        return field_bytes(options_.num_gaussians, image_.channels) +
               moments_bytes(options_.num_gaussians, image_.channels);
    }

    [[nodiscard]] at::ScalarType type() const { return settings_.amp ? at::kHalf : at::kFloat; }

    [[nodiscard]] std::int64_t image(const Lattice& lattice) const {
        const std::int64_t rows = drawn_rows(lattice);
        const bool keeps_normaliser = options_.blending.blend == Blend::norm;
        return image_bytes(lattice.width, rows, image_.channels, type()) +
               (keeps_normaliser ? normaliser_bytes(lattice.width, rows) : 0);
    }

    [[nodiscard]] std::int64_t image_gradient(const Lattice& lattice) const {
        return image_loss_bytes(image_.channels, drawn_rows(lattice), lattice.width, type());
    }

    /// Lists of Gaussians of these rows and, `differentiated`, their partial gradients.
    [[nodiscard]] std::int64_t lists(const Lattice& lattice, const Rows& rows, bool differentiated) const {
        const std::int64_t n = options_.num_gaussians;
        const std::int64_t blocks = blocks_along(lattice.width) * blocks_along(rows.count);
        const std::int64_t count = pairs(lattice, rows);
        return bins_bytes(n, blocks, count) + binning_bytes(n) +
               (differentiated ? slot_bytes(count, image_.channels) : 0);
    }

    /// Pairs of Gaussian and block. Along each axis a Gaussian covers `reach` pitches on either side of its centre:
    /// measured on photos and drawings at the end of training, at the default cutoff.
    [[nodiscard]] std::int64_t pairs(const Lattice& lattice, const Rows& rows) const {
        constexpr double reach = 2.9;
        const double cutoff = static_cast<double>(options_.blending.cutoff / Blending().cutoff);
        const double extent = 2 * reach * cutoff * schedule_.pitch() / static_cast<double>(lattice.stride);
        const auto blocks = [&](std::int64_t samples) {
            return std::min(static_cast<double>(samples), extent) / block_size + 1;
        };
        const double share =
            std::min(1.0, (static_cast<double>(rows.count) + extent) / static_cast<double>(lattice.height));
        return static_cast<std::int64_t>(static_cast<double>(options_.num_gaussians) * share * blocks(lattice.width) *
                                         blocks(rows.count));
    }

    const ImageInfo& image_;
    const TrainOptions& options_;
    const MemorySettings& settings_;
    Schedule schedule_;
};

}  // namespace

MemoryBill memory_bill(const ImageInfo& image, const TrainOptions& options, const MemorySettings& settings) {
    return Bill(image, options, settings).make();
}

std::int64_t MemoryBill::peak() const {
    std::array<std::int64_t, 6> phases{};
    for (const MemoryItem& item : items) phases[static_cast<std::size_t>(item.phase)] += item.bytes;
    return phases[0] + *std::max_element(phases.begin() + 1, phases.end());
}

}  // namespace gsfit
