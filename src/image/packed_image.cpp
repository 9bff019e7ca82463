#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "gsfit/core/error.h"
#include "image/pack.h"

namespace gsfit {

PackedImage pack(const Pixels& pixels) { return {pixels.view(), pixels.memory, pixels.memory->in_file()}; }

PackedImage PackedImage::copy(const std::vector<std::uint8_t>& pixels, std::int64_t width, std::int64_t height,
                              int channels) {
    const Pixels copied = allocate_pixels(width, height, channels, 8);
    if (pixels.size() != copied.bytes()) throw Error("an image's pixels do not fill its width, height and channels");
    std::memcpy(copied.memory->data(), pixels.data(), pixels.size());
    return pack(copied);
}

PackedImage PackedImage::moved_to_file(const std::filesystem::path& folder) const {
    const Pixels moved = allocate_pixels(view_.width, view_.height, view_.channels, view_.bits, folder);
    for (std::int64_t y = 0; y < view_.height; ++y) {
        std::memcpy(moved.row(y), view_.pixel(0, y), moved.row_bytes());
        moved.finish_row(y);
    }
    return pack(moved).with_maps(maps_);
}

PackedImage PackedImage::on_device(const at::Device& device) const {
    if (device.is_cpu()) return *this;
    const std::int64_t row_bytes = info().row_bytes();
    const auto copied =
        std::make_shared<at::Tensor>(at::empty({view_.height, row_bytes}, at::TensorOptions(device).dtype(at::kByte)));
    constexpr std::int64_t step = 256;  // rows of a mapped image that are resident at a time
    for (std::int64_t first = 0; first < view_.height; first += step) {
        const std::int64_t rows = std::min(step, view_.height - first);
        auto* pixels = const_cast<std::byte*>(view_.pixel(0, first));  // they are only read
        copied->narrow(0, first, rows)
            .copy_(
                at::from_blob(pixels, {rows, row_bytes}, {static_cast<std::int64_t>(view_.row_bytes), 1}, at::kByte));
        drop({first, rows});
    }
    PackedView view = view_;
    view.data = static_cast<const std::byte*>(copied->const_data_ptr());
    view.row_bytes = static_cast<std::size_t>(row_bytes);
    return PackedImage(view, copied).with_maps(maps_);
}

void PackedImage::prefetch(const Rows& rows) const { advise(rows, MADV_WILLNEED); }

void PackedImage::drop(const Rows& rows) const { advise(rows, MADV_DONTNEED); }

void PackedImage::advise(const Rows& rows, int advice) const {
    if (!in_file_) return;
    const std::int64_t first = std::clamp<std::int64_t>(rows.first, 0, view_.height);
    const std::int64_t end = std::clamp<std::int64_t>(rows.first + rows.count, first, view_.height);
    advise_pages(view_.pixel(0, first), static_cast<std::size_t>(end - first) * view_.row_bytes, advice);
}

bool lies_in_memory(const std::filesystem::path& folder) {
    struct statfs status {};
    if (::statfs(folder.c_str(), &status) != 0) {
        throw OutputError("cannot keep an image in '" + folder.string() +
                          "': " + std::generic_category().message(errno) + "; name another folder");
    }
    return status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC;
}

}  // namespace gsfit
