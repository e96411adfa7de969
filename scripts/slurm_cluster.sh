#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A Slurm of two nodes on this host, for tests and for trying things out. Everything stays in FOLDER, on loopback.
#   slurm_cluster.sh install               Slurm, MUNGE and an ssh server from Debian or Ubuntu
#   slurm_cluster.sh start FOLDER [PORT]   the controller listens on PORT, the nodes n1 and n2 on the next two
#   slurm_cluster.sh stop FOLDER           ends the daemons, by the process ids that they noted
#   slurm_cluster.sh install-accounting    slurmdbd and a MariaDB as well; where ACCOUNTING=yes, start brings both up, so
#                                          that sacct answers; they listen on the two ports after those of the nodes
# Where CGROUPS=yes, memory is limited by the control groups of the kernel (version 1), which have to be writable; else
# a step above its memory is killed by the daemon that counts it (OverMemoryKill).
# Use it with SLURM_CONF=FOLDER/slurm.conf. Jobs of the partition main take the place of those of the partition low. A
# node that says nothing for SLURMD_TIMEOUT seconds (default 6) is lost.
set -eu

usage() {
    sed -n '3,12s/^# *//p' "$0" >&2
    exit 2
}

install_packages() {
    command -v slurmctld >/dev/null 2>&1 && command -v munged >/dev/null 2>&1 && command -v sshd >/dev/null 2>&1 && return
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge openssh-server
}

# A MariaDB that its package would start is not wanted here: each folder has its own.
install_accounting() {
    command -v slurmdbd >/dev/null 2>&1 && command -v mariadbd >/dev/null 2>&1 && return
    apt-get update -qq
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurmdbd mariadb-server
}

begin_accounting() {
    folder=$1 port=$2 host=$(hostname -s) word=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
    mariadb-install-db --no-defaults --user="$(id -un)" --auth-root-authentication-method=normal --skip-test-db \
        --datadir="$folder/accounts" >"$folder/mariadb-install.log" 2>&1
    mariadbd --no-defaults --user="$(id -un)" --datadir="$folder/accounts" --socket="$folder/mariadb.socket" \
        --pid-file="$folder/mariadbd.pid" --bind-address=127.0.0.1 --port=$((port + 4)) --innodb-buffer-pool-size=16M \
        --innodb-flush-log-at-trx-commit=0 --innodb-lock-wait-timeout=900 >"$folder/mariadbd.log" 2>&1 </dev/null &
    await mariadb-admin --no-defaults --socket="$folder/mariadb.socket" ping
    mariadb --no-defaults --socket="$folder/mariadb.socket" \
        --execute="CREATE USER slurm@'127.0.0.1' IDENTIFIED BY '$word'; GRANT ALL ON slurm_acct_db.* TO slurm@'127.0.0.1'"
    (umask 077 && cat >"$folder/slurmdbd.conf" <<CONF
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
DbdHost=$host
DbdAddr=127.0.0.1
DbdPort=$((port + 3))
SlurmUser=$(id -un)
LogFile=$folder/slurmdbd.log
PidFile=$folder/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$((port + 4))
StorageUser=slurm
StoragePass=$word
StorageLoc=slurm_acct_db
CONF
    )
    cat >>"$folder/slurm.conf" <<CONF
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$((port + 3))
AccountingStoragePass=$folder/munge.socket
JobAcctGatherFrequency=1
DefMemPerNode=500
CONF
    [ "${CGROUPS:-}" = yes ] || echo JobAcctGatherParams=OverMemoryKill >>"$folder/slurm.conf"
    SLURM_CONF="$folder/slurm.conf" slurmdbd
    SLURM_CONF="$folder/slurm.conf" await sacctmgr --noheader show cluster
    SLURM_CONF="$folder/slurm.conf" sacctmgr --immediate add cluster changenet >/dev/null
}

await() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        if [ "$tries" -gt 300 ]; then
            echo "no answer: $*" >&2
            exit 1
        fi
        sleep 0.1
    done
}

write_configuration() {
    folder=$1 port=$2 host=$(hostname -s) user=$(id -un) resources=CR_Core tasks=task/none
    [ "${CGROUPS:-}" != yes ] || tasks=task/cgroup
    # Memory is counted, and a job that takes more is killed, where that can be written down.
    [ "${ACCOUNTING:-}" != yes ] || resources=CR_Core_Memory
    cat >"$folder/slurm.conf" <<CONF
ClusterName=changenet
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CryptoType=crypto/munge
StateSaveLocation=$folder/state
SlurmctldPidFile=$folder/slurmctld.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdPidFile=$folder/slurmd-%n.pid
SlurmdSpoolDir=$folder/spool-%n
SlurmdLogFile=$folder/slurmd-%n.log
SlurmdParameters=config_overrides
SlurmdTimeout=${SLURMD_TIMEOUT:-6}
ProctrackType=proctrack/linuxproc
TaskPlugin=$tasks
JobAcctGatherType=jobacct_gather/linux
SelectType=select/cons_tres
SelectTypeParameters=$resources
SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=1
JobCompType=jobcomp/filetxt
JobCompLoc=$folder/jobcomp.txt
MinJobAge=3600
KillWait=2
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
MpiDefault=none
ReturnToService=2
MailProg=/bin/true
GresTypes=gpu
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=16 RealMemory=8000 Gres=gpu:2
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=16 RealMemory=8000 Gres=gpu:2
PreemptType=preempt/partition_prio
PreemptMode=CANCEL
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
PartitionName=low Nodes=n1,n2 MaxTime=INFINITE State=UP PriorityTier=1
CONF
    printf 'CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n' >"$folder/cgroup.conf"
    if [ "${CGROUPS:-}" = yes ]; then
        [ -w /sys/fs/cgroup/memory/tasks ] || { echo "no control group of memory can be made here" >&2 && exit 1; }
        printf 'CgroupMountpoint=/sys/fs/cgroup\nConstrainRAMSpace=yes\n' >>"$folder/cgroup.conf"
    fi
    # Slurm names GPUs to jobs by their devices: any two character devices do.
    printf 'NodeName=n[1-2] Name=gpu File=%s\n' "$folder/gpu[0-1]" >"$folder/gres.conf"
    for number in 0 1; do
        [ -e "$folder/gpu$number" ] || mknod "$folder/gpu$number" c 1 3
    done
}

begin() {
    folder=$1 port=${2:-17000}
    mkdir -p "$folder/state" "$folder/spool-n1" "$folder/spool-n2"
    folder=$(cd "$folder" && pwd)
    write_configuration "$folder" "$port"
    [ -f "$folder/munge.key" ] || head -c 128 /dev/urandom >"$folder/munge.key"
    chmod 400 "$folder/munge.key"
    chmod 755 "$folder"
    munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" --pid-file="$folder/munged.pid" \
        --log-file="$folder/munged.log" --seed-file="$folder/munge.seed"
    if [ "${ACCOUNTING:-}" = yes ]; then
        begin_accounting "$folder" "$port"
    fi
    export SLURM_CONF="$folder/slurm.conf"
    slurmctld -f "$SLURM_CONF"
    for node in n1 n2; do
        slurmd -N "$node" -f "$SLURM_CONF"
    done
    tries=0
    until [ "$(sinfo --noheader --states=idle --format=%D 2>/dev/null)" = 2 ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 150 ]; then
            echo "the nodes did not come up: see $folder/slurmctld.log" >&2
            stop "$folder"
            exit 1
        fi
        sleep 0.1
    done
    echo "$SLURM_CONF"
}

# Jobs outlive their daemons: they are ended first, and then whoever still looks after one of them.
end_jobs() {
    export SLURM_CONF="$1/slurm.conf"
    squeue --noheader >/dev/null 2>&1 || return 0
    scancel --user="$(id -un)" 2>/dev/null || true
    tries=0
    while [ -n "$(squeue --noheader 2>/dev/null)" ] && [ "$tries" -lt 50 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
}

end_steps() {
    for place in /proc/[0-9]*; do
        [ "$(cat "$place/comm" 2>/dev/null)" = slurmstepd ] || continue
        if tr '\0' '\n' <"$place/environ" 2>/dev/null | grep -qxF "SLURM_CONF=$1/slurm.conf"; then
            kill -9 "${place#/proc/}" 2>/dev/null || true
        fi
    done
}

stop() {
    folder=$(cd "$1" && pwd)
    if kill -0 "$(cat "$folder/slurmctld.pid" 2>/dev/null || echo 0)" 2>/dev/null; then
        end_jobs "$folder"
    fi
    end_daemons "$folder"
    end_steps "$folder"
    ! grep -q ^ConstrainRAMSpace "$folder/cgroup.conf" 2>/dev/null || find /sys/fs/cgroup/*/slurm_n[12] -depth -type d -exec rmdir {} + 2>/dev/null || true
}

end_daemons() {
    # In this order: each writes to the next.
    pids=$(cd "$1" && cat slurmd-n1.pid slurmd-n2.pid slurmctld.pid slurmdbd.pid mariadbd.pid munged.pid 2>/dev/null || true)
    for pid in $pids; do
        kill "$pid" 2>/dev/null || true
    done
    for pid in $pids; do
        tries=0
        while kill -0 "$pid" 2>/dev/null; do
            tries=$((tries + 1))
            [ "$tries" -le 20 ] || kill -9 "$pid" 2>/dev/null || true
            sleep 0.1
        done
    done
}

case "${1:-}" in
install) install_packages ;;
install-accounting) install_packages && install_accounting ;;
start) [ -n "${2:-}" ] || usage; begin "$2" "${3:-}" ;;
stop) [ -n "${2:-}" ] || usage; stop "$2" ;;
*) usage ;;
esac
