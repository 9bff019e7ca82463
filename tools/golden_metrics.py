#!/usr/bin/env python3
"""Golden PSNR and SSIM by scikit-image for tests/golden/metrics_test.cpp, and its figures for any photo.

    golden_metrics.py > tests/golden/metrics_values.h   the values for the generated images
    golden_metrics.py --photo IMAGE...                  the same metrics of a photo against its JPEG of quality 30

Needs numpy, scikit-image and pillow. scikit-image averages SSIM over the samples whose window lies inside the image.
gsfit pads with zeros and averages over all; so here the images are padded with 5 zeros on every side first: what
scikit-image then averages over is just the image.
"""

import io
import sys

import numpy as np
import skimage
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

SSIM = dict(gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1.0, channel_axis=2)


def metrics(target, image):
    """PSNR, SSIM padded with zeros, and SSIM as scikit-image has it, of two 8-bit images [h,w,C]."""
    x, y = (a.astype(np.float64) / 255 for a in (image, target))
    padding = ((5, 5), (5, 5), (0, 0))
    padded = structural_similarity(np.pad(x, padding), np.pad(y, padding), **SSIM)
    return peak_signal_noise_ratio(y, x, data_range=1.0), padded, structural_similarity(x, y, **SSIM)


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
    print(f"// Made by tools/golden_metrics.py with scikit-image {skimage.__version__}, numpy {np.__version__}.\n")
    print("#include <cstdint>\n")
    print("namespace gsfit::golden {\n")
    print("struct Metrics {\n    int width, height, channels;\n    const char* distortion;")
    print("    std::uint32_t target_checksum, image_checksum;\n    double psnr, ssim;\n};\n")
    print("inline constexpr Metrics metrics[] = {")
    for width, height, channels in ((97, 61, 1), (97, 61, 3), (256, 192, 3)):
        target = scene(width, height, channels)
        for distort in (blurred, noisy, shifted):
            image = distort(target)
            psnr, ssim, _ = metrics(target, image)
            sums = ", ".join(f"0x{checksum(a):08x}" for a in (target, image))
            print(f'    {{{width}, {height}, {channels}, "{distort.__name__}", {sums}, {psnr:.9f}, {ssim:.9f}}},')
    print("};\n\n}  // namespace gsfit::golden")


def photos(paths):
    print(f"scikit-image {skimage.__version__}, pillow's JPEG of quality 30")
    for path in paths:
        target = Image.open(path).convert("RGB")
        jpeg = io.BytesIO()
        target.save(jpeg, "JPEG", quality=30)
        psnr, padded, inside = metrics(np.asarray(target), np.asarray(Image.open(jpeg)))
        print(f"{path}: PSNR {psnr:.6f} dB, SSIM {padded:.7f} padded with zeros, {inside:.7f} inside")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--photo"]:
        photos(sys.argv[2:])
    else:
        golden()
