#!/usr/bin/env bash
# Set up a fresh machine: a virtual environment with pinned packages, and the sandbox's two system packages.
# PYTHON names the Python to use, TORCH_INDEX the index to take PyTorch from (README.md: its CPU build).
set -euo pipefail
venv=${1:-.venv}
python=${PYTHON:-python3}
log=$venv/setup.log

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed; set PYTHON to one, for example: make setup PYTHON=python3.12" >&2
    exit 1
}

[ -x "$venv/bin/pip" ] || "$python" -m venv "$venv" || {
    echo "The virtual environment cannot be made (on Debian or Ubuntu: sudo apt-get install python3-venv)" >&2
    exit 1
}
echo "Setting up $venv with $("$venv/bin/python" --version)"
: >"$log"

pip_install() {
    PYTHONUNBUFFERED=1 "$venv/bin/python" -m pip install --disable-pip-version-check --no-input "$@" 2>&1 |
        "$venv/bin/python" tools/progress.py "$log" || {
        cat "$log"
        echo "pip could not install the packages; all that it said stands above, and in $log."
        echo "A package that is not found: is the network there, and is the Python one of those in constraints.txt?"
        echo "Then run the same command again: it goes on with what is there."
        exit 1
    } >&2
}
pinned() { grep -i "^$1==" constraints.txt; }

# An old pip (Debian 12 has 23.0) searches for minutes where the pins do not fit; a new one says at once what does not.
pip_install --progress-bar off "$(pinned pip)"

# torch first and pinned: nothing may pull in another build of it later.
if [ -z "${TORCH_INDEX:-}" ] && [ "$(uname)" = Linux ] && ! command -v nvidia-smi >/dev/null; then
    echo "No NVIDIA GPU is seen. If PyTorch brings packages for one (4.7 GB), stop and ask for its CPU build: README.md"
fi
pip_install --progress-bar raw --no-deps ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} "$(pinned torch)"
pip_install --progress-bar raw --constraint constraints.txt --editable '.[course,dev]'

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
