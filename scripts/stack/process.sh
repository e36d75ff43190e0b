# Server processes: started apart from the caller, recorded with their start time, stopped only while they are still
# the process that was recorded. Sourced by ../stack.sh.

# process_stat PID: its state and start time, as "S 12345". Fails when there is no such process.
process_stat() {
  local stat fields
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -ra fields <<<"${stat##*) }" # the name before ")" may hold blanks
  printf '%s %s\n' "${fields[0]}" "${fields[19]}"
}

# A pid alone is not enough: it is used again, after a reboot for a start. So: pid, start time, boot.
process_identity() {
  local stat
  stat=$(process_stat "$1") || return 1
  printf '%s %s %s\n' "$1" "${stat#* }" "$(cat /proc/sys/kernel/random/boot_id)"
}

# pid_of SERVER: the pid of its living process, or nothing.
pid_of() {
  local recorded pid stat
  recorded=$(cat "$stack/run/$1.pid" 2>/dev/null) || return 1
  pid=${recorded%% *}
  [ -n "$pid" ] && [ "$(process_identity "$pid")" = "$recorded" ] || return 1
  stat=$(process_stat "$pid") && [ "${stat%% *}" != Z ] || return 1
  printf '%s\n' "$pid"
}

is_alive() { pid_of "$1" >/dev/null; }

# is_stopped SERVER: it was stopped by SIGSTOP, so it can't answer.
is_stopped() {
  local pid stat
  pid=$(pid_of "$1") && stat=$(process_stat "$pid") && [ "${stat%% *}" = T ]
}

readonly log_start='--- started at '

# launch SERVER COMMAND…: in a session of its own, with nothing of the caller's: no terminal, no open file (a
# `$(stack.sh up)` must return), no environment but what a program needs and what `launch_env` says.
launch() {
  local server=$1 log=$stack/log/$1.log name fd
  shift
  if [ -f "$log" ] && [ "$(stat -c %s "$log")" -gt 20000000 ]; then mv "$log" "$log.1"; fi
  (
    exec </dev/null >>"$log" 2>&1
    echo "$log_start$(date -u +%FT%TZ)"
    for fd in "/proc/$BASHPID/fd"/*; do
      fd=${fd##*/}
      if [ "$fd" -gt 2 ] && [ "$fd" != 255 ]; then exec {fd}>&-; fi
    done
    while read -r name; do
      case $name in PATH | HOME | TMPDIR | LANG) ;; *) export -n "${name?}" ;; esac
    done < <(compgen -e)
    if [ "${#launch_env[@]}" -gt 0 ]; then export "${launch_env[@]}"; fi
    cd "$stack" || exit
    process_identity "$BASHPID" >"$stack/run/$server.pid"
    exec setsid "$@"
  ) &
}

# stop SERVER…: SIGTERM to all, then up to 20 s until they are gone, then SIGKILL.
stop() {
  local server pid deadline
  for server in "$@"; do
    if pid=$(pid_of "$server"); then
      kill -TERM "$pid" && kill -CONT "$pid" || true # a stopped process gets SIGTERM when it goes on
    fi
  done
  deadline=$((SECONDS + 20))
  for server in "$@"; do
    while is_alive "$server" && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.05; done
    if pid=$(pid_of "$server"); then
      say "$server (pid $pid) did not end within 20 s: killing it"
      kill -KILL "$pid" || true
      while is_alive "$server"; do sleep 0.05; done
    fi
    rm -f "$stack/run/$server.pid"
  done
}
