#!/bin/sh
# setup.sh VENV [dev]: makes the virtual environment and sees to a gdb and a C compiler.
# As root they come from apt where missing; as an ordinary user from the Python registry, inside VENV.
set -eu
venv=$1
kind=${2:-use}
python=${PYTHON:-python3}

say() { printf 'setup: %s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

apt_install() {
    have apt-get || { say "missing: $*; install them with your package manager"; return 0; }
    say "installing $* with apt-get"
    apt-get -o DPkg::Lock::Timeout=300 update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "$@" >/dev/null
}

# gdb of the [gdb] extra is linked to libpython, which a bare Debian has not. Without root it is unpacked beside gdb: the
# package is fetched with lists of our own, and nothing of the system is touched.
fetch_libpython() {
    have apt-get && have dpkg-deb || { say "the gdb of the [gdb] extra needs libpython; install it"; return 0; }
    version=$("$venv/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    work=$(mktemp -d)
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
    : > "$work/status"
    say "fetching libpython$version for the gdb of the [gdb] extra"
    (
        cd "$work"
        options="-o Dir::State=$work -o Dir::State::Lists=$work/lists -o Dir::State::status=$work/status -o Dir::Cache=$work/cache -o Debug::NoLocking=1"
        # shellcheck disable=SC2086
        apt-get $options update -qq && apt-get $options download -qq "libpython$version"
        for package in ./*.deb; do dpkg-deb -x "$package" unpacked; done
    ) >/dev/null || { rm -rf "$work"; say "libpython$version could not be fetched"; return 0; }
    find "$work/unpacked" -name "libpython$version.so*" -exec cp -P {} "$venv/lib/" \;
    rm -rf "$work"
}

if [ "$(id -u)" = 0 ]; then
    missing=
    have gdb || missing="$missing gdb"
    have cc || missing="$missing gcc libc6-dev"
    if [ "$kind" = dev ]; then
        have eu-stack || missing="$missing elfutils"
        [ -d /usr/lib/debug/.build-id ] || missing="$missing libc6-dbg"
        have musl-gcc || missing="$missing musl-tools"
        have zstd || missing="$missing zstd"
        have lz4 || missing="$missing lz4"
        have xz || missing="$missing xz-utils"
        have strace || missing="$missing strace"
    fi
    # shellcheck disable=SC2086
    [ -z "$missing" ] || apt_install $missing
fi

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
extras=
have gdb || extras=gdb
wanted=".${extras:+[$extras]}"
[ "$kind" = dev ] && wanted="-e $wanted"
# shellcheck disable=SC2086
"$venv/bin/pip" install -q --disable-pip-version-check $wanted
have cc || have gcc || have clang || "$venv/bin/pip" install -q --disable-pip-version-check ziglang
if [ "$extras" = gdb ] && ! "$venv/bin/hanganalyze" doctor 2>/dev/null | grep -q '^yes *gdb:'; then fetch_libpython; fi
if [ "$kind" = dev ]; then
    "$venv/bin/pip" install -q --disable-pip-version-check atheris bandit cryptography distributed fsspec pip-audit hypothesis jsonschema mypy pydantic pytest ruff scipy \
        jira keyring PyGithub python-bugzilla python-gitlab requests \
        axe-playwright-python markdown-it-py playwright
fi
