#include "gsfit/eval/lpips.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "gsfit/core/parallel.h"
#include "gsfit/memory.h"

namespace gsfit {

namespace {

/// LibTorch works on gsfit's number of threads, which the program otherwise keeps it from.
class ThreadsOfLibTorch {
public:
    ThreadsOfLibTorch() { at::set_num_threads(threads()); }
    ThreadsOfLibTorch(const ThreadsOfLibTorch&) = delete;
    ThreadsOfLibTorch& operator=(const ThreadsOfLibTorch&) = delete;
    ~ThreadsOfLibTorch() { at::set_num_threads(before_); }

private:
    int before_ = at::get_num_threads();
};

/// All of an image as networks take it: [1,3,h,w], its range 0..1 made -1..1.
at::Tensor network_input(const ImageBands& image) {
    const ImageBands colors = colors_of(image);
    at::Tensor input = at::empty({1, 3, colors.height, colors.width});
    for (std::int64_t first = 0; first < colors.height; first += metric_rows) {
        const std::int64_t rows = std::min(metric_rows, colors.height - first);
        input.select(0, 0).narrow(1, first, rows).copy_(colors.band(first, rows));
    }
    return input.mul_(2).sub_(1);
}

std::optional<double> number_in(const c10::IValue& value) {
    if (value.isDouble()) return value.toDouble();
    if (value.isTensor() && value.toTensor().numel() == 1) return value.toTensor().item<double>();
    return std::nullopt;
}

/// The sentence that begins there.
std::string sentence_of(std::string_view text, std::size_t from) {
    const std::size_t end = std::min(text.find('\n', from), text.find(". ", from));
    return std::string(text.substr(from, end - from));
}

/// The part of a message that tells most: of a module that failed, what its innermost operation said.
std::string reason(const std::exception& error) {
    const std::string_view text = error.what();
    constexpr std::string_view innermost = "RuntimeError: ";
    const std::size_t found = text.rfind(innermost);
    return found == std::string_view::npos ? sentence_of(text, 0) : sentence_of(text, found + innermost.size());
}

}  // namespace

Lpips::Lpips(const std::filesystem::path& module) : name_(module.string()) {
    size_of_file(module);  // throws when there is none
    try {
        module_ = std::make_unique<torch::jit::Module>(torch::jit::load(module.string(), at::kCPU));
        module_->eval();
    } catch (const std::exception& error) {
        throw InputError("cannot load '" + name_ + "' as a TorchScript module (" + reason(error) +
                         "); give one that tools/export_lpips.py has made");
    }
}

Lpips::~Lpips() = default;

double Lpips::operator()(const ImageBands& image, const ImageBands& target) const {
    check_comparable("lpips", image, target);
    const std::string advice = "; give one that tools/export_lpips.py has made";
    const at::NoGradGuard no_gradients;
    const ThreadsOfLibTorch threads;
    const at::Tensor drawn = network_input(image);
    const at::Tensor wanted = network_input(target);
    std::optional<double> distance;
    try {
        distance = number_in(module_->forward({drawn, wanted}));
    } catch (const std::exception& error) {
        if (is_out_of_memory(error)) {
            throw MemoryError("memory does not suffice to run '" + name_ + "' on " + std::to_string(image.width) +
                              " x " + std::to_string(image.height) + " pixels; leave --lpips out");
        }
        throw InputError("'" + name_ + "' failed as it was given two images (" + reason(error) + ")" + advice);
    }
    if (!distance || !std::isfinite(*distance)) {
        throw InputError("'" + name_ + "' does not make one finite number of two images" + advice);
    }
    return *distance;
}

}  // namespace gsfit
