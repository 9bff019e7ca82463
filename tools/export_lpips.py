#!/usr/bin/env python3
"""Writes the LPIPS that `gsfit eval --lpips FILE` takes: a TorchScript module.

    export_lpips.py [--net alex|vgg|squeeze] FILE

Needs torch, torchvision and lpips. The weights of the backbone come through torchvision, which downloads them when they
are used for the first time; lpips brings those on top.
"""

import argparse

import lpips
import torch


def traced(model):
    """The model as TorchScript, for images of any size from 64 x 64 on."""

    def images(height, width):
        return tuple(2 * torch.rand(1, 3, height, width) - 1 for _ in range(2))

    with torch.no_grad():
        module = torch.jit.trace(model.eval(), images(64, 64), check_inputs=[images(97, 131)])
    return torch.jit.freeze(module)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--net", choices=("alex", "vgg", "squeeze"), default="alex", help="backbone; default: alex")
    parser.add_argument("file", help="to write, lpips.pt for instance")
    arguments = parser.parse_args()
    traced(lpips.LPIPS(net=arguments.net, verbose=False)).save(arguments.file)


if __name__ == "__main__":
    main()
