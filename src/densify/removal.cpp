#include <ATen/ops/ones.h>

#include <limits>
#include <utility>

#include "densify/growth.h"
#include "gsfit/gaussians.h"

namespace gsfit {

void remove_cheapest(Field& field, Moments& moments, const at::Tensor& costs, std::int64_t count) {
    constexpr double dearest = std::numeric_limits<double>::infinity();
    const at::Tensor order = costs.nan_to_num(dearest, dearest, dearest).argsort(/*stable=*/true);
    const at::Tensor stays = at::ones({costs.size(0)}, costs.options().dtype(at::kBool));
    stays.index_fill_(0, order.narrow(0, 0, count), false);
    const at::Tensor kept = stays.nonzero().flatten();
    Field others = select(field, kept);
    Moments other_moments = select(moments, kept);
    field = std::move(others);
    moments = std::move(other_moments);
}

}  // namespace gsfit
