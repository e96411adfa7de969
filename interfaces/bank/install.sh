#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs this folder where no `changenet` is installed yet, with the code of its own wheel: sh install.sh [options]
# Python 3.11 or newer is needed. Who wants to know first whose code this is: see SHA256SUMS and SHA256SUMS.sig.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
for wheel in "$here"/wheels/changenet_skill-*.whl "$here"/bank/wheels/changenet_skill-*.whl; do
    [ -e "$wheel" ] && break
done
for python in ${PYTHON:-python3.14 python3.13 python3.12 python3.11 python3 python}; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        PYTHONPATH="$wheel" exec "$python" -m interfaces.cli install "$here" "$@"
    fi
done
echo "no Python 3.11 or newer was found; name one: PYTHON=/path/to/python3 sh install.sh" >&2
exit 5
