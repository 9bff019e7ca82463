#pragma once

// How coarsely a field is rounded.

#include <cstdint>
#include <optional>

#include "gsfit/compact.h"

namespace gsfit {

/// What a compact file is to come to: one of these, or neither.
struct Goal {
    std::optional<std::int64_t> bytes{};  ///< at most, and close to that
    std::optional<double> psnr{};         ///< [dB] of the decoded field
};

/// What a file came to.
struct Outcome {
    std::int64_t bytes = 0;
    double psnr = 0;  ///< [dB]
};

/// At most the bytes and 2% less at most, or 0.1 dB at most from the PSNR; true where nothing is asked for.
bool meets(const Outcome& outcome, const Goal& goal);

/// The q that adds a quarter of the squared error which the field, of this PSNR [dB], has already: finer steps cost
/// more than they gain, coarser ones lose more than other Gaussians would.
double best_q(const Field& field, double psnr);

/// The q of a file.
double q_of(std::span<const std::byte> file);

/// The encoder's file of at most `aim` bytes, and close to that. Throws UsageError when it has more than `most`.
std::vector<std::byte> file_within(const codec::Encoder& encoder, std::int64_t aim, std::int64_t most);

/// Finds the q by which frozen_file() meets a goal: proposes one, is told what came of it, and proposes a better one.
class RoundingSearch {
public:
    /// `psnr` is the field's own [dB]. Field, description and image outlive it. Throws as codec::Encoder does.
    RoundingSearch(const Field& field, const codec::Description& description, const PackedImage& image, double psnr,
                   const Goal& goal);

    /// Throws UsageError when the goal's bytes do not hold the field however it is rounded.
    [[nodiscard]] double propose();
    /// What the last proposal came to.
    void learn(const Outcome& outcome);

private:
    [[nodiscard]] double q_of_bytes() const;
    [[nodiscard]] double q_of_error();
    [[nodiscard]] double wanted_addition() const;
    [[nodiscard]] double error_of(std::span<const std::byte> file) const;

    /// A frozen file: mean squared error, and what of it rounding would add to the field at once.
    struct Rounded {
        double added = 0;
        double error = 0;
    };

    const Field& field_;
    const codec::Description& description_;
    const PackedImage& image_;
    Goal goal_;
    codec::Encoder encoder_;
    double bytes_ = 0;              ///< that are aimed at
    double field_error_;            ///< mean squared, of the field
    Rounded better_;                ///< than the goal; at first the field itself
    std::optional<Rounded> worse_;  ///< than the goal
    double added_ = 0;              ///< by the last proposal when it is rounded at once
};

}  // namespace gsfit
