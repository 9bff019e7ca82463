# Read by the scripts of this directory: where the project is, and how it speaks.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() {
    printf '%s\n' "$*"
}

fail() {
    printf '%s: %s\n' "tools/$(basename "$0")" "$*" >&2
    exit 1
}

# configure <preset>: says nothing unless it fails.
configure() {
    local output
    output=$(cmake --preset "$1" 2>&1) || {
        say "$output" >&2
        fail "CMake could not configure the preset '$1'; see its message above."
    }
}
