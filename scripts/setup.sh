#!/bin/sh
# Prepare .venv: `setup.sh` installs what the app needs, `setup.sh dev` also what tests and checks need.
#
# Fast when there is nothing to do: what was installed last is kept as a copy and compared.
# llama-cpp-python is left out here, for it compiles for minutes: scripts/build_llm.py builds it.
set -eu
cd "$(dirname "$0")/.."
py=.venv/bin/python

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for candidate in "${PYTHON:-python3}" python3 python3.13 python3.12 python3.11; do
        if new_enough "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    found=$("${PYTHON:-python3}" --version 2>/dev/null || echo "no Python at all")
    fail "MLSys Almanac needs Python 3.11 or newer; ${PYTHON:-python3} is $found." \
        "Install a newer one, or name it: make run PYTHON=/path/to/python3.11"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        return 1
    fi
}

make_venv() {
    python=$(find_python)
    echo "Creating .venv with $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv >/dev/null 2>&1 && return
    # Debian ships Python without the part that fills a new environment.
    version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
    echo "$python cannot fill a virtual environment by itself; installing $version-venv"
    if command -v apt-get >/dev/null && as_root apt-get update -q && as_root apt-get install -q -y "$version-venv"; then
        rm -rf .venv
        "$python" -m venv .venv && return
    fi
    rm -rf .venv
    fail "No virtual environment could be made with $python." "Install its venv module (Debian: apt-get install $version-venv)."
}

# $1: requirements file; $2: what was installed last; $3: what to call it
install() {
    cmp -s "$1" "$2" && return
    echo "Installing $3 (once; takes a few minutes)"
    grep -v '^llama-cpp-python' "$1" > .venv/requirements-now.txt || :
    # Installed programs name the environment's path, so a moved folder must not trust them: always -m.
    "$py" -m pip install --disable-pip-version-check -r .venv/requirements-now.txt || fail \
        "The packages of $1 could not be installed." "The lines above say why; run make again when that is mended."
    cp "$1" "$2"
}

"$py" -c 'import pip' 2>/dev/null || make_venv
# Options behind a requirement, as llama-cpp-python has them, are read from pip 23.1 on.
"$py" -c 'import pip, sys; sys.exit(tuple(map(int, pip.__version__.split(".")[:2])) < (23, 1))' ||
    "$py" -m pip install --quiet --upgrade "pip>=23.1"
install requirements.txt .venv/installed-requirements.txt "the pinned packages"
if [ "${1:-}" = dev ]; then
    install requirements-dev.txt .venv/installed-requirements-dev.txt "the tools for tests and checks"
fi
