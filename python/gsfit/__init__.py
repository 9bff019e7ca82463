"""Draws compact files of gsfit (.gsf), whole or in part, at any size, as numpy arrays.

    import gsfit
    with gsfit.open("photo.gsf") as file:
        whole = file.render()                                # uint8 [height, width, channels], as it was fitted
        detail = file.render(scale=4, crop=(4000, 2000, 800, 600))

It calls libgsfit_decode (gsfit_decode.h), and needs neither gsfit itself nor LibTorch.
"""

import ctypes
import os
import pathlib

import numpy

__all__ = ["DecodeError", "File", "open"]


class DecodeError(ValueError):
    """A file that cannot be read or drawn; its text is one sentence."""


class _Info(ctypes.Structure):
    _fields_ = [
        ("width", ctypes.c_int64),
        ("height", ctypes.c_int64),
        ("gaussians", ctypes.c_int64),
        ("channels", ctypes.c_int32),
        ("maps", ctypes.c_int32),
    ]


class _Map(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("channels", ctypes.c_int32),
        ("has_alpha", ctypes.c_int32),
        ("bits", ctypes.c_int32),
        ("low", ctypes.c_float),
        ("high", ctypes.c_float),
        ("profile", ctypes.c_void_p),
        ("profile_bytes", ctypes.c_size_t),
    ]


class _View(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in ("raster_width", "raster_height", "x", "y", "width", "height")]


def _load():
    """The library beside this file, as a wheel has it, else the system's."""
    here = pathlib.Path(__file__).parent
    if (here / "libgsfit_decode.so.0").exists():
        ctypes.CDLL(str(here / "libhwy.so.1"), mode=ctypes.RTLD_GLOBAL)
        library = ctypes.CDLL(str(here / "libgsfit_decode.so.0"))
    else:
        library = ctypes.CDLL("libgsfit_decode.so.0")
    handle = ctypes.c_void_p
    signatures = {
        "gsfit_open": (handle, [ctypes.c_char_p]),
        "gsfit_get_info": (_Info, [handle]),
        "gsfit_get_map": (_Map, [handle, ctypes.c_int32]),
        "gsfit_render": (
            ctypes.c_int,
            [handle, ctypes.c_int32, ctypes.POINTER(_View), ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t],
        ),
        "gsfit_bytes_read": (ctypes.c_uint64, [handle]),
        "gsfit_close": (None, [handle]),
        "gsfit_error": (ctypes.c_char_p, []),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


_library = _load()


def _failure():
    return DecodeError(_library.gsfit_error().decode())


class File:
    """A compact file. Threads may share it; close() only when none is drawing."""

    def __init__(self, path):
        self._file = _library.gsfit_open(os.fsencode(path))
        if not self._file:
            raise _failure()
        info = _library.gsfit_get_info(self._file)
        self.width, self.height = info.width, info.height  # of the image that was fitted [pixels]
        self.gaussians = info.gaussians
        maps = [_library.gsfit_get_map(self._file, i) for i in range(info.maps)]
        self._channels = [one.channels for one in maps]
        self.maps = [one.name.decode() for one in maps]  # names of its images: one, or those of a texture stack
        self.profiles = [ctypes.string_at(one.profile, one.profile_bytes) if one.profile else b"" for one in maps]

    def render(self, width=None, height=None, scale=None, crop=None, map=0, dtype=numpy.uint8):
        """[height, width, channels] of an image of the file.

        The whole image is drawn `width` wide or `height` high or `scale` times as large, its aspect kept; `crop` is a
        rectangle (x, y, width, height) of that. `map` is an index or a name. `dtype`: uint8, uint16, or float32, which
        has the values that the image's file had.
        """
        if sum(x is not None for x in (width, height, scale)) > 1:
            raise ValueError("give one of width, height and scale")
        factor = scale or (width / self.width if width else height / self.height if height else 1)
        raster_width = width or max(1, round(self.width * factor))
        raster_height = height or max(1, round(self.height * factor))
        index = self.maps.index(map) if isinstance(map, str) else map
        dtype = numpy.dtype(dtype)
        if dtype not in (numpy.uint8, numpy.uint16, numpy.float32):
            raise ValueError(f"{dtype} cannot be drawn; take uint8, uint16 or float32")
        x, y, columns, rows = crop or (0, 0, raster_width, raster_height)
        channels = self._channels[index]
        pixels = numpy.empty((max(rows, 0), max(columns, 0), channels), dtype)
        view = _View(raster_width, raster_height, x, y, columns, rows)
        row_bytes = columns * channels * dtype.itemsize
        if _library.gsfit_render(self._open(), index, view, dtype.itemsize, pixels.ctypes.data, row_bytes) != 0:
            raise _failure()
        return pixels

    @property
    def bytes_read(self):
        """Of the file, so far."""
        return _library.gsfit_bytes_read(self._open())

    def close(self):
        _library.gsfit_close(self._file)
        self._file = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _open(self):
        if not self._file:
            raise ValueError("the file is closed")
        return self._file


def open(path):
    """Reads the header of a compact file; the rest is read where it is drawn."""
    return File(path)
