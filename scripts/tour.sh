#!/usr/bin/env bash
# The whole lifecycle on tables that nobody has described: a definition is written by `mlops init` and used as it is.
# Standard output is kept for the result; everything else goes to standard error.
set -euo pipefail
MLOPS_QUICKSTART_STARTED_MS=$(date +%s%3N)
export MLOPS_QUICKSTART_STARTED_MS
cd "$(dirname "${BASH_SOURCE[0]}")/.."
./scripts/install.sh >&2
./scripts/stack.sh up >&2
# Some servers may be named by the environment; the file has the others.
export MLOPS_STACK_DIR=${MLOPS_STACK_DIR:-$PWD/.stack}
exec node dist/scripts/tour/main.js "$@"
