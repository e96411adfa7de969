#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Chromium for the tests of reports and other pages, from the distribution. Does nothing where there is one already.
set -eu
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null; then
        exit 0
    fi
done
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
