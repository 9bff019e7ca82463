#include "cuda/loss/loss.h"

#include <algorithm>
#include <stdexcept>

#include "cuda/loss/gradient_kernels.cuh"
#include "cuda/loss/sums_kernels.cuh"

namespace gsfit::gpu {

namespace {

std::int64_t quotient_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

constexpr std::int64_t enough_blocks = 2048;  // several for each multiprocessor of a large device
constexpr std::int64_t longest = 128;         // strip [rows]
constexpr std::int64_t shortest = 32;

std::int64_t strips_across(std::int64_t width, int strip_halo) {
    return quotient_up(width, strip_threads - 2 * strip_halo);
}

/// A strip of rows and the halo above and below it is work for one block: long ones where there are many.
Strips strips_of(std::int64_t width, std::int64_t rows, int channels, int strip_halo) {
    const std::int64_t across = strips_across(width, strip_halo);
    std::int64_t height = longest;
    while (height > shortest && across * channels * quotient_up(rows, height) < enough_blocks) height /= 2;
    return {static_cast<unsigned>(across), height, strip_halo};
}

dim3 grid_of(const Strips& strips, std::int64_t rows, int channels) {
    return dim3(static_cast<unsigned>(strips.across * quotient_up(rows, strips.height)),
                static_cast<unsigned>(channels));
}

std::int64_t blocks(const dim3& grid) { return static_cast<std::int64_t>(grid.x) * grid.y; }

/// Blocks for a band of up to so many rows: fewer rows may be cut into more strips, but then these are not many.
std::int64_t most_blocks(std::int64_t width, std::int64_t rows, int channels, int strip_halo) {
    const std::int64_t beside = strips_across(width, strip_halo) * channels;
    return std::max(beside * quotient_up(rows, longest),
                    std::min(beside * quotient_up(rows, shortest), 2 * enough_blocks));
}

double* parts_for(std::int64_t count, const Workspace& workspace) {
    if (workspace.bytes < static_cast<std::size_t>(count) * sizeof(double)) {
        throw std::invalid_argument("a sum of the loss was given less workspace than loss_workspace_bytes().");
    }
    return static_cast<double*>(workspace.data);
}

}  // namespace

std::size_t loss_workspace_bytes(int channels, std::int64_t width, std::int64_t rows) {
    const std::int64_t sums =
        std::max(2 * most_blocks(width, rows, channels, 0), most_blocks(width, rows, channels, halo));
    return static_cast<std::size_t>(sums) * sizeof(double);
}

void add_errors(const Comparison& comparison, const Rows& band, LossSums* sums, Workspace workspace, Stream stream) {
    const int channels = comparison.target.channels;
    const Strips strips = strips_of(comparison.lattice.width, band.count, channels, 0);
    const dim3 grid = grid_of(strips, band.count, channels);
    double* parts = parts_for(2 * blocks(grid), workspace);
    simt::launch(sum_errors, grid, dim3(strip_threads), 0, stream, comparison, band, strips, parts,
                 parts + blocks(grid));
    simt::launch(add_parts, dim3(2), dim3(adding_threads), 0, stream, parts, blocks(grid), &sums->absolute);
}

void add_dissimilarity(const Comparison& comparison, const Rows& band, LossSums* sums, Workspace workspace,
                       Stream stream) {
    const int channels = comparison.target.channels;
    const Strips strips = strips_of(comparison.lattice.width, band.count, channels, halo);
    const dim3 grid = grid_of(strips, band.count, channels);
    double* parts = parts_for(blocks(grid), workspace);
    simt::launch(sum_dissimilarity, grid, dim3(strip_threads), 0, stream, comparison, band, strips, parts);
    simt::launch(add_parts, dim3(1), dim3(adding_threads), 0, stream, parts, blocks(grid), &sums->dissimilarity);
}

void loss_gradient(const Comparison& comparison, const Rows& band, const Factors& factors, const float* loss_scale,
                   const Planar<std::byte>& gradient, Stream stream) {
    const int channels = comparison.target.channels;
    const std::int64_t rows = gradient.rows.count;
    const bool similarity = factors.dissimilarity != 0;
    const Strips strips = strips_of(comparison.lattice.width, rows, channels, similarity ? 2 * halo : 0);
    simt::launch(similarity ? write_slopes : write_error_slopes, grid_of(strips, rows, channels), dim3(strip_threads),
                 0, stream, comparison, band, strips, factors, loss_scale, gradient);
}

}  // namespace gsfit::gpu
