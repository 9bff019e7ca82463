// The kernel that keeps a field within bounds, beside what codec::Freezer does on the CPU.

#include <gtest/gtest.h>

#include <random>

#include "cuda/optim/adam.h"
#include "gsfit/compact.h"
#include "gsfit/optim/held.h"
#include "reference/compare.h"
#include "unit/codec_fields.h"

namespace gsfit {
namespace {

constexpr codec::Description description{.width = 96, .height = 64, .channels = 3, .blending = {}};

Field shaken(Field field, std::mt19937& random) {
    for (at::Tensor* tensor : {&field.position, &field.inv_scale, &field.rotation, &field.feature}) {
        *tensor = tensor->clone();
        float* numbers = tensor->mutable_data_ptr<float>();
        for (std::int64_t i = 0; i < tensor->numel(); ++i) {
            numbers[i] *= 1 + 0.1F * (static_cast<float>(random() % 2001) / 1000 - 1);
        }
    }
    return field;
}

Held held_of(const codec::Freezer& freezer) { return gsfit::held_of(freezer.bounds(), description); }

double difference(const at::Tensor& a, const at::Tensor& b) { return a.sub(b).abs().max().item<double>(); }

TEST(HoldKernel, KeepsToWhatTheFreezerDoes) {
    codec::Freezer freezer(codec::scattered(400, description), description, 1e-3);
    Field field = field_of(freezer.start(), description);
    std::mt19937 random(4);
    for (int stage = 0; stage <= codec::Freezer::stages; ++stage) {
        SCOPED_TRACE(stage);
        field = shaken(field, random);
        codec::Gaussians truth = gaussians_of(field);
        freezer.hold(truth);
        const Field expected = field_of(truth, description);
        hold(field, held_of(freezer), {});
        EXPECT_LT(difference(field.position, expected.position), 1e-7);
        EXPECT_LT(difference(field.inv_scale, expected.inv_scale), 1e-5);
        EXPECT_TRUE(reference::identical(field.rotation, expected.rotation));
        EXPECT_TRUE(reference::identical(field.feature, expected.feature));
        if (stage < codec::Freezer::stages) freezer.freeze(truth);
    }
    EXPECT_EQ(gaussians_of(field), codec::decoded(freezer.file()));
}

TEST(HoldKernel, ChangesNothingAfterAStepThatWasSkipped) {
    const codec::Freezer freezer(codec::scattered(200, description), description, 1e-3);
    std::mt19937 random(5);
    Field field = shaken(field_of(freezer.start(), description), random);
    const codec::Gaussians before = gaussians_of(field);
    const Held held = held_of(freezer);
    const float skip = 1;
    hold(field, held, {.scale = nullptr, .skip = &skip});
    EXPECT_EQ(gaussians_of(field), before);
    const float take = 0;
    hold(field, held, {.scale = nullptr, .skip = &take});
    EXPECT_NE(gaussians_of(field), before);
}

TEST(HoldKernel, BoundsTakeWhatIsPlanned) {
    const Held held = held_of(codec::Freezer(codec::scattered(50, description), description, 1e-3));
    std::size_t bytes = held.size.nbytes();
    for (const Field* field : {&held.least, &held.most}) {
        for (const at::Tensor* tensor : {&field->position, &field->inv_scale, &field->rotation, &field->feature}) {
            bytes += tensor->nbytes();
        }
    }
    EXPECT_EQ(held_bytes(held.least.size(), 3), static_cast<std::int64_t>(bytes));
}

}  // namespace
}  // namespace gsfit
