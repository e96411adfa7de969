#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what this folder holds, on a machine without a network: sh install.sh [options of `changenet install`]
# Everything is checked by its SHA-256 first; whose it is say `--signers FILE` (SHA256SUMS.sig) or, unasked, `--unsigned`.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "$here"
sha256sum --check --quiet SHA256SUMS || {
    echo "the folder is not as it was made: carry it over again" >&2
    exit 2
}
for archive in images/*.tar; do
    [ -e "$archive" ] || continue
    if docker info >/dev/null 2>&1; then
        docker load --quiet --input "$archive" >&2
    else
        echo "no Docker engine answers here: bring the image to where the containers run, by docker load --input $archive" >&2
    fi
done
exec sh bank/install.sh --wheels "$here/packages" --engine "$@"
