#!/bin/bash
# gpu_suite.sh [FILE]: on a machine with a GPU, runs the GPU tests, compute-sanitizer, the checks that runs repeat and
# resume bit for bit, and the benchmark, from the folder that tools/gpu_bundle made (in tools/ it makes it first). Writes
# what came out to FILE as JSON (gpu_suite.json unless named, in the folder that OUT names), anew after each part. A part
# that fails or takes too long stops no other; all of it takes at most ten minutes. Exit code 0: every part passed.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
file=$(realpath "${1:-${OUT:-.}/gpu_suite.json}")
if [[ ! -d $here/bin ]]; then
    "$here/gpu_bundle" && exec "$here/../build/gpu_bundle/gpu_suite.sh" "$file"
    exit 1
fi
deadline=570 # seconds, with some left for the last part to be stopped
work=$(mktemp --directory)
trap 'rm -rf "$work"' EXIT
export here work

# write_report: of $work/parts, and what the benchmark printed; exit code 1 unless all passed.
write_report() {
    python3 - "$work" "$file" "$SECONDS" "$here/revision" <<'PYTHON'
import json, pathlib, sys

work, file, seconds, revision = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
parts = []
for fields in sorted((work / "parts").glob("*.fields")):
    name, status, sentence, took, code, limit, command = fields.read_text().split("\n", 6)
    output = fields.with_suffix(".log").read_text(errors="replace") if fields.with_suffix(".log").exists() else ""
    part = {"name": name, "status": status, "sentence": sentence, "seconds": int(took), "exit_code": int(code)}
    parts.append(part | {"limit_seconds": int(limit), "command": command.strip(), "output_tail": output[-6000:]})
try:
    benchmark = json.loads((work / "benchmark.json").read_text())
except (OSError, ValueError):
    benchmark = None  # its part tells why
passed = bool(parts) and all(part["status"] == "passed" for part in parts)
report = {"revision": pathlib.Path(revision).read_text().strip(), "all_passed": passed, "seconds": seconds}
unfinished = file.with_name(file.name + ".tmp")
unfinished.write_text(json.dumps(report | {"parts": parts, "benchmark": benchmark}, indent=1) + "\n")
unfinished.replace(file)
sys.exit(0 if passed else 1)
PYTHON
}

# verdict <exit code> <log> <seconds allowed>: status and one sentence, a line each.
verdict() {
    local last
    last=$(grep --text '[^[:space:]]' "$2" | tail --lines=1 | cut --characters=-300)
    case $1 in
        0)
            if grep --quiet --text '^\[  SKIPPED \]' "$2"; then
                printf 'skipped\n%s\n' "tests were skipped: $(grep --text --count '^\[  SKIPPED \] .*ms)' "$2") of them"
            else
                printf 'passed\n%s\n' "$last"
            fi
            ;;
        124 | 137) printf 'timed out\nstopped after %s s, or killed\n' "$3" ;;
        127) printf 'failed\nmissing: %s\n' "$last" ;;
        129 | 1[3-5]?) printf 'failed\nended by signal %s: %s\n' $(($1 - 128)) "$last" ;;
        *) printf 'failed\nexit code %s: %s\n' "$1" "$last" ;;
    esac
}

part_count=0

# part <name> <seconds> <command or function> [arguments]
part() {
    local name=$1 limit=$2 begun=$SECONDS code=0 left=$((deadline - SECONDS)) base
    shift 2
    part_count=$((part_count + 1))
    base=$work/parts/$(printf %02d "$part_count")
    mkdir -p "$work/parts"
    : >"$base.log"
    if ((left < 3)); then
        printf '%s\n' "$name" skipped "the ten minutes were over" 0 0 "$limit" "$*" >"$base.fields"
    else
        ((limit < left)) || limit=$left
        timeout --kill-after=5 "$limit" bash -euo pipefail -c '"$@"' part "$@" >"$base.log" 2>&1 || code=$?
        printf '%s\n' "$name" "$(verdict "$code" "$base.log" "$limit")" \
            $((SECONDS - begun)) "$code" "$limit" "$*" >"$base.fields"
    fi
    printf '%-22s %-10s %s\n' "$name" "$(sed --quiet 2p "$base.fields")" "$(sed --quiet 3p "$base.fields")"
    write_report
}

machine() {
    uname --all
    nvcc --version || /usr/local/cuda/bin/nvcc --version || true
    python3 -c 'import importlib.metadata as m; print("PyTorch", m.version("torch"))' || true
    nvidia-smi --format=csv \
        --query-gpu=name,driver_version,compute_cap,memory.total,clocks.max.sm,clocks.max.mem,power.limit
    nvidia-smi
}

# training <image> <folder> [flags]: replaces the shell, so that who kills it kills gsfit.
training() {
    exec "$here/run" gsfit train "$here/images/$1" --output "$work/$2" \
        --device cuda --num_gaussians 500 --progress none "${@:3}"
}

# sanitize <tool> [environment]: a short training under it.
sanitize() {
    env "${@:2}" "$here/run" compute-sanitizer --tool "$1" --error-exitcode 9 --print-limit 20 \
        gsfit train "$here/images/odd.png" --output "$(mktemp --directory "$work/XXXXXX")" \
        --device cuda --num_gaussians 500 --max_steps 20 --progress none
}

# same_state <folder> <folder>: the last checkpoints hold the same bits, but for the seconds it took.
same_state() {
    python3 - "$work/$1/checkpoints/latest" "$work/$2/checkpoints/latest" <<'PYTHON'
import json, sys


def state(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        header["__metadata__"].pop("seconds")
        return header, file.read()


first, second = map(state, sys.argv[1:])
if first != second:
    names = [n for n in first[0] if n != "__metadata__" and first[0].get(n) == second[0].get(n)]
    cut = lambda s, n: s[1][slice(*s[0][n]["data_offsets"])]
    other = [n for n in names if cut(first, n) != cut(second, n)]
    sys.exit(f"the two states differ, in: {', '.join(other) or 'their headers'}")
print(f"{len(first[1])} bytes of state are the same")
PYTHON
}

two_runs() {
    (training picture.png first --max_steps 200 --seed 7)
    (training picture.png second --max_steps 200 --seed 7)
    same_state first second
}

# Kernels launched one by one, and waited for after each step, come to what graphs come to that are not.
other_launches() {
    (training picture.png one_by_one --max_steps 200 --seed 7 --cuda_graph false --log_level debug)
    same_state first one_by_one
}

# A run that is killed after its first checkpoint, and resumed, ends as one that was not.
resumed_run() {
    local run
    (training picture.png straight --max_steps 3000 --save_ckpt_steps 100)
    training picture.png killed --max_steps 3000 --save_ckpt_steps 100 &
    run=$!
    while [[ ! -e $work/killed/checkpoints/latest ]] && kill -0 "$run"; do
        sleep 0.01
    done
    kill -KILL "$run" || { printf 'the run was over before it could be killed\n' && return 1; }
    wait "$run" || true
    "$here/run" gsfit train --resume "$work/killed" --progress none
    same_state straight killed
}

benchmark() {
    "$here/run" gpu_bench | tee "$work/benchmark.json"
    python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$work/benchmark.json"
    printf '\nthe table is under "benchmark"\n'
}

export -f machine training sanitize same_state two_runs other_launches resumed_run benchmark

part machine 20 machine
for program in "$here"/bin/gpu_*; do
    [[ $program == */gpu_bench ]] || part "tests.$(basename "$program")" 120 "$here/run" "$program"
done
part training 40 training picture.png trained --max_steps 20
part repeat 40 two_runs
part graph 40 other_launches
part resume 60 resumed_run
part benchmark 150 benchmark
for tool in memcheck racecheck synccheck initcheck; do
    part "sanitizer.$tool" 60 sanitize "$tool"
done
# LibTorch's pool hides a write just beyond a tensor; without the pool each tensor has bounds of its own.
part sanitizer.unpooled 60 sanitize memcheck PYTORCH_NO_CUDA_MEMORY_CACHING=1
write_report
