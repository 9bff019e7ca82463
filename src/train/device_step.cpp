#include "train/device_step.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <type_traits>

#include "cuda/project/project.h"
#include "gsfit/core/error.h"
#include "gsfit/project.h"
#include "gsfit/tile_bins.h"
#include "train/step.h"

namespace gsfit {

namespace {

static_assert(sizeof(gpu::LossSums) == sizeof(gpu::StepTally::loss));

template <class Value>
Value* data(const at::Tensor& tensor) {
    return static_cast<Value*>(tensor.mutable_data_ptr());
}

at::Tensor bytes_like(const at::Tensor& tensor, std::size_t bytes) {
    return at::empty({static_cast<std::int64_t>(bytes)}, tensor.options().dtype(at::kByte));
}

/// A graph costs as much to record as several steps to launch.
constexpr int uses_before_recording = 2;

/// A band of so many rows does not meet more blocks, wherever it begins.
gpu::TileGrid most_blocks(std::int64_t width, std::int64_t rows) { return {width, {block_size - 1, rows}}; }

}  // namespace

DeviceStep::DeviceStep(const Field& field, const Moments& moments, const PackedImage& target, const StepPlan& plan,
                       const gpu::StepReport& start)
    : gpu_(field.position), field_(field), drawn_(field), moments_(moments), target_(target), plan_(plan) {
    if (!gpu_) throw Error("a step of kernels for GPUs needs a field on a GPU");
    if (plan_.quantisation) drawn_ = quantiser_.emplace(field_, *plan_.quantisation).copy();
    const PackedView& pixels = target_.view();
    const Lattice widest = plan_.widest(pixels.width, pixels.height);
    const gpu::TileGrid grid = plan_.largest_grid(widest);
    const std::int64_t rows = grid.rows.count;
    if (plan_.stride > 1) {
        staged_ = bytes_like(field_.position, static_cast<std::size_t>(widest.samples() * pixels.channels) *
                                                  static_cast<std::size_t>(pixels.bits / 8));
    }
    allocate_lists(grid);
    allocate_planes(rows * widest.width);
    allocate_gradients();
    if (plan_.loss.needs_image()) {
        loss_work_.emplace(gpu_->loss_workspace_bytes(pixels.channels, widest.width, rows), field_.position);
    } else {
        const std::int64_t sums = plan_.loss.ssim != 0
                                      ? gpu_->block_loss_sums(most_blocks(widest.width, rows), pixels.channels)
                                      : gpu_->draw_loss_sums(grid, pixels.channels);
        sums_ = at::empty({sums}, planes_.options().dtype(at::kDouble));
    }
    tally_ = bytes_like(field_.position, sizeof(gpu::StepTally));
    static_assert(std::is_trivially_copyable_v<gpu::StepReport>);
    at::Tensor first = at::empty({static_cast<std::int64_t>(sizeof start)}, at::kByte);
    std::memcpy(first.mutable_data_ptr(), &start, sizeof start);
    report_ = first.to(field_.position.device(), at::kByte, false, true);
}

DeviceStep::~DeviceStep() {
    for (const auto& [dimensions, size] : sizes_) {
        if (size.graph != nullptr) gpu_->free_graph(size.graph);
    }
}

void DeviceStep::allocate_lists(const gpu::TileGrid& largest) {
    const std::int64_t n = field_.size();
    const auto options = field_.position.options();
    const auto integers = options.dtype(at::kInt);
    splats_ = {.center = at::empty({n, 2}, options),
               .conic = at::empty({n, 3}, options),
               .det = at::empty({n}, options),
               .feature = drawn_.feature};
    lines_ = at::empty({n, static_cast<std::int64_t>(sizeof(gpu::TileSplat) / sizeof(float))}, options);
    counts_ = at::empty({n + 1}, integers);
    offsets_ = at::empty({n + 1}, options.dtype(at::kLong));
    pairs_ = at::empty({4, plan_.pairs}, integers);
    ranges_ = at::empty({std::int64_t{largest.tiles_x} * largest.tiles_y, 2}, integers);
    scan_.emplace(gpu_->scan_bytes(n + 1), field_.position);
    sort_.emplace(gpu_->sort_bytes(plan_.pairs), field_.position);
}

void DeviceStep::allocate_planes(std::int64_t samples) {
    const auto options = field_.position.options();
    const int channels = field_.channels();
    planes_ = at::empty({gpu::gradient_planes(channels, plan_.blending.normalised()), samples}, options);
    if (plan_.blending.selects()) threshold_ = at::empty({samples}, options);
    if (!plan_.draws_image()) return;
    const auto of_image = options.dtype(plan_.half ? at::kHalf : at::kFloat);
    image_ = at::empty({channels, samples}, of_image);
    image_gradient_ = at::empty({channels, samples}, of_image);
    if (plan_.blending.normalised()) normaliser_ = at::empty({samples}, options);
}

void DeviceStep::allocate_gradients() {
    partial_ = at::empty({gpu_->gather_partial_floats(field_.size(), field_.channels())}, field_.position.options());
    grad_center_ = at::empty_like(splats_.center);
    grad_conic_ = at::empty_like(splats_.conic);
    gradients_ = {.position = at::empty_like(field_.position),
                  .inv_scale = at::empty_like(field_.inv_scale),
                  .rotation = at::empty_like(field_.rotation),
                  .feature = at::empty_like(field_.feature)};
}

bool DeviceStep::is_for(const Field& field, const Moments& moments) const {
    return field_.position.is_same(field.position) && field_.inv_scale.is_same(field.inv_scale) &&
           field_.rotation.is_same(field.rotation) && field_.feature.is_same(field.feature) &&
           moments_.first.is_same(moments.first) && moments_.second.is_same(moments.second) &&
           moments_.products.is_same(moments.products) && moments_.age.is_same(moments.age);
}

void DeviceStep::differentiate(const Lattice& lattice) {
    const gpu::Stream stream = gpu_.stream();
    if (staged_.defined()) gpu_->stage_target(target_.view(), lattice, data<std::byte>(staged_), stream);
    if (quantiser_) (*quantiser_)(field_);
    const ProjectForward arrays{drawn_.position.const_data_ptr<float>(), drawn_.inv_scale.const_data_ptr<float>(),
                                drawn_.rotation.const_data_ptr<float>(), splats_.center.data_ptr<float>(),
                                splats_.conic.data_ptr<float>(),         splats_.det.data_ptr<float>()};
    gpu_->project_forward(arrays, projection_onto(lattice, field_.raster_height), field_.size(), stream);
    // From here on one phase of a size is like another.
    const Lattice seen = Lattice::whole(lattice.width, lattice.height);
    Size& size = sizes_[{seen.width, seen.height}];
    if (plan_.graph && size.graph == nullptr && size.uses++ >= uses_before_recording) record(size, seen);
    if (size.graph != nullptr) {
        gpu_->launch_graph(size.graph, stream);
    } else {
        enqueue(seen, stream);
    }
}

void DeviceStep::record(Size& size, const Lattice& seen) {
    try {
        size.graph = gpu_->record_graph([&](gpu::Stream stream) { enqueue(seen, stream); });
    } catch (const std::exception& error) {
        plan_.graph = false;
        graph_problem_ = error.what();
    }
}

void DeviceStep::enqueue(const Lattice& seen, gpu::Stream stream) {
    gpu_->clear(data<gpu::StepTally>(tally_), stream);
    const std::int64_t height = band_height(seen.height, plan_.bands);
    for (std::int64_t first = 0; first < seen.height; first += height) {
        enqueue_band(seen, {first, std::min(height, seen.height - first)}, stream);
    }
    const ProjectBackward arrays{drawn_.inv_scale.const_data_ptr<float>(), drawn_.rotation.const_data_ptr<float>(),
                                 grad_center_.const_data_ptr<float>(),     grad_conic_.const_data_ptr<float>(),
                                 gradients_.position.data_ptr<float>(),    gradients_.inv_scale.data_ptr<float>(),
                                 gradients_.rotation.data_ptr<float>()};
    const Lattice any_phase = Lattice::phase(target_.width(), target_.height(), plan_.stride, 0, 0);
    gpu_->project_backward(arrays, projection_onto(any_phase, field_.raster_height), field_.size(), stream);
    judge(seen, stream);
}

void DeviceStep::enqueue_band(const Lattice& seen, const Rows& band, gpu::Stream stream) {
    const gpu::TileGrid grid(seen.width, plan_.drawn_rows(seen, band));
    list(grid, stream);
    const gpu::DrawJob draw = job(grid);
    if (threshold_.defined()) gpu_->find_thresholds(draw, plan_.blending.topk, threshold_.data_ptr<float>(), stream);
    if (plan_.loss.needs_image()) {
        draw_image(draw, seen, band, stream);
    } else if (plan_.draws_image()) {
        draw_blocks(draw, seen, stream);
    } else {
        draw_loss(draw, seen, stream);
    }
    gpu_->gather_gradients(draw, splat_arrays(splats_), planes_.const_data_ptr<float>(), partial_.data_ptr<float>(),
                           {.center = grad_center_.data_ptr<float>(),
                            .conic = grad_conic_.data_ptr<float>(),
                            .feature = gradients_.feature.data_ptr<float>(),
                            .add = band.first > 0},
                           stream);
}

void DeviceStep::list(const gpu::TileGrid& grid, gpu::Stream stream) {
    auto* lines = data<gpu::TileSplat>(lines_);
    auto* offsets = data<std::uint64_t>(offsets_);
    auto* pairs = data<std::uint32_t>(pairs_);
    gpu_->count_tiles(splat_arrays(splats_), grid, plan_.blending, lines, data<std::uint32_t>(counts_), offsets,
                      scan_->workspace(), stream);
    const gpu::PairArrays arrays{.tiles = pairs,
                                 .splats = pairs + plan_.pairs,
                                 .sorted_tiles = pairs + 2 * plan_.pairs,
                                 .sorted_splats = pairs + 3 * plan_.pairs,
                                 .capacity = plan_.pairs,
                                 .most = &data<gpu::StepTally>(tally_)->pairs};
    gpu_->list_tiles(lines, offsets, field_.size(), grid, arrays, data<std::uint32_t>(ranges_), sort_->workspace(),
                     stream);
}

void DeviceStep::draw_loss(const gpu::DrawJob& draw, const Lattice& seen, gpu::Stream stream) {
    gpu_->draw_loss(draw, fused_loss(seen), sums_.data_ptr<double>(), planes_.data_ptr<float>(), stream);
    gpu_->add_loss(sums_.const_data_ptr<double>(), data<gpu::StepTally>(tally_), stream);
}

void DeviceStep::draw_blocks(const gpu::DrawJob& draw, const Lattice& seen, gpu::Stream stream) {
    const Planes drawn = drawn_planes();
    gpu_->draw_image(draw, drawn, stream);
    gpu_->block_loss(draw, image_.const_data_ptr<float>(), fused_loss(seen), sums_.data_ptr<double>(),
                     image_gradient_.data_ptr<float>(), stream);
    gpu_->add_loss(sums_.const_data_ptr<double>(), data<gpu::StepTally>(tally_), stream);
    gpu_->differentiate_image(draw, plan_.blending.normalised() ? drawn : Planes(), {image_gradient_.data_ptr(), false},
                              planes_.data_ptr<float>(), stream);
}

LossJob DeviceStep::fused_loss(const Lattice& seen) const {
    const StepLoss& loss = plan_.loss;
    return loss_job(seen_target(seen), seen, loss.pixel.l1, loss.pixel.l2, loss.ssim);
}

Planes DeviceStep::drawn_planes() const {
    return {.image = {image_.data_ptr(), plan_.half},
            .normaliser = plan_.blending.normalised() ? normaliser_.data_ptr<float>() : nullptr};
}

void DeviceStep::draw_image(const gpu::DrawJob& draw, const Lattice& seen, const Rows& band, gpu::Stream stream) {
    const Rows& rows = draw.grid.rows;
    const std::int64_t samples = rows.count * seen.width;
    const Planes drawn = drawn_planes();
    gpu_->draw_image(draw, drawn, stream);
    const Comparison comparison{.image = {.data = static_cast<const std::byte*>(image_.const_data_ptr()),
                                          .half = plan_.half,
                                          .channel_stride = samples,
                                          .row_stride = seen.width,
                                          .rows = rows},
                                .target = seen_target(seen),
                                .lattice = seen};
    const StepLoss& loss = plan_.loss;
    auto* tally = data<gpu::StepTally>(tally_);
    auto* sums = reinterpret_cast<gpu::LossSums*>(tally->loss);
    if (loss.pixel.l1 != 0 || loss.pixel.l2 != 0) {
        gpu_->add_errors(comparison, band, sums, loss_work_->workspace(), stream);
    }
    gpu_->add_dissimilarity(comparison, band, sums, loss_work_->workspace(), stream);
    const std::array<double, 3> each = sum_factors(seen);
    const Factors factors{.absolute = static_cast<float>(each[0]),
                          .squared = static_cast<float>(each[1]),
                          .dissimilarity = static_cast<float>(each[2])};
    const Planar<std::byte> gradient{.data = data<std::byte>(image_gradient_),
                                     .half = plan_.half,
                                     .channel_stride = samples,
                                     .row_stride = seen.width,
                                     .rows = rows};
    gpu_->loss_gradient(comparison, band, factors, plan_.half ? &data<gpu::StepReport>(report_)->scale : nullptr,
                        gradient, stream);
    gpu_->differentiate_image(draw, plan_.blending.normalised() ? drawn : Planes(),
                              {image_gradient_.data_ptr(), plan_.half}, planes_.data_ptr<float>(), stream);
}

std::array<double, 3> DeviceStep::sum_factors(const Lattice& seen) const {
    const double each = 1.0 / (static_cast<double>(seen.samples()) * field_.channels());
    return {each * plan_.loss.pixel.l1, each * plan_.loss.pixel.l2, each * plan_.loss.ssim};
}

void DeviceStep::judge(const Lattice& seen, gpu::Stream stream) {
    auto* tally = data<gpu::StepTally>(tally_);
    if (plan_.half) {
        for (const at::Tensor* gradient :
             {&gradients_.position, &gradients_.inv_scale, &gradients_.rotation, &gradients_.feature}) {
            gpu_->check_finite(gradient->const_data_ptr<float>(), gradient->numel(), tally, stream);
        }
    }
    gpu::StepRules rules{.capacity = plan_.pairs, .loss_factors = {1, 0, 0}, .half = plan_.half};
    if (plan_.loss.needs_image()) std::ranges::copy(sum_factors(seen), rules.loss_factors);
    gpu_->judge(rules, tally, data<gpu::StepReport>(report_), stream);
}

void DeviceStep::update(const AdamStep& step, const Held* held) {
    const auto* report = data<const gpu::StepReport>(report_);
    const gpu::ScaledGradients scaled{.scale = &report->used_scale, .skip = &report->skip};
    adam(field_, moments_, gradients_, step, &scaled);
    if (held != nullptr) hold(field_, *held, scaled);
}

gpu::StepReport DeviceStep::finished_report() const { return read_report(report_.cpu()); }

PackedView DeviceStep::seen_target(const Lattice& seen) const {
    PackedView view = target_.view();
    if (!staged_.defined()) return view;
    view.data = data<const std::byte>(staged_);
    view.width = seen.width;
    view.height = seen.height;
    view.row_bytes = static_cast<std::size_t>(seen.width * view.channels) * static_cast<std::size_t>(view.bits / 8);
    return view;
}

gpu::DrawJob DeviceStep::job(const gpu::TileGrid& grid) const {
    const gpu::TileLists lists{.lines = data<const gpu::TileSplat>(lines_),
                               .splats = data<const std::uint32_t>(pairs_) + 3 * plan_.pairs,
                               .ranges = data<const std::uint32_t>(ranges_)};
    return gpu::draw_job(grid, lists, splat_arrays(splats_), plan_.blending,
                         threshold_.defined() ? threshold_.const_data_ptr<float>() : nullptr);
}

std::int64_t StepPlan::most_rows(const Lattice& lattice) const {
    const std::int64_t height = band_height(lattice.height, bands);
    std::int64_t most = 0;
    for (std::int64_t first = 0; first < lattice.height; first += height) {
        most = std::max(most, drawn_rows(lattice, {first, std::min(height, lattice.height - first)}).count);
    }
    return most;
}

std::int64_t with_room(std::int64_t pairs, std::int64_t gaussians) {
    const std::int64_t expected = std::max(pairs, 2 * gaussians);
    return expected + expected / 8;
}

gpu::StepReport read_report(const at::Tensor& bytes) {
    gpu::StepReport report{};
    std::memcpy(&report, bytes.const_data_ptr(), sizeof report);
    return report;
}

}  // namespace gsfit
