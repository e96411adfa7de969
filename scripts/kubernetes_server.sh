#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The programs of a real Kubernetes control plane, for the tests of the runner: etcd from Debian's package, API server,
# controllers and scheduler built from Debian's source package. It takes half an hour of two cores, and 5 GB.
#   kubernetes_server.sh build FOLDER      leaves the programs in FOLDER/bin
# Then: CHANGENET_KUBERNETES_BIN=FOLDER/bin pytest -m long tests/runners/platforms/test_kubernetes_real.py
set -eu

usage() {
    sed -n '3,6s/^# *//p' "$0" >&2
    exit 2
}

# Nothing is installed: the packages are unpacked in FOLDER.
fetch() {
    sources=$1/sources.list
    mkdir -p "$1/lists/partial" "$1/cache/archives/partial" "$1/root" "$1/src" "$1/bin"
    place=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources | head -n 1)
    for kind in deb deb-src; do
        echo "$kind [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $place bookworm main"
    done >"$sources"
    printf 'Dir::State::Lists "%s/lists";\nDir::Cache "%s/cache";\nDir::Etc::sourcelist "%s";\nDir::Etc::sourceparts "-";\n' \
        "$1" "$1" "$sources" >"$1/apt.conf"
    export APT_CONFIG="$1/apt.conf"
    cd "$1"
    apt-get update -qq
    apt-get download -qq golang-1.19-go golang-1.19-src etcd-server golang-github-modern-go-reflect2-dev
    apt-get source -qq --download-only kubernetes
    for package in *.deb; do
        dpkg -x "$package" "$1/root"
    done
    tar -xf kubernetes_*.orig.tar.gz -C "$1/src" --strip-components=1
    cp "$1/root/usr/bin/etcd" "$1/bin/"
    # The copy in the sources breaks maps under Go 1.18 and newer.
    old=$1/src/vendor/github.com/modern-go/reflect2 new=$1/root/usr/share/gocode/src/github.com/modern-go/reflect2
    rm -f "$old"/*.go "$old"/*.s
    cp "$new"/*.go "$new"/*.s "$old/"
    rm -f "$old"/*_test.go
}

build() {
    mkdir -p "$1"
    here=$(cd "$1" && pwd)
    fetch "$here"
    export GOROOT="$here/root/usr/lib/go-1.19" GOPATH="$here/gopath" GOCACHE="$here/gocache"
    export GO111MODULE=off CGO_ENABLED=0 PATH="$here/root/usr/lib/go-1.19/bin:$PATH"
    mkdir -p "$GOPATH/src/k8s.io"
    ln -sfn "$here/src" "$GOPATH/src/k8s.io/kubernetes"
    cd "$GOPATH/src/k8s.io/kubernetes"
    own=k8s.io/kubernetes
    go build -o "$here/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
    inputs=$(grep -rl --include='*.go' -e '+k8s:openapi-gen=' pkg staging/src/k8s.io | grep -v _test | xargs -n 1 dirname |
        sort -u | sed -e "s#^staging/src/#$own/vendor/#" -e "s#^pkg#$own/pkg#" | grep -vE 'code-generator|sample-' | paste -sd,)
    "$here/openapi-gen" --logtostderr -i "$inputs" -p $own/pkg/generated/openapi -O zz_generated.openapi \
        -h hack/boilerplate/boilerplate.generatego.txt -r "$here/violations.txt" --output-base "$GOPATH/src"
    version=$own/vendor/k8s.io/component-base/version
    for program in kube-apiserver kube-controller-manager kube-scheduler; do
        go build -ldflags "-s -w -X $version.gitVersion=v1.20.2 -X $version.gitMajor=1 -X $version.gitMinor=20" \
            -o "$here/bin/$program" "./cmd/$program"
    done
    echo "$here/bin"
}

case "${1:-}" in
build) [ -n "${2:-}" ] || usage; build "$2" ;;
*) usage ;;
esac
