#!/usr/bin/env bash
# The servers that temporal-mlops runs on: Temporal with its UI, MongoDB, MinIO. `stack.sh help` says how to use it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
readonly root
for part in common process ports install servers; do
  # shellcheck source=/dev/null
  . "$root/scripts/stack/$part.sh"
done

usage() {
  cat <<'TEXT'
usage: ./scripts/stack.sh up | down | status [--json] | wipe [--yes]

  up      fetches what is missing, starts what isn't running, returns when every server answers, writes .stack/env
  down    stops the servers, and what a quickstart left running; their data stay
  status  shows each server's state; exit code 0 if all are up, else 1
  wipe    stops the servers and deletes their data, keys, ports and logs

Environment
  TEMPORAL_ADDRESS, MONGODB_URI, S3_ENDPOINT   a server of your own: it is used, and none is started
  MLOPS_TEMPORAL_UI                            of a Temporal of your own: its UI, for the quickstart's links
  MLOPS_TEMPORAL_PORT (7233), MLOPS_TEMPORAL_UI_PORT (8233), MLOPS_MONGODB_PORT (27017), MLOPS_S3_PORT (9000)
                                               where a default is taken, the next free port is used and remembered
  MLOPS_PORT_SHIFT                             moves all four defaults by this number
  MLOPS_STACK_DIR                              another state folder than .stack: another stack, beside the first
  XDG_CACHE_HOME                               where the servers' programs go (default ~/.cache)

example: ./scripts/stack.sh up && (. .stack/env && .stack/bin/temporal workflow list --address "$TEMPORAL_ADDRESS")
TEXT
}

own_servers() {
  local server
  for server in "${servers[@]}"; do
    is_foreign "$server" || echo "$server"
  done
}

up() {
  local own server waiting=() failed=0
  mapfile -t own < <(own_servers)
  need curl curl
  lock_stack
  for server in "${own[@]}"; do prepare "$server"; done
  link_programs
  start "${own[@]}"
  for server in "${own[@]}"; do
    wait_until_ready "$server" &
    waiting+=($!)
  done
  for server in "${waiting[@]}"; do wait "$server" || failed=1; done
  [ "$failed" = 0 ] || exit 1
  write_env
  for server in "${servers[@]}"; do
    say "$(printf '%-9s %s' "$server" "$(address_of "$server")")$(whose "$server")"
  done
  is_foreign temporal || say "Temporal's UI: $(ui_address)"
}

whose() {
  if is_foreign "$1"; then echo "  (yours: $(address_variable "$1") is set)"; fi
}

prepare() {
  case $1 in
    temporal | mongod) install_wheels ;;
    minio) install_minio && make_keys ;;
  esac
  if [ "$1" = mongod ]; then
    need node 'Node.js 20.19 or newer'
    [ -d "$root/node_modules/mongodb" ] ||
      die "node_modules is missing: run ./scripts/install.sh first"
  fi
}

# Starts those that aren't running. Ports are chosen and taken under one lock for all stacks of this user.
start() {
  local server port ports_lock
  exec {ports_lock}>"${TMPDIR:-/tmp}/temporal-mlops-$UID.lock"
  flock "$ports_lock"
  for server in "$@"; do
    for port in $(ports_used_by "$server"); do
      if is_alive "$server"; then keep_port "$port"; else choose_port "$port"; fi
    done
  done
  for server in "$@"; do
    if is_alive "$server"; then continue; fi
    say "starting $server"
    "start_$server"
  done
  wait_until_bound "$@"
  exec {ports_lock}>&-
}

ports_used_by() {
  echo "$1"
  if [ "$1" = temporal ]; then echo temporal-ui; fi
}

# Until each has bound its port, or ended; whether it is ready, and why not, is the next question.
wait_until_bound() {
  local server deadline=$((SECONDS + 60))
  for server in "$@"; do
    until is_taken "$(port_of "$server")" || [ "$SECONDS" -ge "$deadline" ]; do
      if [ -s "$stack/run/$server.pid" ] && ! is_alive "$server"; then break; fi
      sleep 0.05
    done
  done
}

wait_until_ready() {
  local server=$1 next=$((SECONDS + 10)) deadline=$((SECONDS + 240))
  until "ready_$server"; do
    if ! is_alive "$server"; then not_up "$server" 'it ended'; fi
    if is_stopped "$server"; then
      not_up "$server" "its process $(pid_of "$server") was stopped by a signal: kill -CONT it, or run 'stack.sh down'"
    fi
    if [ "$SECONDS" -ge "$deadline" ]; then
      not_up "$server" "its process $(pid_of "$server") runs, but $(address_of "$server") does not answer"
    fi
    if [ "$SECONDS" -ge "$next" ]; then
      say "waiting for $server"
      next=$((SECONDS + 10))
    fi
    sleep 0.1
  done
}

not_up() {
  die "$1 is not up: $2. The end of $stack/log/$1.log:"$'\n'"$(end_of_log "$1")"
}

# What the server wrote since its last start; of mongod, which goes on for 30 lines after it, the errors.
end_of_log() {
  local written errors
  written=$(tac "$stack/log/$1.log" 2>/dev/null | sed "/^$log_start/q" | tac | cut -c1-300)
  errors=$(grep -E '"s":"[EF]"' <<<"$written" || true)
  tail -n 10 <<<"${errors:-$written}"
}

down() {
  lock_stack
  end_quickstart
  stop "${servers[@]}"
}

# The worker and the endpoint that a quickstart left running need the servers: they end first, in their own time.
end_quickstart() {
  local file pid
  for file in "$stack"/quickstart/*.pid; do
    pid=$(cat "$file" 2>/dev/null) || continue
    tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -q 'mlops\.js' || continue
    say "ending the quickstart's $(basename "$file" .pid)"
    kill "$pid" 2>/dev/null || continue
    for _ in $(seq 150); do
      [ -e "/proc/$pid" ] || break
      sleep 0.1
    done
  done
}

status() {
  local server state all=0 rows=()
  for server in "${servers[@]}"; do
    state=$(state_of "$server")
    [ "$state" = up ] || [ "$state" = yours ] || all=1
    if [ "$state" = yours ]; then
      rows+=("$server" "$state" "$(address_of "$server")" '' '' '')
    else
      rows+=("$server" "$state" "$(address_of "$server")" "$(pid_of "$server" || true)" "$(version_of "$server")" \
        "$stack/log/$server.log")
    fi
  done
  if [ "${1:-}" = --json ]; then status_json "${rows[@]}"; else status_table "${rows[@]}"; fi
  return "$all"
}

state_of() {
  if is_foreign "$1"; then
    echo yours
  elif ! is_alive "$1"; then
    echo down
  elif is_stopped "$1" || ! "ready_$1"; then
    echo 'not answering'
  else
    echo up
  fi
}

status_table() {
  printf '%-9s %-14s %-52s %-8s %-42s %s\n' server state address pid version log "$@"
  if is_alive temporal; then printf '\nTemporal UI: %s\n' "$(ui_address)"; fi
}

status_json() {
  local separator=''
  printf '{"stack":%s,"servers":[' "$(json_string "$stack")"
  while [ $# -gt 0 ]; do
    printf '%s{"server":%s,"state":%s,"address":%s,"pid":%s,"version":%s,"log":%s}' "$separator" \
      "$(json_string "$1")" "$(json_string "$2")" "$(json_string "$3")" "${4:-null}" "$(json_string "$5")" \
      "$(json_string "$6")"
    separator=,
    shift 6
  done
  printf ']}\n'
}

json_string() {
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

# Deletes what up made, by name: the folder may hold other things.
wipe() {
  local answer
  if [ "${1:-}" != --yes ]; then
    [ -t 0 ] || misuse "wipe deletes all data in $stack: say wipe --yes"
    read -rp "Delete all data of the servers in $stack? [y/N] " answer
    [[ $answer =~ ^[Yy] ]] || die 'nothing deleted'
  fi
  down
  rm -rf "$stack/data" "$stack/run" "$stack/log" "${stack:?}/bin" "$stack/keys" "$stack/env"
  say "deleted the servers' data in $stack"
}

case "${1:-}:${2:-}:$#" in
  up::1) up ;;
  down::1) down ;;
  status::1 | status:--json:2) status "${2:-}" ;;
  wipe::1 | wipe:--yes:2) wipe "${2:-}" ;;
  help::1 | --help::1 | -h::1) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
