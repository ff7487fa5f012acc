#!/bin/sh
# ci.sh VENV: what the continuous integration runs, on a machine where nothing was installed by hand. As root.
# Stages with their seconds; the first that fails ends it. A skipped test whose reason is not listed here is a failure.
set -eu
venv=$1
python=$venv/bin/python
report=$(mktemp -d)
trap 'rm -rf "$report"' EXIT
began=$(date +%s)

# Skips that are expected, one extended regular expression a line: the reason that pytest prints.
cat > "$report/expected" <<'LIST'
no kernel threads in this pid namespace
no FUSE in this kernel
Debian has another libc6 for [a-z0-9]+ now
LIST

stage() {
    name=$1
    shift
    printf '\n== %s (after %s s)\n' "$name" "$(($(date +%s) - began))"
    # The pipe would hide the exit code.
    { "$@" 2>&1 && echo 0 > "$report/code" || echo $? > "$report/code"; } | tee "$report/$name.txt"
    [ "$(cat "$report/code")" = 0 ] || { echo "ci: $name failed"; exit 1; }
}

# Beyond what `make dev` installs: a browser for the report, gdbs and package managers of other systems, roots for the system tests.
packages() {
    missing=
    for pair in chromium:chromium gdb-multiarch:gdb-multiarch mmdebstrap:mmdebstrap rpm:rpm newuidmap:uidmap ip:iproute2 \
        qemu-system-s390x:qemu-system-misc mke2fs:e2fsprogs xz:xz-utils \
        s390x-linux-gnu-gcc:gcc-s390x-linux-gnu,libc6-dev-s390x-cross; do
        command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing $(echo "${pair##*:}" | tr , ' ')"
    done
    [ -n "$missing" ] || return 0
    apt-get -o DPkg::Lock::Timeout=300 update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $missing >/dev/null
}

stage packages packages
stage lint make lint
stage types make types
stage audit make audit
stage fuzz make fuzz
stage test make test
stage system make system
stage s390x make test-s390x
stage torture "$python" -m tests.torture --runs 60 --seconds 90
stage bench "$python" -m tests.bench --short

printf '\n== skips\n'
if grep -h '^SKIPPED' "$report"/test.txt "$report"/system.txt "$report"/s390x.txt | grep -v -E -f "$report/expected"; then
    echo "ci: the skips above are not expected"
    exit 1
fi
echo "ci: done after $(($(date +%s) - began)) s"
