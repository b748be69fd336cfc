#!/bin/sh
# Installs paasim from this checkout into the virtual environment .venv beside this file.
# Usage: sh install.sh [EXTRAS]     EXTRAS, comma-separated: parquet, cluster, sensitivity; test, dev: to work on paasim itself,
#                                   an editable install of plain Python. Else the inner loop is compiled if possible.
set -eu
cd "$(dirname "$0")"
extra=${1:+[$1]}

python=
for name in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null 2>&1 \
        && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$name
        break
    fi
done
if [ -z "$python" ]; then
    echo "paasim needs Python 3.11 or newer: install it, or name it with PYTHON=/path/to/python3 sh install.sh" >&2
    exit 2
fi

if [ ! -x .venv/bin/python ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    rm -rf .venv
    if ! "$python" -m venv .venv 2>/dev/null; then
        # Debian's python3 comes without venv; its own package has it.
        rm -rf .venv
        if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
            apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
            "$python" -m venv .venv
        else
            echo "$python cannot make virtual environments; on Debian: sudo apt-get install python3-venv" >&2
            exit 2
        fi
    fi
fi

install() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"
}

case ${1:-} in
*test* | *dev*)
    install -e ".$extra"
    ;;
*)
    echo "Installing paasim; where there is a C compiler, its inner loop is compiled, which takes a minute." >&2
    # What compiles may not be there; paasim itself needs none of it.
    HATCH_BUILD_HOOK_ENABLE_CUSTOM=true install ".$extra" || install ".$extra"
    ;;
esac
.venv/bin/paasim --version >&2
