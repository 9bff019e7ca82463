#include "gsfit/train/start.h"

#include <stdexcept>
#include <utility>

#include "gsfit/gaussians.h"
#include "train/mixed_precision.h"

namespace gsfit {

TrainState state_of_start(Field field, const TrainOptions& options, const Random& random) {
    TrainState state;
    state.field = std::move(field);
    state.blending = options.blending;
    state.quantisation = options.quantisation;
    state.moments = Moments::zeros(state.field.size(), state.field.channels());
    state.initial_gaussians = state.field.size();
    state.random = random.state();
    state.loss_scale = MixedPrecision::first_scale(
        static_cast<double>(state.field.raster_width * state.field.raster_height) * state.field.channels());
    return state;
}

TrainState start_from(const Field& field, const ImageInfo& image, const TrainOptions& options) {
    if (field.channels() != image.channels || field.size() > options.num_gaussians) {
        throw std::invalid_argument("start_from: the field does not fit the run");
    }
    Field start = select(field, morton_order(field.position));
    const double growth = static_cast<double>(image.height) / static_cast<double>(field.raster_height);
    start.inv_scale.div_(growth);
    start.raster_width = image.width;
    start.raster_height = image.height;
    return state_of_start(std::move(start), options, Random(options.seed));
}

}  // namespace gsfit
