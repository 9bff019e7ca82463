#!/usr/bin/env python3
"""Turns a checkpoint of Image-GS (.pt) into a field that gsfit opens (.safetensors), and back.

    convert_image_gs.py ckpt_step-10000.pt field.safetensors --width 2048 --height 2048
    convert_image_gs.py results/photo/checkpoints/latest ckpt_step-10000.pt

The endings say which way, except that anything but a .pt is taken for a field of gsfit. Needs torch and numpy; nothing
pickled in a .pt is executed (torch.load with weights_only). docs/checkpoint.md says what changes on the way.
Exit codes are gsfit's: 0 done, 1 torch is missing, 2 usage, 3 input cannot be read, 6 output cannot be written.
"""

import argparse
import json
import math
import os
import pathlib
import struct
import sys
import tempfile

FAILED, USAGE, INPUT, OUTPUT = 1, 2, 3, 6
MAX_CHANNELS = 64
MAX_SIDE = 1 << 24
MAX_HEADER = 1 << 20
FIELD = ("position", "inv_scale", "rotation", "feature")


class Refusal(Exception):
    def __init__(self, code, sentence):
        super().__init__(sentence)
        self.code = code


def refuse_unless(holds, code, sentence):
    if not holds:
        raise Refusal(code, sentence)


# ---- the field as gsfit has it: float32 arrays, and where to find them in a file


def check_field(name, field):
    """Of arrays with two dimensions each."""
    count = field["feature"].shape[0]
    refuse_unless(count >= 1, INPUT, f"'{name}' holds no Gaussian; convert another file")
    channels = field["feature"].shape[1]
    refuse_unless(
        1 <= channels <= MAX_CHANNELS,
        INPUT,
        f"'{name}' has {channels} channels and gsfit takes 1 to {MAX_CHANNELS}; convert another file",
    )
    for key, columns in (("position", 2), ("inv_scale", 2), ("rotation", 1)):
        refuse_unless(
            field[key].shape == (count, columns),
            INPUT,
            f"'{name}' has {key} of shape {list(field[key].shape)} where {[count, columns]} fits its {count} colours; "
            "convert another file",
        )
    for key in FIELD:
        finite = all(math.isfinite(v) for v in (field[key].min(), field[key].max()))
        refuse_unless(finite, INPUT, f"'{name}' has a {key} that is not finite; convert another file")


def safetensors_bytes(field, metadata):
    """Widest type first, then by name, as gsfit writes them; the header is padded to 8 bytes."""
    header, data = {"__metadata__": metadata}, b""
    for key in sorted(FIELD):
        part = field[key].astype("<f4").tobytes()
        header[key] = {
            "dtype": "F32",
            "shape": list(field[key].shape),
            "data_offsets": [len(data), len(data) + len(part)],
        }
        data += part
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def read_safetensors(path):
    """The arrays of the field, and the metadata."""
    import numpy as np

    damaged = f"'{path}' is damaged or no field of gsfit; name a .safetensors file that gsfit has written"
    try:
        content = pathlib.Path(path).read_bytes()
    except OSError as error:
        raise Refusal(INPUT, f"cannot read '{path}': {error.strerror}; check the name and its permissions") from error
    try:
        (length,) = struct.unpack_from("<Q", content)
        refuse_unless(length <= min(MAX_HEADER, len(content) - 8), INPUT, damaged)
        header = json.loads(content[8 : 8 + length])
        metadata = header["__metadata__"]
        refuse_unless(metadata["format"] == "gsfit-checkpoint" and metadata["version"] == "1", INPUT, damaged)
        field = {}
        for key in FIELD:
            begin, end = header[key]["data_offsets"]
            refuse_unless(header[key]["dtype"] == "F32" and 0 <= begin <= end, INPUT, damaged)
            values = np.frombuffer(content[8 + length + begin : 8 + length + end], "<f4")
            field[key] = values.reshape(header[key]["shape"])
            refuse_unless(field[key].ndim == 2, INPUT, damaged)
        size = int(metadata["raster_width"]), int(metadata["raster_height"])
        refuse_unless(all(1 <= side <= MAX_SIDE for side in size), INPUT, damaged)
        refuse_unless(int(metadata.get("step", 0)) >= 0 and (field["inv_scale"] > 0).all(), INPUT, damaged)
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refusal(INPUT, damaged) from error
    check_field(path, field)
    return field, metadata


def write_atomically(path, write):
    """write(file) into a file beside `path`, which takes its name when it is whole."""
    path = pathlib.Path(path)
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".gsfit-", suffix=".tmp", delete=False) as file:
            temporary = file.name
            write(file)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except (OSError, RuntimeError) as error:
        if temporary:
            pathlib.Path(temporary).unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or error
        raise Refusal(OUTPUT, f"cannot write '{path}': {reason}; choose a place that you may write to") from error


# ---- Image-GS's side


def import_torch():
    try:
        import torch
    except ImportError as error:
        raise Refusal(FAILED, "torch is not installed, which .pt files need: pip install torch numpy") from error
    return torch


def load_checkpoint(torch, path):
    """The parameters of the model, as tensors, and what else the file says."""
    import pickle

    advice = "name a ckpt_step-N.pt that Image-GS has written"
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise Refusal(INPUT, f"cannot read '{path}': {error.strerror or error}; check the name and its permissions") from error
    except pickle.UnpicklingError as error:
        raise Refusal(INPUT, f"'{path}' is no checkpoint, or holds more than tensors and numbers; {advice}") from error
    except (RuntimeError, EOFError, ValueError, KeyError, AttributeError) as error:
        raise Refusal(INPUT, f"'{path}' is damaged or no .pt file; {advice}") from error
    state = checkpoint.get("state_dict") if isinstance(checkpoint, dict) else None
    refuse_unless(isinstance(state, dict), INPUT, f"'{path}' has no 'state_dict'; {advice}")
    for key in ("xy", "scale", "rot", "feat"):
        tensor = state.get(key)
        refuse_unless(isinstance(tensor, torch.Tensor), INPUT, f"'{path}' has no tensor '{key}'; {advice}")
        refuse_unless(
            tensor.dim() == 2 and tensor.is_floating_point(),
            INPUT,
            f"'{path}' has a '{key}' that is no matrix of numbers; {advice}",
        )
    return {key: state[key] for key in ("xy", "scale", "rot", "feat")}, checkpoint


def size_of(checkpoint, options):
    """Of the image: from the options, or from a file of this script, which notes it."""
    noted = checkpoint.get("size")
    noted = noted if isinstance(noted, (list, tuple)) and len(noted) == 2 else (None, None)
    size = tuple(option or side for option, side in zip((options.width, options.height), noted))
    refuse_unless(
        all(isinstance(side, int) and 1 <= side <= MAX_SIDE for side in size),
        USAGE,
        "an Image-GS checkpoint does not say how large its image was; give --width and --height",
    )
    return size


def imported(torch, path, options):
    """Field and metadata of a .pt. The shift and the inverse are made in double precision."""
    state, checkpoint = load_checkpoint(torch, path)
    size = size_of(checkpoint, options)
    xy, scale, rot, feat = (state[key].double().numpy() for key in ("xy", "scale", "rot", "feat"))
    field = {
        "position": xy + [0.5 / size[0], 0.5 / size[1]] if xy.shape[1] == 2 else xy,
        "inv_scale": 1 / scale if options.disable_inverse_scale else scale,
        "rotation": -rot,
        "feature": feat,
    }
    field = {key: values.astype("f4") for key, values in field.items()}
    check_field(path, field)
    # A scale that training has carried below 0 means its square: the sign has no effect.
    field["inv_scale"] = abs(field["inv_scale"])
    refuse_unless(field["inv_scale"].min() > 1e-38, INPUT, f"'{path}' has a scale of 0; convert another file")
    blend = "sum" if options.disable_topk_norm else "topk_norm"
    metadata = {
        "format": "gsfit-checkpoint",
        "version": "1",
        "raster_width": str(size[0]),
        "raster_height": str(size[1]),
        "blend": blend,
        "blend_eps": "0.0001",
        "cutoff": "4.2919321",
        "support": "tile16",
        "topk": "10",
    }
    return field, metadata


def exported(torch, field, metadata, options):
    """What Image-GS writes of a field, its optimiser's state as new. vis_feat is what it colours Gaussians by."""
    size = int(metadata["raster_width"]), int(metadata["raster_height"])
    position, inv_scale, rotation, feature = (torch.from_numpy(field[key].astype("f8")) for key in FIELD)
    state = {
        "xy": position - torch.tensor([0.5 / size[0], 0.5 / size[1]], dtype=torch.double),
        "scale": 1 / inv_scale if options.disable_inverse_scale else inv_scale,
        "rot": -rotation,
        "feat": feature,
        "vis_feat": torch.rand(feature.shape, generator=torch.Generator().manual_seed(123), dtype=torch.double),
    }
    state = {key: tensor.float() for key, tensor in state.items()}
    rates = {"xy": 5e-4, "scale": 2e-3, "rot": 2e-3, "feat": 5e-3}
    optimizer = torch.optim.Adam([{"params": state[key], "lr": rate} for key, rate in rates.items()])
    return {
        "step": int(metadata.get("step", 0)),
        "size": list(size),
        "state_dict": state,
        "optim_state_dict": optimizer.state_dict(),
    }


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("input", metavar="IN")
    parser.add_argument("output", metavar="OUT")
    parser.add_argument("--width", type=int, help="of the image that the .pt was fitted to [pixels]")
    parser.add_argument("--height", type=int, help="of the same [pixels]")
    parser.add_argument("--disable_inverse_scale", action="store_true", help="the .pt holds sigma, not 1 / sigma")
    parser.add_argument("--disable_topk_norm", action="store_true", help="the .pt was fitted with that setting")
    return parser.parse_args(arguments)


def convert(options):
    is_import = options.input.endswith(".pt")
    refuse_unless(
        is_import != options.output.endswith(".pt"), USAGE, "one of the two files must end in .pt, and only one; name them so"
    )
    if is_import:
        torch = import_torch()
        field, metadata = imported(torch, options.input, options)
        write_atomically(options.output, lambda file: file.write(safetensors_bytes(field, metadata)))
        return
    refuse_unless(
        options.width is None and options.height is None,
        USAGE,
        "a field of gsfit knows its size; leave out --width and --height",
    )
    torch = import_torch()
    field, metadata = read_safetensors(options.input)
    checkpoint = exported(torch, field, metadata, options)
    write_atomically(options.output, lambda file: torch.save(checkpoint, file))
    if (metadata.get("blend"), metadata.get("support")) != ("topk_norm", "tile16"):
        print(
            f"convert_image_gs: '{options.input}' was fitted with blend {metadata.get('blend')} and support "
            f"{metadata.get('support', 'ellipse')}, so Image-GS will show another picture of it",
            file=sys.stderr,
        )


def main(arguments=None):
    try:
        convert(parse(arguments))
    except Refusal as refusal:
        print(f"convert_image_gs: {refusal}", file=sys.stderr)
        return refusal.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
