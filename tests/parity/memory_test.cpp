// What is planned for a GPU against what tensors hold, with the kernels for GPUs at work.

#include <ATen/ops/full.h>
#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <optional>

#include "gsfit/bin.h"
#include "gsfit/densify.h"
#include "gsfit/eval.h"
#include "gsfit/gpu/device_bytes.h"
#include "gsfit/project.h"
#include "gsfit/raster.h"
#include "gsfit/train/plan.h"
#include "reference/scenes.h"
#include "train/device_step_bytes.h"
#include "train/removal.h"
#include "train/step.h"

namespace gsfit {
namespace {

std::int64_t held = 0;
std::int64_t peak = 0;

struct Block {
    void* memory;
    std::int64_t bytes;  ///< that LibTorch's allocator of a GPU would give
};

void release(void* context) {
    auto* block = static_cast<Block*>(context);
    held -= block->bytes;
    std::free(block->memory);
    delete block;
}

class CountingAllocator : public c10::Allocator {
public:
    c10::DataPtr allocate(std::size_t bytes) override {
        void* memory = nullptr;
        if (posix_memalign(&memory, 64, std::max<std::size_t>(bytes, 1)) != 0) throw std::bad_alloc();
        auto* block = new Block{memory, device_bytes(static_cast<std::int64_t>(bytes))};
        held += block->bytes;
        peak = std::max(peak, held);
        return {memory, block, release, c10::Device(c10::kCPU)};
    }
    void copy_data(void* to, const void* from, std::size_t bytes) const override { default_copy_data(to, from, bytes); }
};

constexpr std::int64_t width = 420;
constexpr std::int64_t height = 330;
constexpr std::int64_t size = 2500;
const Lattice lattice = Lattice::whole(width, height);

class DeviceBytes : public testing::Test {
protected:
    DeviceBytes() {
        static CountingAllocator allocator;
        c10::SetCPUAllocator(&allocator);
    }
    ~DeviceBytes() override { c10::SetCPUAllocator(c10::GetDefaultCPUAllocator()); }

    /// The most that tensors hold at once beyond what they held before.
    template <class Work>
    static double peak_of(const Work& work) {
        const std::int64_t before = held;
        peak = held;
        work();
        return static_cast<double>(peak - before);
    }

    static void expect_about(double measured, std::int64_t planned) {
        EXPECT_NEAR(measured, static_cast<double>(planned), 0.02 * measured);
    }

    [[nodiscard]] std::int64_t pairs(const Rows& rows) const {
        return count_pairs(project(field_, lattice), width, rows, blending_);
    }

    reference::Target noise_{width, height, 3, 8, 1};
    PackedImage target_{noise_.view(), nullptr};
    Field field_ = reference::random_field(size, 3, width, height, 2);
    Blending blending_;
};

TEST_F(DeviceBytes, OfAStepAreWhatIsPlanned) {
    for (const Blend blend : {Blend::norm, Blend::sum}) {
        for (const float ssim : {0.0F, 0.2F}) {
            for (const MemorySettings settings :
                 {MemorySettings{.amp = false}, MemorySettings{.amp = true}, MemorySettings{.amp = true, .bands = 3}}) {
                const std::int64_t stride = settings.amp ? 1 : 2;
                SCOPED_TRACE(testing::Message() << (blend == Blend::norm ? "norm" : "sum") << ", ssim " << ssim
                                                << ", half " << settings.amp << ", bands " << settings.bands);
                blending_.blend = blend;
                const auto bits = settings.bands > 1 ? std::optional(Quantisation()) : std::nullopt;
                const StepPlan plan{.blending = blending_,
                                    .loss = {.pixel = {},
                                             .ssim = ssim,
                                             .windows = settings.amp ? SsimWindows::image : SsimWindows::block},
                                    .quantisation = bits,
                                    .stride = stride,
                                    .bands = settings.bands,
                                    .half = settings.amp && ssim > 0,
                                    .pairs = with_room(pairs({0, height}), size)};
                const Moments moments = Moments::zeros(size, 3);
                std::optional<DeviceStep> step;
                const double measured = peak_of([&] {
                    step.emplace(field_, moments, target_, plan, gpu::StepReport());
                    step->differentiate(Lattice::phase(width, height, stride, 0, 0));
                    step->update({});
                });
                expect_about(measured, device_step_bytes(size, target_.info(), plan).all());
            }
        }
    }
}

TEST_F(DeviceBytes, OfListsAreWhatIsPlanned) {
    const Splats splats = project(field_, lattice);
    for (const Rows& rows : {Rows{0, height}, Rows{100, 40}}) {
        const std::int64_t tiles = (width + 15) / 16 * ((rows.count + 15) / 16);
        const std::int64_t planned = tile_bins_bytes(size, tiles, pairs(rows)) + tile_binning_bytes(size, pairs(rows));
        expect_about(peak_of([&] { bin(splats, width, rows, blending_); }), planned);
    }
}

TEST_F(DeviceBytes, OfAnEvaluationAreWhatIsPlanned) {
    const Rows rows{0, evaluation_rows};
    const std::int64_t planned = device_drawing_bytes(size, 3, width, rows.count, pairs(rows));
    expect_about(peak_of([&] { evaluate_psnr(field_, blending_, target_); }), planned);
}

TEST_F(DeviceBytes, OfRemovalCostsAreWhatIsPlanned) {
    for (const std::int64_t bands : {1, 3}) {
        const std::int64_t rows = band_height(height, bands);
        const std::int64_t planned =
            device_drawing_bytes(size, 3, width, rows, pairs({0, rows})) + device_removal_bytes(size, width, rows);
        const double measured = peak_of([&] { removal_costs(field_, blending_, target_, lattice, bands); });
        EXPECT_LE(measured, 1.02 * static_cast<double>(planned)) << bands << " bands";
        EXPECT_GE(measured, 0.8 * static_cast<double>(planned)) << bands << " bands";
    }
}

TEST_F(DeviceBytes, OfGrowthAreWhatIsPlanned) {
    for (const std::int64_t added : {200, 20000}) {
        SCOPED_TRACE(added);
        Field field = field_;
        Moments moments = Moments::zeros(size, 3);
        Random random(3);
        const auto flat = [](const Rows& rows) { return at::full({3, rows.count, width}, 0.5); };
        const double measured =
            peak_of([&] { grow(field, moments, flat, target_.view(), lattice, {.count = added, .sigma = 2}, random); });
        expect_about(measured, device_growth_bytes(width, height, 3, added, size + added));
    }
}

TEST_F(DeviceBytes, OfSortingAreWhatIsPlanned) {
    Field field = field_;
    Moments moments = Moments::zeros(size, 3);
    expect_about(peak_of([&] { sort(field, moments); }), device_sorting_bytes(size, 3));
}

/// A whole run, whose pairs are estimated. The GPU's copy of the target is none here, and neither are its segments.
TEST_F(DeviceBytes, OfATrainingAreAboutWhatIsPlanned) {
    TrainOptions options;
    options.num_gaussians = 600;
    options.max_steps = 4;
    options.relocate_ratio = 0;  // see OfRemovalCostsAreWhatIsPlanned
    options.ssim_from = 0;
    options.sublattice = false;
    options.memory.amp = false;
    for (const auto& [ssim, windows] :
         {std::pair{0.0F, SsimWindows::block}, {0.2F, SsimWindows::block}, {0.2F, SsimWindows::image}}) {
        SCOPED_TRACE(testing::Message() << ssim << ", " << name_of(windows));
        options.ssim_loss_ratio = ssim;
        options.ssim_windows = windows;
        options.device = c10::kCPU;
        const double measured = peak_of([&] { train(target_, options, {}); });
        options.device = c10::Device(c10::kCUDA, 0);
        const std::int64_t planned = memory_bill(target_.info(), options, {.amp = false}, Memory::device).peak() -
                                     shared_segment_bytes - device_bytes(target_.info().bytes());
        EXPECT_NEAR(measured, static_cast<double>(planned), 0.1 * measured);
    }
}

}  // namespace
}  // namespace gsfit
