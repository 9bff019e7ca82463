#!/usr/bin/env python3
"""Golden metrics by others' packages for tests/golden/metrics_test.cpp, and their figures for any photo.

    golden_metrics.py > tests/golden/metrics_values.h   the values for the generated images
    golden_metrics.py --photo IMAGE...                  the same metrics of a photo against its JPEG of quality 50
    golden_metrics.py --module FILE --photo IMAGE...    and LPIPS, by a network that is written to FILE

Needs numpy, scikit-image, pillow, torch, pytorch-msssim, flip-evaluator, torchvision and lpips.

scikit-image averages SSIM over the samples whose window lies inside the image. gsfit pads with zeros and averages over
all; so here the images are padded with 5 zeros on every side first: what scikit-image then averages over is just the
image. MS-SSIM is computed in float64: in float32 pytorch-msssim cancels where images are flat. LPIPS has lpips' own
weights on top of an AlexNet of random ones, so that nothing is downloaded; both sides run the same.
"""

import argparse
import importlib.metadata
import io
import warnings

import flip_evaluator
import lpips
import numpy as np
import torch
from PIL import Image
from pytorch_msssim import ms_ssim
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from export_lpips import traced

SSIM = dict(gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1.0, channel_axis=2)
JPEG_QUALITY = 50


def versions(*packages):
    return ", ".join(f"{package} {importlib.metadata.version(package)}" for package in packages)


def tensor(image):
    """[1,C,h,w] in [0,1]."""
    return torch.from_numpy(image).permute(2, 0, 1)[None]


def multi_scale(x, y):
    """None where pytorch-msssim refuses the size."""
    return ms_ssim(tensor(x), tensor(y), data_range=1.0).item() if min(x.shape[:2]) > 160 else None


def flip(x, y):
    x, y = (np.ascontiguousarray(np.broadcast_to(a, (*a.shape[:2], 3)), np.float32) for a in (x, y))
    error_map, _, _ = flip_evaluator.evaluate(y, x, "LDR", applyMagma=False)
    return error_map.mean(dtype=np.float64)


def metrics(target, image):
    """PSNR, SSIM padded with zeros, SSIM as scikit-image has it, MS-SSIM and FLIP of two 8-bit images [h,w,C]."""
    x, y = (a.astype(np.float64) / 255 for a in (image, target))
    padding = ((5, 5), (5, 5), (0, 0))
    padded = structural_similarity(np.pad(x, padding), np.pad(y, padding), **SSIM)
    inside = structural_similarity(x, y, **SSIM)
    return peak_signal_noise_ratio(y, x, data_range=1.0), padded, inside, multi_scale(x, y), flip(x, y)


def hashed(n):
    """Grain: numbers from 0 to 255 without visible order."""
    n = n.astype(np.uint32) * np.uint32(0x9E3779B1)
    n = (n ^ (n >> 15)) * np.uint32(0x85EBCA77)
    return (n >> 24).astype(np.int64)


def checksum(image):
    """By which the test sees that it made the same image."""
    return int((np.arange(1, image.size + 1) * image.ravel()).sum()) % 2**32


def wave(t):
    """A parabola in place of a sine, in integers: period 256, from -64 to 64."""
    t = t & 255
    half = t & 127
    arch = half * (128 - half) // 64
    return np.where(t < 128, arch, -arch)


def scene(width, height, channels):
    """Slopes, waves, a disc with a sharp border, and grain; the same integers as in the test."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    value = 60 + 70 * x // width + 40 * y // height + 15 * c
    value += (wave(5 * x + 3 * y + 40 * c) >> 1) + (wave(x * y // 16) >> 2)
    value += np.where((x - width // 3) ** 2 + (y - height // 2) ** 2 < (height // 4) ** 2, 60 - 50 * c, 0)
    value += (hashed((y * width + x) * channels + c) & 15) - 8
    return np.clip(value, 0, 255)


def blurred(image):
    """(1 2 1) along rows, then along columns, borders repeated."""
    for axis in (1, 0):
        before = np.concatenate((image.take([0], axis), image.take(range(image.shape[axis] - 1), axis)), axis)
        after = np.concatenate((image.take(range(1, image.shape[axis]), axis), image.take([-1], axis)), axis)
        image = (before + 2 * image + after + 2) // 4
    return image


def noisy(image):
    number = np.arange(image.size).reshape(image.shape)
    return np.clip(image + hashed(number + 12345) % 61 - 30, 0, 255)


def shifted(image):
    """One column to the right and two rows down, borders repeated."""
    rows = np.maximum(np.arange(image.shape[0]) - 2, 0)
    columns = np.maximum(np.arange(image.shape[1]) - 1, 0)
    return image[rows][:, columns]


def golden():
    print("#pragma once\n")
    print(f"// Made by tools/golden_metrics.py with {versions('numpy', 'scikit-image', 'torch')},")
    print(f"// {versions('pytorch-msssim', 'flip-evaluator')}.\n")
    print("#include <cstdint>\n#include <optional>\n")
    print("namespace gsfit::golden {\n")
    print("struct Metrics {\n    int width, height, channels;\n    const char* distortion;")
    print("    std::uint32_t target_checksum, image_checksum;\n    double psnr, ssim;")
    print("    std::optional<double> ms_ssim;\n    double flip;\n};\n")
    print("inline constexpr Metrics metrics[] = {")
    for width, height, channels in ((97, 61, 1), (97, 61, 3), (256, 192, 3), (163, 321, 1)):
        target = scene(width, height, channels)
        for distort in (blurred, noisy, shifted):
            image = distort(target)
            psnr, ssim, _, scales, flipped = metrics(target, image)
            sums = ", ".join(f"0x{checksum(a):08x}" for a in (target, image))
            scales = "std::nullopt" if scales is None else f"{scales:.9f}"
            figures = f"{psnr:.9f}, {ssim:.9f}, {scales}, {flipped:.9f}"
            print(f'    {{{width}, {height}, {channels}, "{distort.__name__}", {sums}, {figures}}},')
    print("};\n\n}  // namespace gsfit::golden")


def random_lpips(file):
    """LPIPS on random features; the module that gsfit takes is written to the file."""
    torch.manual_seed(1)
    model = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False)
    traced(model).save(file)
    return model


def photos(paths, module):
    model = module and random_lpips(module)
    print(versions("scikit-image", "torch", "pytorch-msssim", "flip-evaluator", "lpips"))
    print(f"pillow {importlib.metadata.version('pillow')}'s JPEG of quality {JPEG_QUALITY}")
    for path in paths:
        target = Image.open(path).convert("RGB")
        jpeg = io.BytesIO()
        target.save(jpeg, "JPEG", quality=JPEG_QUALITY)
        target, image = np.asarray(target), np.asarray(Image.open(jpeg))
        psnr, padded, inside, scales, flipped = metrics(target, image)
        print(f"{path}: PSNR {psnr:.6f} dB, SSIM {padded:.7f} padded with zeros, {inside:.7f} inside,", end=" ")
        print("no MS-SSIM," if scales is None else f"MS-SSIM {scales:.7f},", f"FLIP {flipped:.7f}", end="")
        if model:
            with torch.no_grad():
                x, y = (tensor(2 * (a.astype(np.float32) / 255) - 1) for a in (image, target))
                print(f", LPIPS {model(x, y).item():.7f}", end="")
        print()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photo", nargs="+", metavar="IMAGE")
    parser.add_argument("--module", metavar="FILE")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", category=UserWarning, module="torchvision")  # lpips asks in an old way
    photos(arguments.photo, arguments.module) if arguments.photo else golden()


if __name__ == "__main__":
    main()
