#!/usr/bin/env bash
# Set up a fresh machine: a virtual environment with pinned packages, and the sandbox's two system packages.
set -euo pipefail
venv=${1:-.venv}
python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed; set PYTHON to one, for example: make setup PYTHON=python3.12" >&2
    exit 1
}

echo "Setting up $venv (PyTorch is large: this can take a few minutes)"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
# torch first and pinned: nothing may pull in another build of it later.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$(grep '^torch==' constraints.txt)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'

missing=()
command -v bwrap >/dev/null || missing+=(bubblewrap)
ldconfig -p 2>/dev/null | grep -q 'libseccomp\.so\.2' || missing+=(libseccomp2)
if [ ${#missing[@]} -gt 0 ]; then
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
    if command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null; then
        echo "Installing ${missing[*]}"
        "${as_root[@]}" apt-get update -qq
        DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq "${missing[@]}" >/dev/null
    else
        echo "Please install ${missing[*]} (on Debian or Ubuntu: sudo apt-get install ${missing[*]}):" >&2
        echo "without them the sandbox has no boundary, and nothing is graded." >&2
    fi
fi
