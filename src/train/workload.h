#pragma once

#include "gsfit/train/plan.h"
#include "train/schedule.h"

namespace gsfit {

/// What a run works on in the phases that need most memory.
class Workload {
public:
    Workload(const ImageInfo& image, const TrainOptions& options, const MemorySettings& settings);

    [[nodiscard]] const Schedule& schedule() const { return schedule_; }

    /// The lattice with most samples of all steps; that of the last growth; all pixels.
    [[nodiscard]] Lattice finest() const { return lattice_of(schedule_.stride(1, most_steps())); }
    [[nodiscard]] Lattice grown() const { return lattice_of(schedule_.stride(options_.growth_until, most_steps())); }
    [[nodiscard]] Lattice whole() const { return lattice_of(1); }

    /// The largest band of a step on a lattice, and the rows that are drawn for it.
    [[nodiscard]] Rows band(const Lattice& lattice) const;
    [[nodiscard]] Rows drawn(const Lattice& lattice) const;

    /// (Gaussian, block) pairs of these rows, estimated; and those of a GPU's tiles.
    [[nodiscard]] std::int64_t pairs(const Lattice& lattice, const Rows& rows) const;
    [[nodiscard]] std::int64_t tile_pairs(const Lattice& lattice, const Rows& rows) const;

private:
    /// Of the run; by the clock, nobody knows.
    [[nodiscard]] double most_steps() const;
    [[nodiscard]] Lattice lattice_of(std::int64_t stride) const;
    /// Side of a Gaussian's rectangle [samples]. Along each axis it covers `reach` pitches on either side of its centre
    /// at the default cutoff. This and the estimates made of it are measured on photos and drawings at the end of
    /// training.
    [[nodiscard]] double extent(const Lattice& lattice, double reach) const;
    /// Those whose rectangles of that side touch the rows.
    [[nodiscard]] double gaussians_of(const Lattice& lattice, const Rows& rows, double side) const;

    const ImageInfo& image_;
    const TrainOptions& options_;
    const MemorySettings& settings_;
    Schedule schedule_;
};

}  // namespace gsfit
