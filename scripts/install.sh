#!/usr/bin/env bash
# Installs the dependencies if they are missing or older than the lock file, and builds if a source is newer than the
# build. Quick when there is nothing to do; quickstart.sh and test.sh begin with it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

die() {
  echo "install: $*" >&2
  exit 1
}

for tool in node npm; do
  command -v "$tool" >/dev/null || die "$tool is missing: install Node.js 20.19 or newer with npm"
done
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
  die "Node.js $(node --version) is too old: install 20.19 or newer"

mkdir -p .stack
exec {lock}>.stack/install.lock
flock "$lock"

if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo 'install: npm install, of what the lock file names (about a minute, once)' >&2
  # Not npm ci: it fails where a registry lacks an optional package of another platform; this installs the same versions,
  # checked by the same hashes, and leaves the lock file alone.
  ONNXRUNTIME_NODE_INSTALL=skip npm install --no-save --no-progress >&2 || die 'npm install failed; what it said is above'
fi

# Written before the build starts, so that a source changed meanwhile is newer. A folder is newer when it lost a file.
newer=$(find src scripts bench build.mjs package.json package-lock.json tsconfig.json -newer dist/build/stamp -print -quit 2>/dev/null || true)
if [ ! -e dist/build/stamp ] || [ -n "$newer" ]; then
  echo 'install: building' >&2
  stamp=.stack/build-stamp
  touch "$stamp"
  npm run --silent build >&2 || die 'the build failed; what it said is above'
  mkdir -p dist/build
  mv "$stamp" dist/build/stamp
fi
