#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "gsfit/eval/sources.h"

namespace torch::jit {
struct Module;
}

namespace gsfit {

/// LPIPS of Zhang et al. 2018, or whatever else a TorchScript module measures that is called with two images
/// [1,3,h,w], float32 in [-1,1], and gives one number. To load such a file runs what is in it: trust where it is from.
class Lpips {
public:
    /// Throws InputError when the file cannot be read or holds no TorchScript module.
    explicit Lpips(const std::filesystem::path& module);
    ~Lpips();
    Lpips(const Lpips&) = delete;
    Lpips& operator=(const Lpips&) = delete;

    /// Of the colours as of colors_of(). Both images are held whole, as 24 bytes a pixel, beside what the module takes.
    /// Throws InputError when the module fails or gives anything but one finite number, MemoryError when memory does
    /// not suffice, Error as check_comparable does.
    [[nodiscard]] double operator()(const ImageBands& image, const ImageBands& target) const;

private:
    std::string name_;
    std::unique_ptr<torch::jit::Module> module_;
};

}  // namespace gsfit
