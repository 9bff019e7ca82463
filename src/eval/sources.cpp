#include "gsfit/eval/sources.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <string>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "gsfit/project.h"
#include "gsfit/render.h"

namespace gsfit {

ImageBands rows_of(const at::Tensor& image) {
    return {.width = image.size(2),
            .height = image.size(1),
            .channels = static_cast<int>(image.size(0)),
            .band = [image](std::int64_t first, std::int64_t rows) { return image.narrow(1, first, rows); }};
}

ImageBands rows_of(const PackedImage& image) {
    const auto band = [image](std::int64_t first, std::int64_t rows) {
        const PackedView& view = image.view();
        at::Tensor values = at::empty({view.channels, rows, view.width});
        auto out = values.accessor<float, 3>();
        parallel_for(rows, [&](std::int64_t y) {
            for (int c = 0; c < view.channels; ++c) {
                float* row = out[c][y].data();
                for (std::int64_t x = 0; x < view.width; ++x) row[x] = view.value(x, first + y, c);
            }
        });
        image.drop({first, rows});
        return values;
    };
    return {.width = image.width(), .height = image.height(), .channels = image.channels(), .band = band};
}

ImageBands render_rows_of(const Field& field, const Blending& blending, std::int64_t width, std::int64_t height) {
    const at::NoGradGuard no_gradients;
    const Lattice whole = Lattice::whole(width, height);
    const auto band = [splats = project(field, whole), blending, whole](std::int64_t first, std::int64_t rows) {
        const at::NoGradGuard none_here_either;
        return render_rows(splats, whole, {first, rows}, blending).clamp_(0, 1);
    };
    return {.width = width, .height = height, .channels = field.channels(), .band = band};
}

ImageBands colors_of(const ImageBands& image) {
    const auto band = [image](std::int64_t first, std::int64_t rows) {
        const at::Tensor values = image.band(first, rows);
        return image.channels < 3 ? values.narrow(0, 0, 1).expand({3, -1, -1}) : values.narrow(0, 0, 3);
    };
    return {.width = image.width, .height = image.height, .channels = 3, .band = band};
}

void check_comparable(const char* metric, const ImageBands& image, const ImageBands& target) {
    const auto shape = [](const ImageBands& of) {
        return std::to_string(of.width) + " x " + std::to_string(of.height) + " pixels, " +
               std::to_string(of.channels) + " channels";
    };
    if (image.width != target.width || image.height != target.height || image.channels != target.channels ||
        image.width < 1 || image.height < 1 || image.channels < 1) {
        throw Error(std::string(metric) + ": the images are not alike (" + shape(image) + "; " + shape(target) +
                    "); give two of the same size and channels.");
    }
}

}  // namespace gsfit
