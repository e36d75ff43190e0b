# Where things are, and how stack.sh speaks. Sourced by ../stack.sh.

readonly here=$root/scripts/stack
readonly cache=${XDG_CACHE_HOME:-$HOME/.cache}/temporal-mlops
stack=${MLOPS_STACK_DIR:-$root/.stack}
case $stack in /*) ;; *) stack=$PWD/$stack ;; esac
readonly stack

say() { printf '%s\n' "stack: $*" >&2; }

die() {
  say "$@"
  exit 1
}

misuse() {
  say "$@"
  exit 2
}

# need COMMAND WHAT_TO_INSTALL
need() {
  command -v "$1" >/dev/null || die "$1 is missing: install $2"
}

# One up, down or wipe at a time for a state folder. The lock ends with this process: servers don't inherit it.
lock_stack() {
  need flock 'util-linux (the servers run on Linux)'
  (umask 077 && mkdir -p "$stack/run" "$stack/log" "$stack/data" 2>/dev/null) ||
    die "can't write to the state folder $stack: make it writable, or set MLOPS_STACK_DIR to another one"
  exec {stack_lock}>"$stack/lock"
  flock -n "$stack_lock" && return
  say "another stack.sh is at work on $stack; waiting for it"
  flock "$stack_lock"
}
