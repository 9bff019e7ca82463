"""Every #include keeps to the dependency rules that the gsfit_room() lines of CMakeLists.txt state.

A room includes its own headers, the public headers of rooms that it knows, directly or through them, and the libraries
named for it; one that knows gpu may include the headers of cuda/. Kernel files (*_kernels.*, *-inl.h) include neither LibTorch nor OpenCV.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What a line like #include <yaml-cpp/yaml.h> begins with -> the library that the room must name.
LIBRARIES = {
    "ATen/": "torch_cpu",
    "c10/": "torch_cpu",
    "torch/": "torch_cpu",
    "opencv2/": "opencv_core",
    "lcms2": "PkgConfig::ImageCodecs",
    "yaml-cpp/": "yaml-cpp",
    "nlohmann/": "nlohmann_json::nlohmann_json",
    "hwy/": "PkgConfig::Highway",
    "cxxopts": "cxxopts",
    "cairo": "PkgConfig::Cairo",
    "libav": "ffmpeg_headers",
    "libsw": "ffmpeg_headers",
}
ONLY = {
    "yaml-cpp": {"config"},
    "opencv_core": {"image", "record", "eval"},
    "cxxopts": {"cli"},
    "ffmpeg_headers": {"video"},
}
HEAVY = {"torch/torch.h", "torch/all.h", "torch/extension.h", "ATen/ATen.h"}  # 8 to 15 s a file
BETWEEN_ROOMS = {"types.h", "blending.h", "bins.h", "tile_bins.h"}  # structs that pass between rooms belong to none
KERNEL = re.compile(r"(_kernels\.\w+|-inl\.h)$")


def read_rules():
    """Of each room: what its headers may include, and what its sources may; the latter includes the former."""
    public, private = {}, {}
    text = (ROOT / "CMakeLists.txt").read_text()
    for name, knows in re.findall(r"^gsfit_room\((\w+) KNOWS ([^)]*)\)", text, re.MULTILINE):
        known, _, own = knows.partition("PRIVATE")
        public[name] = {name}.union(known.split(), *(public.get(room, ()) for room in known.split()))
        private[name] = public[name].union(own.split())
    everything = set().union(*private.values()) | {"cxxopts"}
    public["cli"] = private["cli"] = everything - {"yaml-cpp", "opencv_core", "ffmpeg_headers"} | {"cli"}
    return public, private


def owner(included, rooms):
    """The room or library that an included file belongs to; None for the standard library and structs between rooms.

    cuda/ is seen through the room gpu, which has the table of its functions.
    """
    for start, library in LIBRARIES.items():
        if included.startswith(start):
            return library
    parts = included.split("/")
    if parts[0] == "cuda":
        return "gpu"
    if parts[0] == "gsfit":
        return None if parts[1] in BETWEEN_ROOMS else parts[1].removesuffix(".h")
    return parts[0] if len(parts) > 1 and parts[0] in rooms else None  # <memory> alone is the standard library's


def objections(room, path, allowed, rooms):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*["<]([^">]+)', line)
        if not match:
            continue
        included = match[1]
        needs = owner(included, rooms)
        where = f"{path.relative_to(ROOT)}:{number}: includes {included}, but "
        if included in HEAVY:
            yield where + "that costs seconds per file; include the narrow headers."
        elif needs in ("torch_cpu", "opencv_core") and KERNEL.search(path.name):
            yield where + "kernel files take plain views."
        elif needs in rooms and needs != room and not included.startswith(("gsfit/", "cuda/")):
            yield where + f"it is private to {needs}."
        elif needs and needs not in allowed:
            yield where + f"{room} does not know {needs} (gsfit_room() in CMakeLists.txt)."


def main():
    public, private = read_rules()
    found = [
        f"CMakeLists.txt: {room} names {library}, which only {' and '.join(sorted(rooms))} may."
        for library, rooms in ONLY.items()
        for room in private
        if library in private[room] and room not in rooms
    ]
    for room in private:
        for path in sorted((ROOT / "src" / room).glob("*")):
            found += objections(room, path, private[room], private)
        headers = [ROOT / "include" / "gsfit" / f"{room}.h", *sorted((ROOT / "include" / "gsfit" / room).glob("*.h"))]
        for path in filter(pathlib.Path.exists, headers):
            found += objections(room, path, public[room], private)
    print("\n".join(found) or "Every room includes only what it knows.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
