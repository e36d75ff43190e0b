#!/usr/bin/env bash
# Installs, builds, starts servers of its own, runs the tests, stops them. Other arguments go to jest.
#   ./scripts/test.sh [--long] [path or jest option…]
# --long adds tests/long: kills, floods, soaks, browsers, other versions of Node.js and TypeScript.
# The last line is "N passed, N failed, N skipped"; exit code 0 only if tests ran and none failed.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"
results=''
left_out=(--testPathIgnorePatterns /node_modules/ /tests/long/)
if [ "${1:-}" = --long ]; then
  shift
  left_out=()
fi

finish() {
  local status=$?
  trap - EXIT
  if [ -n "$results" ]; then
    ./scripts/stack.sh down || status=1
    node scripts/test-summary.mjs "$results" "$status" || status=1
    rm -f "$results"
  else
    echo '0 passed, 0 failed, 0 skipped'
  fi
  [ "$status" = 0 ] || exit 1
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# One run at a time in a clone: the next one would delete this one's data.
mkdir -p .stack
exec {lock}>.stack/test.lock
flock -n "$lock" || { echo 'test: another scripts/test.sh runs in this folder' >&2 && exit 1; }

./scripts/install.sh

# Servers apart from those of anyone's quickstart, and never someone's own: tests stop servers, and delete.
unset "${!TEMPORAL_@}" "${!S3_@}" "${!MONGODB_@}" "${!MLOPS_@}"
export MLOPS_STACK_DIR=$root/.stack/test MLOPS_PORT_SHIFT=5000
./scripts/stack.sh wipe --yes
results=$(mktemp)
./scripts/stack.sh up
set -a
# shellcheck source=/dev/null
. "$MLOPS_STACK_DIR/env"
set +a

node node_modules/jest/bin/jest.js --json --outputFile "$results" "$@" "${left_out[@]}" {lock}>&- >&2
