"""What each kernel of libgsfit_cuda.so takes on each architecture, against the kept table cuda/resources.txt.

    resources.py <cuobjdump> <nvcc version> <library> [--write]

Kernels of other namespaces (CUB's) are left out: they belong to the toolkit. Another nvcc allots registers otherwise,
so under one the table is printed and not compared (exit code 77).
"""

import difflib
import itertools
import pathlib
import re
import shlex
import subprocess
import sys

KEPT = pathlib.Path(__file__).resolve().parents[2] / "cuda" / "resources.txt"
SKIPPED = 77
OURS = re.compile(r"(void )?gsfit::")
USAGE = re.compile(r"REG:(\d+) STACK:(\d+) SHARED:(\d+) LOCAL:(\d+)")


def output(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def short(signature):
    """project_kernel<3, true> of void gsfit::gpu::(anonymous namespace)::project_kernel<3, true>(float const*, ...)."""
    name = signature.replace("(anonymous namespace)::", "").replace("gsfit::gpu::", "").replace("gsfit::", "")
    depth = 0
    for place, letter in enumerate(name):
        depth += {"<": 1, ">": -1}.get(letter, 0)
        if letter == "(" and depth == 0:
            name = name[:place]
            break
    return name.removeprefix("void ")


def measure(cuobjdump, library):
    """(architecture, "file: kernel") -> registers, bytes of spill, bytes of shared memory."""
    usage, architecture, file, function = {}, None, None, None
    for line in output("c++filt", input=output(cuobjdump, "--dump-resource-usage", library)).splitlines():
        if match := re.match(r"arch = sm_(\d+)", line):
            architecture = int(match[1])
        elif match := re.match(r"identifier = .*/(\w+)\.cu", line):
            file = match[1]
        elif match := re.match(r" Function (.*):$", line):
            function = match[1]
        elif (match := USAGE.search(line)) and OURS.match(function):
            registers, stack, shared, local = map(int, match.groups())
            kernel = f"{file}: {short(function)}"
            if (architecture, kernel) in usage:
                sys.exit(f"Two kernels have the name {kernel}; give one another, so that the table can tell them apart.")
            usage[architecture, kernel] = registers, stack + local, shared
    return usage


def by_architecture(architectures, values):
    """One number where all have the same; else the first, and from which architecture on there is another."""
    parts = []
    for value, group in itertools.groupby(zip(architectures, values), key=lambda pair: pair[1]):
        parts.append(f"{value}" if not parts else f"sm_{next(group)[0]}: {value}")
    return ", ".join(parts)


def table(usage, nvcc):
    architectures = sorted({architecture for architecture, _ in usage})
    lines = [
        f"nvcc {nvcc}",
        "spill: stack and local memory, bytes a thread; shared: bytes a block, without what a launch adds, and from sm_90",
        "on with 1024 that the system takes",
        "",
        f"{'registers on sm_':{4 * len(architectures) - 1}} {'spill':12} {'shared':24} kernel",
        " ".join(f"{architecture:3}" for architecture in architectures),
    ]
    for kernel in sorted({kernel for _, kernel in usage}):
        rows = [usage[architecture, kernel] for architecture in architectures]
        cells = [" ".join(f"{registers:3}" for registers, _, _ in rows)]
        cells.append(by_architecture(architectures, [spill for _, spill, _ in rows]).ljust(12))
        cells.append(by_architecture(architectures, [shared for _, _, shared in rows]).ljust(24))
        lines.append(" ".join([*cells, kernel]))
    return "\n".join(lines) + "\n"


def main():
    cuobjdump, nvcc, library, *write = sys.argv[1:]
    usage = measure(cuobjdump, library)
    if not usage:
        sys.exit(f"{library} has no kernel of gsfit in it.")
    found = table(usage, nvcc)
    if write:
        KEPT.write_text(found)
        return 0
    print(found)
    kept = KEPT.read_text() if KEPT.exists() else ""
    if kept == found:
        return 0
    compiler, kept_compiler = found.splitlines()[0], kept.partition("\n")[0]
    if kept and compiler != kept_compiler:
        print(f"Not compared: cuda/resources.txt is of {kept_compiler}, and this is {compiler}.")
        return SKIPPED
    lines = kept.splitlines(), found.splitlines()
    print(*difflib.unified_diff(*lines, "cuda/resources.txt", "as built", n=1, lineterm=""), sep="\n")
    print(f"\nWhere the change is meant: {shlex.join([sys.executable, *sys.argv, '--write'])}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
