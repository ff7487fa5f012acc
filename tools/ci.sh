#!/bin/sh
# ci.sh VENV: what follows `make check` in the continuous integration: the system tests, short forms of the benchmarks, and a
# look at what was skipped. A skip that is not listed here is a failure.
set -eu
venv=$1
python=$venv/bin/python
report=$(mktemp -d)
trap 'rm -rf "$report"' EXIT

# Skips that are expected, one extended regular expression a line: the reason that pytest prints.
cat > "$report/expected" <<'LIST'
no kernel threads in this pid namespace
LIST

run() {
    name=$1
    shift
    printf '\n== %s\n' "$name"
    "$python" -m pytest -q -rs "$@" 2>&1 | tee "$report/$name.txt"
    # The pipe hides pytest's exit code; its last line does not.
    tail -n 1 "$report/$name.txt" | grep -q 'failed\|error' && exit 1
    tail -n 1 "$report/$name.txt" | grep -q 'passed' || { echo "ci: $name ran no test"; exit 1; }
}

run system tests/system -m 'system and not s390x'

printf '\n== bench, short\n'
"$python" -m tests.bench --short

printf '\n== skips\n'
if cat "$report"/*.txt | grep '^SKIPPED' | grep -v -E -f "$report/expected"; then
    echo "ci: the skips above are not expected"
    exit 1
fi
echo "ci: done"
