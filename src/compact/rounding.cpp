#include "gsfit/compact/rounding.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "gsfit/core/error.h"
#include "gsfit/eval.h"

namespace gsfit {
namespace {

constexpr double least_q = 1e-9;

double squared_error(double psnr) { return std::pow(10, -psnr / 10); }

double samples(const Field& field) {
    return static_cast<double>(field.raster_width * field.raster_height * field.channels());
}

double parameters(const Field& field) { return static_cast<double>(field.size() * (5 + field.channels())); }

}  // namespace

bool meets(const Outcome& outcome, const Goal& goal) {
    if (goal.psnr) return std::abs(outcome.psnr - *goal.psnr) <= 0.1;
    if (!goal.bytes) return true;
    return outcome.bytes <= *goal.bytes &&
           static_cast<double>(outcome.bytes) >= 0.98 * static_cast<double>(*goal.bytes);
}

double best_q(const Field& field, double psnr) {
    return std::max(0.25 * squared_error(psnr) * samples(field) / parameters(field), least_q);
}

double q_of(std::span<const std::byte> file) { return std::exp2(reader_of(file).log2_q()); }

std::vector<std::byte> file_within(const codec::Encoder& encoder, std::int64_t aim, std::int64_t most) {
    std::vector<std::byte> file = encoder.encode_within(static_cast<std::size_t>(aim));
    if (file.size() > static_cast<std::size_t>(most)) {
        throw UsageError("the field takes " + std::to_string(file.size()) + " bytes at least, more than the " +
                         std::to_string(most) + " that are asked for; fit fewer Gaussians");
    }
    return file;
}

RoundingSearch::RoundingSearch(const Field& field, const codec::Description& description, const PackedImage& image,
                               double psnr, const Goal& goal)
    : field_(field),
      description_(description),
      image_(image),
      goal_(goal),
      encoder_(gaussians_of(field), description),
      field_error_(squared_error(psnr)),
      better_{0, field_error_} {
    constexpr double margin = 0.9975;  // training while it is rounded changes what symbols cost
    if (goal.bytes) bytes_ = margin * static_cast<double>(*goal.bytes);
}

double RoundingSearch::propose() {
    if (goal_.bytes) return q_of_bytes();
    return goal_.psnr ? q_of_error() : best_q(field_, -10 * std::log10(field_error_));
}

void RoundingSearch::learn(const Outcome& outcome) {
    if (goal_.bytes) bytes_ *= 0.9995 * static_cast<double>(*goal_.bytes) / static_cast<double>(outcome.bytes);
    if (!goal_.psnr) return;
    const Rounded now{added_, squared_error(outcome.psnr)};
    if (now.error > squared_error(*goal_.psnr)) {
        worse_ = now;
    } else {
        better_ = now;
    }
}

double RoundingSearch::q_of_bytes() const {
    return q_of(file_within(encoder_, static_cast<std::int64_t>(bytes_), *goal_.bytes));
}

/// Between a file that is too good and one that is too bad; where only one is known, its error grows with what rounding
/// adds as training usually leaves it.
double RoundingSearch::wanted_addition() const {
    const double wanted = squared_error(*goal_.psnr);
    constexpr double usually_left = 0.7;
    const double left = worse_ ? (worse_->error - better_.error) / (worse_->added - better_.added) : usually_left;
    return better_.added + (wanted - better_.error) / left;
}

/// What rounding adds is nearly proportional to q.
double RoundingSearch::q_of_error() {
    const double finest = 0.01 * field_error_;
    const double wanted = std::max(wanted_addition(), finest);
    double q = best_q(field_, -10 * std::log10(field_error_));
    for (int round = 0; round < 6; ++round) {
        added_ = std::max(error_of(encoder_.encode(q)) - field_error_, 0.1 * finest);
        const double factor = std::clamp(wanted / added_, 1.0 / 64, 64.0);
        if (std::abs(factor - 1) < 0.02) break;
        q = std::max(q * factor, least_q);
    }
    return q;
}

double RoundingSearch::error_of(std::span<const std::byte> file) const {
    const Field back = field_of(reader_of(file).decode(), description_);
    return squared_error(evaluate_psnr(back, description_.blending, image_));
}

}  // namespace gsfit
