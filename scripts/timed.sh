#!/bin/sh
# Runs a command and says how long it took: sh scripts/timed.sh STAGE COMMAND …
stage=$1
shift
begun=$(date +%s)
"$@"
code=$?
echo "$stage: $(($(date +%s) - begun)) s"
exit $code
