#!/usr/bin/env python3
"""tools/convert_image_gs.py on generated checkpoints: convert_image_gs_test.py GSFIT

What gsfit renders of a converted field is held to Image-GS's formulas, evaluated here pixel by pixel. Without torch only
the sentence that says so is tested, and the exit code is 77.
"""

import contextlib
import importlib.util
import io
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy as np
    import torch
except ImportError:
    torch = None

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "tools" / "convert_image_gs.py"
GSFIT = None
WIDTH, HEIGHT = 75, 58


def image_gs_render(xy, sigma, rot, feat, width, height, topk=10, normalised=True):
    """Samples lie at whole numbers (column, row); a pixel sees the Gaussians of its tile and takes the topk heaviest."""
    tile = 16
    center = xy * [width, height]
    cos, sin = np.cos(rot[:, 0]), np.sin(rot[:, 0])
    turn = np.array([[cos, sin], [-sin, cos]]).transpose(2, 0, 1)  # y points down: it turns from x towards -y
    covariance = turn @ (np.eye(2) * (sigma**2)[:, None, :]) @ turn.transpose(0, 2, 1)
    conic = np.linalg.inv(covariance)
    mid = (covariance[:, 0, 0] + covariance[:, 1, 1]) / 2
    radius = np.ceil(3 * np.sqrt(mid + np.sqrt(np.maximum(0.1, mid**2 - np.linalg.det(covariance)))))
    first = np.floor((center - radius[:, None]) / tile)
    end = np.floor((center + radius[:, None]) / tile) + 1
    image = np.zeros((height, width, feat.shape[1]))
    for i in range(height):
        for j in range(width):
            at = np.array([j // tile, i // tile])
            seen = ((at >= first) & (at < end)).all(1)
            d = np.array([j, i]) - center[seen]
            weight = np.exp(-0.5 * np.einsum("ni,nij,nj->n", d, conic[seen], d))
            if normalised:
                kept = np.argsort(-weight)[:topk]
                weight, color = weight[kept], feat[seen][kept]
                image[i, j] = weight @ color / (weight.sum() + 1e-4)
            else:
                image[i, j] = weight @ feat[seen]
    return image


def read_bmp(path):
    """[h,w,3] of 24 bit, rows from the bottom."""
    content = path.read_bytes()
    (offset,) = struct.unpack_from("<I", content, 10)
    width, height = struct.unpack_from("<ii", content, 18)
    rows = np.frombuffer(content, np.uint8, offset=offset)[: (3 * width + 3) // 4 * 4 * height].reshape(height, -1)
    return rows[::-1, : 3 * width].reshape(height, width, 3)[:, :, ::-1]


def example(count=120, channels=3):
    """Positions, sigmas, rotations and colours of a small field, in double precision."""
    random = np.random.default_rng(5)
    return (
        random.uniform(0, 1, (count, 2)),
        random.uniform(1, 6, (count, 2)),
        random.uniform(-3, 3, (count, 1)),
        random.uniform(0, 1, (count, channels)),
    )


def float_tensor(values):
    return torch.tensor(values, dtype=torch.float)


def load_script():
    spec = importlib.util.spec_from_file_location("convert_image_gs", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


converter = load_script()


class Conversion(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        os.chdir(self.path)

    def tearDown(self):
        os.chdir("/")
        self.folder.cleanup()

    def run_script(self, *words):
        """Exit code and stderr. In this process: torch takes seconds to import."""
        error = io.StringIO()
        with contextlib.redirect_stderr(error):
            code = converter.main(words)
        return code, error.getvalue()

    def convert(self, *words):
        code, error = self.run_script(*words)
        self.assertEqual(code, 0, error)

    def expect_refused(self, code, part, *words):
        result, error = self.run_script(*words)
        self.assertEqual(result, code, error)
        self.assertIn(part, error)
        self.assertEqual(error.count("\n"), 1, "one sentence: " + error)
        self.assertEqual([p.name for p in self.path.iterdir() if p.suffix in (".tmp", ".safetensors")], [])

    def save(self, state, name="ckpt.pt", **more):
        optimizer = torch.optim.Adam([torch.zeros(3, requires_grad=True)])
        torch.save(
            {"step": 70, "psnr": 31.5, "state_dict": state, "optim_state_dict": optimizer.state_dict(), **more},
            self.path / name,
        )

    def state(self, sigma_stored=False, channels=3):
        xy, sigma, rot, feat = example(channels=channels)
        return {
            "xy": float_tensor(xy),
            "scale": float_tensor(sigma if sigma_stored else 1 / sigma),
            "rot": float_tensor(rot),
            "feat": float_tensor(feat),
            "vis_feat": float_tensor(feat),
        }

    def render(self, name):
        subprocess.run([GSFIT, "render", name, "-o", "out.bmp", "--threads=1"], cwd=self.path, check=True)
        return read_bmp(self.path / "out.bmp")

    def expect_render(self, normalised, *options, sigma_stored=False):
        self.save(self.state(sigma_stored=sigma_stored))
        self.convert("ckpt.pt", "a.safetensors", "--width", str(WIDTH), "--height", str(HEIGHT), *options)
        expected = image_gs_render(*example(), WIDTH, HEIGHT, normalised=normalised)
        difference = np.abs(self.render("a.safetensors") - 255 * np.clip(expected, 0, 1))
        self.assertLess(difference.max(), 0.51, "more than what 8 bit round")

    def test_gsfit_renders_what_image_gs_does(self):
        self.expect_render(True)

    def test_scale_that_is_sigma(self):
        self.expect_render(True, "--disable_inverse_scale", sigma_stored=True)

    def test_blend_sum(self):
        self.expect_render(False, "--disable_topk_norm")

    def test_there_and_back(self):
        for sigma_stored in (False, True):
            options = ["--disable_inverse_scale"] if sigma_stored else []
            for channels in (1, 3, 16):
                state = self.state(sigma_stored, channels)
                self.save(state)
                self.convert("ckpt.pt", "a.safetensors", "--width", "75", "--height", "58", *options)
                self.convert("a.safetensors", "back.pt", *options)
                back = torch.load(self.path / "back.pt", weights_only=True)
                self.assertEqual(set(back["state_dict"]), set(state))
                self.assertEqual(len(back["optim_state_dict"]["param_groups"]), 4)
                for key in ("xy", "scale", "rot", "feat"):
                    torch.testing.assert_close(back["state_dict"][key], state[key], rtol=2e-7, atol=1e-7)
                self.convert("back.pt", "b.safetensors", *options)  # which knows its size
                a, b = ((self.path / name).read_bytes() for name in ("a.safetensors", "b.safetensors"))
                self.assertEqual(len(a), len(b))

    def test_gsfit_knows_how_it_was_blended(self):
        state = self.state()
        self.save(state)
        self.convert("ckpt.pt", "a.safetensors", "--width", "75", "--height", "58")
        info = subprocess.run([GSFIT, "info", "a.safetensors", "--json"], cwd=self.path, capture_output=True, check=True)
        info = json.loads(info.stdout)
        self.assertEqual((info["gaussians"], info["blend"], info["support"], info["topk"]), (120, "topk_norm", "tile16", 10))
        self.assertEqual((info["width"], info["height"]), (75, 58))

    def test_what_is_no_checkpoint(self):
        size = ("--width", "75", "--height", "58")
        self.expect_refused(3, "cannot read 'none.pt'", "none.pt", "a.safetensors", *size)
        (self.path / "text.pt").write_text("hello")
        self.expect_refused(3, "'text.pt' is", "text.pt", "a.safetensors", *size)
        torch.save({"state_dict": {}, "code": pathlib.PurePosixPath("x")}, self.path / "code.pt")
        self.expect_refused(3, "holds more than tensors and numbers", "code.pt", "a.safetensors", *size)
        torch.save([1, 2], self.path / "list.pt")
        self.expect_refused(3, "has no 'state_dict'", "list.pt", "a.safetensors", *size)
        state = self.state()
        self.save({key: tensor for key, tensor in state.items() if key != "rot"})
        self.expect_refused(3, "no tensor 'rot'", "ckpt.pt", "a.safetensors", *size)
        self.save(dict(state, xy=state["xy"][:-1]))
        self.expect_refused(3, "position of shape [119, 2]", "ckpt.pt", "a.safetensors", *size)
        self.save(dict(state, rot=state["rot"][:, 0]))
        self.expect_refused(3, "no matrix", "ckpt.pt", "a.safetensors", *size)
        self.save(dict(state, feat=torch.zeros(120, 65)))
        self.expect_refused(3, "65 channels", "ckpt.pt", "a.safetensors", *size)
        self.save(dict(state, feat=state["feat"] * float("nan")))
        self.expect_refused(3, "not finite", "ckpt.pt", "a.safetensors", *size)
        self.save(dict(state, scale=state["scale"] * 0))
        self.expect_refused(3, "scale of 0", "ckpt.pt", "a.safetensors", *size)

    def test_usage(self):
        self.save(self.state())
        self.expect_refused(2, "give --width and --height", "ckpt.pt", "a.safetensors")
        self.expect_refused(2, "must end in .pt", "ckpt.pt", "b.pt")
        self.expect_refused(2, "must end in .pt", "ckpt", "field")
        self.expect_refused(2, "knows its size", "field", "b.pt", "--width", "3")
        size = ("--width", "75", "--height", "58")
        self.expect_refused(6, "cannot write 'no/a.safetensors'", "ckpt.pt", "no/a.safetensors", *size)

    def test_damaged_fields(self):
        for content in (b"", b"\x00" * 8, b"\xff" * 64, struct.pack("<Q", 2) + b"{}"):
            (self.path / "field").write_bytes(content)
            self.expect_refused(3, "is damaged or no field of gsfit", "field", "b.pt")


def says_that_torch_is_missing():
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "torch.py").write_text("raise ImportError('no torch')\n")
        result = subprocess.run(
            [sys.executable, SCRIPT, "a.pt", "a.safetensors"], capture_output=True, text=True, env={"PYTHONPATH": folder}
        )
    return result.returncode == 1 and "pip install torch numpy" in result.stderr and result.stderr.count("\n") == 1


if __name__ == "__main__":
    GSFIT = pathlib.Path(sys.argv.pop(1)).resolve()
    if not says_that_torch_is_missing():
        sys.exit("convert_image_gs.py does not say in one sentence that torch is missing")
    if torch is None:
        print("skipped: Python has no torch (pip install torch numpy)")
        sys.exit(77)
    unittest.main()
