#!/bin/sh
# A Docker engine of one's own, for tests: sh scripts/docker_engine.sh start FOLDER, and later stop FOLDER; as root.
# It listens on FOLDER/docker.sock alone, keeps all that it has in FOLDER, and gives its containers no network.
set -eu
usage="usage: sh scripts/docker_engine.sh install | start FOLDER | stop FOLDER"
command=${1:?$usage}

install() {
    command -v dockerd >/dev/null && return 0
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io >/dev/null
}

answers() {
    curl --silent --fail --max-time 5 --unix-socket "$folder/docker.sock" http://engine/_ping >/dev/null 2>&1
}

# The number in the pid file may have gone to somebody else since.
is_ours() {
    cat "/proc/$1/cmdline" 2>/dev/null | tr '\0' ' ' | grep -qF -- "--data-root $folder/data"
}

start() {
    mkdir -p "$folder"
    # Left by one that was killed.
    if [ -f "$folder/pid" ] && ! is_ours "$(cat "$folder/pid")"; then
        rm -f "$folder/pid" "$folder/exec/containerd/containerd.pid"
    fi
    dockerd --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/pid" \
        --host "unix://$folder/docker.sock" --bridge none --iptables=false --ip6tables=false \
        --storage-driver overlay2 >"$folder/log" 2>&1 </dev/null &
    engine=$!
    tries=0
    until answers; do
        tries=$((tries + 1))
        if [ $tries -gt 300 ] || ! kill -0 $engine 2>/dev/null; then
            echo "the engine did not start:" >&2
            tail -n 3 "$folder/log" >&2
            exit 1
        fi
        sleep 0.1
    done
}

stop() {
    if [ -f "$folder/pid" ]; then
        # One that died by itself left its containers: only an engine ends them.
        is_ours "$(cat "$folder/pid")" || start
        engine=$(cat "$folder/pid")
        kill "$engine"
        while is_ours "$engine"; do sleep 0.1; done
    fi
    grep -F " $folder/" /proc/mounts | cut -d' ' -f2 | sort -ru | while read -r mounted; do
        # What a container held open is let go of a moment after its engine has ended.
        umount "$mounted" 2>/dev/null || { sleep 1; umount "$mounted" 2>/dev/null; } || umount -l "$mounted"
    done
    rm -rf "$folder"
}

[ "$command" = install ] || folder=${2:?$usage}
case $command in
    install) install ;;
    start) start ;;
    stop) stop ;;
    *) echo "$usage" >&2; exit 2 ;;
esac
