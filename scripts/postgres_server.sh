#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A real PostgreSQL server on loopback, for tests and for trying things. Everything stays in FOLDER.
#   postgres_server.sh install        the package of Debian or Ubuntu
#   postgres_server.sh start FOLDER   starts one below FOLDER, and prints the URL of its database once it answers
#   postgres_server.sh stop FOLDER    stops the one below FOLDER
# Its user is `changenet`, whose password stands in FOLDER/password. As root, the server runs as the user `postgres`.
set -eu

programs() {
    for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V -r) $(command -v initdb | xargs -r dirname); do
        [ -x "$folder/initdb" ] && echo "$folder" && return
    done
    echo "no PostgreSQL here: sh scripts/postgres_server.sh install" >&2
    exit 3
}

as_server() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid postgres --regid postgres --clear-groups env PATH="$PATH" "$@"
    else
        "$@"
    fi
}

install_package() {
    command -v /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && return
    apt-get update -qq
    # No cluster of the system's own is wanted.
    mkdir -p /etc/postgresql-common
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql
}

start() {
    bin=$(programs) folder=$1
    mkdir -p "$folder/socket"
    (umask 077 && od -An -N12 -tx1 /dev/urandom | tr -d ' \n' >"$folder/password")
    [ "$(id -u)" != 0 ] || chown -R postgres:postgres "$folder"
    cd "$folder"
    as_server "$bin/initdb" --pgdata="$folder/data" --username=changenet --pwfile="$folder/password" \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$folder/initdb.txt" 2>&1 || {
        tail -n 20 "$folder/initdb.txt" >&2
        exit 1
    }
    port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
    as_server "$bin/pg_ctl" --pgdata="$folder/data" --log="$folder/log.txt" --wait --timeout=60 --silent \
        --options="-h 127.0.0.1 -p $port -k $folder/socket -F -c shared_buffers=32MB -c max_connections=200" start || {
        tail -n 20 "$folder/log.txt" >&2
        exit 1
    }
    echo "postgresql://changenet@127.0.0.1:$port/postgres"
}

stop() {
    bin=$(programs) folder=$1
    cd "$folder"
    as_server "$bin/pg_ctl" --pgdata="$folder/data" --wait --mode="${2:-fast}" --silent stop
}

case ${1:-} in
install) install_package ;;
start | stop) "$@" ;;
*)
    sed -n '3,7s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
