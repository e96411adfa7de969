#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The published client nvidia-tao-automl 7.2.0, in an environment of its own below ~/.cache, for the test that has it tune a packaged
# skill: sh scripts/tao_client.sh install | python. Its SDK's extras (Docker, Kubernetes) are left out, as the test needs none.
set -eu
place="${XDG_CACHE_HOME:-$HOME/.cache}/changenet-tao-client-7.2.0"
case "${1:-}" in
install)
    [ -x "$place/bin/python" ] || "${PYTHON:-python3}" -m venv "$place"
    "$place/bin/pip" install -q --no-deps nvidia-tao-automl==7.2.0 nvidia-tao-sdk==7.2.0
    "$place/bin/pip" install -q numpy scikit-learn scipy pandas omegaconf openai requests 'PyYAML>=6.0'
    "$place/bin/python" -c 'import tao_automl.runner, tao_sdk.platforms.virtualenv.sdk'
    ;;
python)
    [ -x "$place/bin/python" ] && echo "$place/bin/python"
    ;;
*)
    echo "usage: sh scripts/tao_client.sh install|python" >&2
    exit 2
    ;;
esac
