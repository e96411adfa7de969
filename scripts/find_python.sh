#!/bin/sh
# Prints the first Python on the PATH that is new enough and can make virtual environments; where one is named, that or none.
# Usage: sh scripts/find_python.sh [PYTHON]
refused=""
for python in ${1:-python3.11 python3.12 python3.13 python3.14 python3 python}; do
    command -v "$python" >/dev/null 2>&1 || continue
    if ! version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null); then
        reason="does not start"
    elif ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        reason="is Python $version"
    elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        reason="is Python $version without venv (Debian, Ubuntu: apt install python$version-venv)"
    else
        echo "$python"
        exit 0
    fi
    refused="$refused
  $python $reason"
done
cat >&2 <<MESSAGE
error: no Python 3.11 or newer with venv${1:+ at $1}$refused
  remedy: install one, or name one that the PATH does not lead to: make demo PYTHON=/path/to/python3.11
MESSAGE
exit 3
