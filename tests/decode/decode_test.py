#!/usr/bin/env python3
"""The Python package and the example in C against gsfit render: decode_test.py GSFIT DRAW. 77 without numpy."""

import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

try:
    import numpy as np
except ImportError:
    sys.exit(77)

import gsfit

GSFIT, DRAW = sys.argv[1:3]


def write_png(path, pixels):
    """[h,w,3] of uint8."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


def read_ppm(path):
    content = path.read_bytes()
    head, _, pixels = content.partition(b" 255\n")
    width, height = map(int, head.split()[1:])
    return np.frombuffer(pixels, np.uint8).reshape(height, width, 3)


def read_bmp(path):
    """[h,w,3] of 24 bit, rows from the bottom."""
    content = path.read_bytes()
    start, width, height = struct.unpack_from("<I", content, 10)[0], *struct.unpack_from("<ii", content, 18)
    row = (3 * width + 3) // 4 * 4
    rows = np.frombuffer(content, np.uint8, row * height, start).reshape(height, row)[::-1, : 3 * width]
    return rows.reshape(height, width, 3)[:, :, ::-1]


class Decode(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        y, x = np.mgrid[0:700, 0:900]
        image = np.stack([128 + 100 * np.sin(x / 30 + c) * np.cos(y / (40 + 9 * c)) for c in range(3)], axis=2)
        write_png(cls.folder / "photo.png", image.astype(np.uint8))
        cls.run_gsfit("train", "photo.png", "--output", "run", "--num_gaussians", "6000", "--max_steps", "20")
        cls.run_gsfit("encode", "run", "-o", "photo.gsf")
        cls.file = cls.folder / "photo.gsf"

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    @classmethod
    def run_gsfit(cls, *words):
        subprocess.run([GSFIT, *words], cwd=cls.folder, check=True, capture_output=True)

    def drawn(self, *words):
        self.run_gsfit("render", "photo.gsf", "-o", "out.bmp", *words)
        return read_bmp(self.folder / "out.bmp").astype(int)

    def test_the_whole_picture(self):
        with gsfit.open(self.file) as file:
            self.assertEqual((file.width, file.height, len(file.maps)), (900, 700, 1))
            picture = file.render()
        self.assertEqual((picture.shape, picture.dtype), ((700, 900, 3), np.uint8))
        self.assertLessEqual(np.abs(picture - self.drawn()).max(), 1)
        self.assertGreater(picture.std(), 20)

    def test_a_crop_at_another_size(self):
        file = gsfit.open(self.file)
        opening = file.bytes_read
        crop = file.render(scale=2, crop=(300, 250, 120, 80))
        self.assertEqual(crop.shape, (80, 120, 3))
        self.assertLessEqual(np.abs(crop - self.drawn("--scale", "2", "--crop", "300,250,120,80")).max(), 1)
        self.assertLessEqual(np.abs(crop.astype(int) - file.render(width=1800)[250:330, 300:420]).max(), 1)
        self.assertGreater(file.bytes_read, opening)
        with gsfit.open(self.file) as again:
            again.render(crop=(0, 0, 50, 50))
            self.assertLess(again.bytes_read, self.file.stat().st_size)

    def test_other_types(self):
        with gsfit.open(self.file) as file:
            floats = file.render(dtype=np.float32)
            self.assertLess(np.abs(file.render(dtype=np.uint16) / 65535 - floats.clip(0, 1)).max(), 1e-5)
            self.assertLess(np.abs(file.render() / 255 - floats.clip(0, 1)).max(), 0.51 / 255)
            with self.assertRaisesRegex(ValueError, "float64 cannot be drawn"):
                file.render(dtype=float)

    def test_the_example_in_c(self):
        done = subprocess.run([DRAW, self.file, self.folder / "out.ppm"], check=True, capture_output=True, text=True)
        self.assertRegex(done.stdout, "[0-9]+ Gaussians, [0-9]+ bytes read")
        with gsfit.open(self.file) as file:
            self.assertTrue(np.array_equal(read_ppm(self.folder / "out.ppm"), file.render()))
            subprocess.run([DRAW, self.file, self.folder / "out.ppm", "1800", "9", "8", "70", "60"], check=True,
                           capture_output=True)
            self.assertTrue(np.array_equal(read_ppm(self.folder / "out.ppm"),
                                           file.render(width=1800, crop=(9, 8, 70, 60))))
        failed = subprocess.run([DRAW, "nowhere.gsf", "out.ppm"], capture_output=True, text=True, check=False)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("nowhere.gsf", failed.stderr)

    def test_what_is_wrong(self):
        with self.assertRaisesRegex(gsfit.DecodeError, "photo.png"):
            gsfit.open(self.folder / "photo.png")
        with gsfit.open(self.file) as file:
            with self.assertRaisesRegex(gsfit.DecodeError, "within the raster"):
                file.render(crop=(890, 0, 20, 10))
            with self.assertRaisesRegex(ValueError, "one of"):
                file.render(width=5, scale=2)
        with self.assertRaisesRegex(ValueError, "closed"):
            file.render()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
