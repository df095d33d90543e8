#!/bin/sh
# Makes the environment from the lock: `sh deploy/setup.sh .venv`. Safe to call again.
set -eu
venv=$1

say() { printf '%s\n' "$*" >&2; }

right_python() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

find_python() {
    for name in "${PYTHON_FOR_VENV:-python3}" python3.13 python3.12 python3.11 python; do
        if command -v "$name" >/dev/null 2>&1 && right_python "$name"; then
            command -v "$name"
            return
        fi
    done
    say "Faceward needs Python 3.11, 3.12 or 3.13; none was found. Name one with PYTHON_FOR_VENV=…"
    exit 1
}

is_debian_root() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

# --- Python packages: only from the lock, never resolved here ------------------------------------------------
make_venv() {
    if [ -x "$venv/bin/python" ] && right_python "$venv/bin/python"; then return; fi
    say "Making $venv with $python"
    if "$python" -m venv --clear "$venv" 2>/dev/null; then return; fi
    if command -v uv >/dev/null 2>&1; then uv venv --quiet --seed --clear --python "$python" "$venv"; return; fi
    # Debian keeps venv in a package of its own.
    if is_debian_root && apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null; then
        "$python" -m venv --clear "$venv"
        return
    fi
    say "Python's venv module is missing. On Debian: apt-get install python3-venv"
    exit 1
}

install_packages() {
    say "Installing the locked packages (one to two minutes the first time)"
    if command -v uv >/dev/null 2>&1 &&
        uv pip install --quiet --python "$venv/bin/python" --no-deps --require-hashes -r requirements.lock; then
        return
    fi
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
}

# --- System packages: a browser for the browser tests, Pango and a font for PDFs ------------------------------
system_packages="chromium libpango-1.0-0 libpangoft2-1.0-0 fonts-dejavu-core"

have_browser() { command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1; }

install_system_packages() {
    if have_browser; then return; fi
    if is_debian_root; then
        say "Installing Chromium, Pango and a font"
        if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $system_packages >/dev/null; then
            return
        fi
        say "That did not work; everything but the browser tests runs without them."
        return
    fi
    say "Without Chromium the browser tests are left out. To have them, on Debian or Ubuntu:"
    say "    sudo apt-get install $system_packages"
}

python=$(find_python)
make_venv
install_packages
install_system_packages
