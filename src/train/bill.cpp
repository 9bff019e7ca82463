// What a run keeps and makes, added up from the formulas of the rooms that allocate it.

#include <algorithm>
#include <array>

#include "gsfit/bin.h"
#include "gsfit/densify.h"
#include "gsfit/densify/image_gs.h"
#include "gsfit/eval.h"
#include "gsfit/gaussians.h"
#include "gsfit/gpu/device_bytes.h"
#include "gsfit/loss.h"
#include "gsfit/raster.h"
#include "train/device_step_bytes.h"
#include "train/step.h"
#include "train/workload.h"

namespace gsfit {

namespace {

using Phase = MemoryItem::Phase;

Rows rows_up_to(std::int64_t most, const Lattice& lattice) { return {0, std::min(most, lattice.height)}; }

std::int64_t state_bytes(const ImageInfo& image, const TrainOptions& options) {
    return field_bytes(options.num_gaussians, image.channels) + moments_bytes(options.num_gaussians, image.channels);
}

/// Gaussians that a relocation moves at most; 0: a run has none.
std::int64_t most_relocated(const TrainOptions& options, const Schedule& schedule) {
    if (!schedule.relocates()) return 0;
    return static_cast<std::int64_t>(options.relocate_ratio * static_cast<float>(options.num_gaussians)) + 1;
}

class HostBill {
public:
    HostBill(const ImageInfo& image, const TrainOptions& options, const MemorySettings& settings)
        : image_(image), options_(options), settings_(settings), work_(image, options, settings) {}

    [[nodiscard]] MemoryBill make() const {
        const Schedule& schedule = work_.schedule();
        const std::int64_t start_width = std::max<std::int64_t>(1, image_.width / schedule.stride(0, 1));
        // What a working program touches of its libraries, and its threads' stacks: measured.
        constexpr std::int64_t in_use = 20'000'000;
        const bool trains = options_.device.is_cpu();
        MemoryBill bill{{{"program in use", Phase::always, in_use}, {"target", Phase::always, target()}}};
        if (trains) bill.items.push_back({"Gaussians", Phase::always, state_bytes(image_, options_)});
        if (trains && options_.quantisation) {
            bill.items.push_back(
                {"quantised", Phase::always, quantised_bytes(options_.num_gaussians, image_.channels)});
        }
        bill.items.push_back({"recording", Phase::always, options_.memory.recording_bytes});
        bill.items.push_back(
            {"start", Phase::start, initial_field_bytes(start_width, image_.channels, schedule.initial_count())});
        if (trains) add_training(bill.items);
        if (options_.image_gs) bill.items.push_back({"additions", Phase::growth, additions()});
        bill.items.push_back({"saving", Phase::saving, state_bytes(image_, options_)});
        return bill;
    }

private:
    /// Recipe image_gs places new Gaussians on the host, wherever it trains.
    [[nodiscard]] std::int64_t additions() const {
        return add_by_residual_bytes(image_.width, image_.channels, work_.schedule().growth_count(),
                                     options_.num_gaussians);
    }

    void add_training(std::vector<MemoryItem>& items) const {
        const Lattice finest = work_.finest();
        const Lattice grown = work_.grown();
        const Lattice whole = work_.whole();
        const Rows eval_rows = rows_up_to(evaluation_rows, whole);
        const Rows growth_rows = rows_up_to(growth_band_rows, grown);
        const std::int64_t n = options_.num_gaussians;
        items.insert(items.end(), {{"gradients", Phase::step, step_gradient_bytes(n, image_.channels)},
                                   {"lists", Phase::step, lists(finest, work_.band(finest), true)},
                                   {"image", Phase::step, draws_image(options_) ? image(finest) : 0},
                                   {"image gradient", Phase::step, draws_image(options_) ? image_gradient(finest) : 0},
                                   {"growth", Phase::growth, growth(grown) + lists(grown, growth_rows, false)},
                                   {"relocation", Phase::relocation, relocation()},
                                   {"evaluation", Phase::evaluation,
                                    image_bytes(whole.width, eval_rows.count, image_.channels, at::kFloat) +
                                        lists(whole, eval_rows, false)}});
    }

    [[nodiscard]] std::int64_t growth(const Lattice& lattice) const {
        if (options_.image_gs) return 0;  // additions()
        return growth_bytes(lattice.width, image_.channels, work_.schedule().growth_count(), options_.num_gaussians);
    }

    /// What every Gaussian is worth; then those that stay, once more, and growth.
    [[nodiscard]] std::int64_t relocation() const {
        const std::int64_t moved = most_relocated(options_, work_.schedule());
        if (moved == 0) return 0;
        const std::int64_t n = options_.num_gaussians;
        const Lattice lattice = work_.finest();
        const Rows band = work_.band(lattice);
        const std::int64_t worth = lists(lattice, band, false) + removal_bytes(n, work_.pairs(lattice, band)) +
                                   step_gradient_bytes(n, image_.channels);
        const std::int64_t moving = state_bytes(image_, options_) +
                                    growth_bytes(lattice.width, image_.channels, moved, n) +
                                    lists(lattice, rows_up_to(growth_band_rows, lattice), false);
        return std::max(worth, moving);
    }

    /// A GPU has a copy of its own: the host's is read at the start only, a few rows at a time.
    [[nodiscard]] std::int64_t target() const {
        if (!settings_.target_in_file) return image_.bytes();
        const Lattice finest = work_.finest();
        const std::int64_t of_steps = options_.device.is_cpu() ? work_.band(finest).count * finest.stride : 0;
        const std::int64_t rows = of_steps + evaluation_rows;
        return image_.resident_bytes(std::min(2 * rows, image_.height));  // the band at hand, and the one read ahead
    }

    [[nodiscard]] at::ScalarType type() const { return settings_.amp ? at::kHalf : at::kFloat; }

    [[nodiscard]] std::int64_t image(const Lattice& lattice) const {
        const std::int64_t rows = work_.drawn(lattice).count;
        const Blending& blending = options_.blending;
        const int planes = (blending.normalised() ? 1 : 0) + (blending.selects() ? 1 : 0);
        return image_bytes(lattice.width, rows, image_.channels, type()) +
               planes * normaliser_bytes(lattice.width, rows);
    }

    [[nodiscard]] std::int64_t image_gradient(const Lattice& lattice) const {
        return image_loss_bytes(image_.channels, work_.drawn(lattice).count, lattice.width, type());
    }

    /// Lists of Gaussians of these rows and, `differentiated`, their partial gradients.
    [[nodiscard]] std::int64_t lists(const Lattice& lattice, const Rows& rows, bool differentiated) const {
        const std::int64_t n = options_.num_gaussians;
        const std::int64_t blocks = blocks_along(lattice.width) * blocks_along(rows.count);
        const std::int64_t count = work_.pairs(lattice, rows);
        return bins_bytes(n, blocks, count) + binning_bytes(n, blocks) +
               (differentiated ? slot_bytes(count, image_.channels) : 0);
    }

    const ImageInfo& image_;
    const TrainOptions& options_;
    const MemorySettings& settings_;
    Workload work_;
};

class DeviceBill {
public:
    DeviceBill(const ImageInfo& image, const TrainOptions& options, const MemorySettings& settings)
        : image_(image), options_(options), settings_(settings), work_(image, options, settings) {}

    [[nodiscard]] MemoryBill make() const {
        const std::int64_t n = options_.num_gaussians;
        const int channels = image_.channels;
        const DeviceStepBytes step = of_step();
        const Lattice grown = work_.grown();
        const Lattice whole = work_.whole();
        const std::int64_t growth =
            device_growth_bytes(grown.width, grown.height, channels, work_.schedule().growth_count(), n);
        MemoryBill bill{{{"segments", Phase::always, shared_segment_bytes},
                         {"target", Phase::always, device_bytes(image_.bytes())},
                         {"Gaussians", Phase::always, device_bytes(state_bytes(image_, options_))},
                         {"gradients", Phase::always, step.gradients},
                         {"lists", Phase::always, step.lists},
                         {"planes", Phase::always, step.planes},
                         {"sorting", Phase::sorting, device_sorting_bytes(n, channels)},
                         {"growth", Phase::growth, std::max(growth, drawing(grown, growth_band_rows))},
                         {"relocation", Phase::relocation, relocation()},
                         {"evaluation", Phase::evaluation, drawing(whole, evaluation_rows)}}};
        if (options_.hold) bill.items.push_back({"held", Phase::always, device_bytes(held_bytes(n, channels))});
        return bill;
    }

private:
    [[nodiscard]] DeviceStepBytes of_step() const {
        const Lattice finest = work_.finest();
        const StepLoss loss = work_.schedule().fullest_loss();
        return device_step_bytes(
            options_.num_gaussians, image_,
            {.blending = options_.blending,
             .loss = loss,
             .quantisation = options_.quantisation,
             .stride = finest.stride,
             .bands = settings_.bands,
             .half = settings_.amp && loss.needs_image(),
             .pairs = with_room(work_.tile_pairs(finest, work_.drawn(finest)), options_.num_gaussians)});
    }

    [[nodiscard]] std::int64_t relocation() const {
        const std::int64_t moved = most_relocated(options_, work_.schedule());
        if (moved == 0) return 0;
        const std::int64_t n = options_.num_gaussians;
        const Lattice lattice = work_.finest();
        const std::int64_t band = work_.band(lattice).count;
        const std::int64_t worth = drawing(lattice, band) + device_removal_bytes(n, lattice.width, band);
        const std::int64_t moving =
            device_bytes(state_bytes(image_, options_)) +
            std::max(device_growth_bytes(lattice.width, lattice.height, image_.channels, moved, n),
                     drawing(lattice, growth_band_rows));
        return std::max(worth, moving);
    }

    [[nodiscard]] std::int64_t drawing(const Lattice& lattice, std::int64_t most) const {
        const Rows rows = rows_up_to(most, lattice);
        const std::int64_t thresholds =
            options_.blending.selects() ? device_bytes(normaliser_bytes(lattice.width, rows.count)) : 0;
        const std::int64_t quantised =
            options_.quantisation ? device_quantised_bytes(options_.num_gaussians, image_.channels) : 0;
        return thresholds + quantised +
               device_drawing_bytes(options_.num_gaussians, image_.channels, lattice.width, rows.count,
                                    work_.tile_pairs(lattice, rows));
    }

    const ImageInfo& image_;
    const TrainOptions& options_;
    const MemorySettings& settings_;
    Workload work_;
};

}  // namespace

MemoryBill memory_bill(const ImageInfo& image, const TrainOptions& options, const MemorySettings& settings,
                       Memory memory) {
    if (memory == Memory::host) return HostBill(image, options, settings).make();
    return options.device.is_cpu() ? MemoryBill{} : DeviceBill(image, options, settings).make();
}

std::int64_t MemoryBill::peak() const {
    std::array<std::int64_t, 8> phases{};
    for (const MemoryItem& item : items) phases[static_cast<std::size_t>(item.phase)] += item.bytes;
    return phases[0] + *std::max_element(phases.begin() + 1, phases.end());
}

}  // namespace gsfit
