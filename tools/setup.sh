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
[ -x "$venv/bin/pip" ] || "$python" -m venv "$venv" || {
    echo "The virtual environment cannot be made (on Debian or Ubuntu: sudo apt-get install python3-venv)" >&2
    exit 1
}
pip=("$venv/bin/python" -m pip install -qq --disable-pip-version-check)
# torch first and pinned: nothing may pull in another build of it later.
"${pip[@]}" "$(grep '^torch==' constraints.txt)"
"${pip[@]}" -c constraints.txt -e '.[course,dev]'

missing=()
command -v bwrap >/dev/null || missing+=(bubblewrap)
"$venv/bin/python" -c 'import ctypes; ctypes.CDLL("libseccomp.so.2")' 2>/dev/null || missing+=(libseccomp2)
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
install() {
    command -v apt-get && "${as_root[@]}" true && "${as_root[@]}" apt-get update &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
} >/dev/null 2>&1
echo "Installing ${missing[*]}"
install || {
    echo "Please install ${missing[*]} yourself (on Debian or Ubuntu: sudo apt-get install ${missing[*]})." >&2
    echo "The sandbox needs them: without its boundary the grader refuses to grade." >&2
}
