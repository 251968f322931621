#!/usr/bin/env bash
# Rasa's own environment: Python 3.10 in .venv-rasa, or in the folder given. Takes two minutes and 2.1 GB.
# BANSHI_RASA_PYTHON names the Python; otherwise one is looked for. `deploy/rasa.sh --python` only tells which.
set -eu
cd "$(dirname "$0")/.."
environment=${1:-.venv-rasa}

fits() {
    [ -n "$1" ] && "$1" -c 'import sys, ensurepip; sys.exit(sys.version_info[:2] != (3, 10))' 2>/dev/null
}

candidates() {
    echo "python3.10"
    if command -v pyenv >/dev/null; then ls -d "$(pyenv root)"/versions/3.10*/bin/python3.10 2>/dev/null || true; fi
    if command -v uv >/dev/null; then uv python find 3.10 2>/dev/null || true; fi
}

python=
if [ -n "${BANSHI_RASA_PYTHON:-}" ]; then
    if fits "$BANSHI_RASA_PYTHON"; then python=$BANSHI_RASA_PYTHON; fi
else
    while read -r candidate; do
        if fits "$candidate"; then python=$candidate && break; fi
    done < <(candidates)
fi
if [ -z "$python" ]; then
    echo "Rasa 3.6.21 needs Python 3.10, and none was found: name one in BANSHI_RASA_PYTHON" >&2
    exit 1
fi

if [ "$environment" = --python ]; then
    echo "$python"
    exit
fi

rm -f "$environment/installed"
"$python" -m venv --clear "$environment"
# The lock is whole, so nothing is resolved. Some packages are built from source, which pip remarks upon.
"$environment/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes \
    -r nlu/rasa/requirements.lock 2> >(grep -v DEPRECATION >&2)
touch "$environment/installed"
