# shellcheck shell=bash
# The floor of a check's time: the same statements, from psql. Sourced after clusters.sh.

# capture_statements FOLDER JOBS COMMAND…: runs the command, and leaves what it asked of the clusters `source` and
# `target` in FOLDER/<cluster>-<n>.sql: the sessions of a cluster, one after the other, dealt out to JOBS files. The
# servers' logs tell; parameters are put in where `$1` stood, which is all that a check sends.
capture_statements() {
  local folder=$1 jobs=$2 name file
  shift 2
  rm -rf "$folder" && mkdir -p "$folder"
  for name in source target; do
    sql "$name" postgres <<<"ALTER SYSTEM SET log_statement = 'all'; ALTER SYSTEM SET log_line_prefix = '%p|%d|'"
    sql "$name" postgres <<<'SELECT pg_reload_conf()' >/dev/null
  done
  sleep 1
  for name in source target; do truncate -s 0 "$cluster_folder/$name/log"; done
  "$@" >/dev/null 2>&1 || (($? <= 2)) || die "the check failed: $*"
  for name in source target; do
    sql "$name" postgres <<<'ALTER SYSTEM RESET log_statement; ALTER SYSTEM RESET log_line_prefix'
    sql "$name" postgres <<<'SELECT pg_reload_conf()' >/dev/null
    awk -v out="$folder/$name" -v jobs="$jobs" -F '|' '
      function finish() {
        if (text == "") return
        sub(/^LOG:  execute <unnamed>: /, "", text)
        done[key] = done[key] last[key]
        last[key] = text ";\n"
        text = ""
      }
      /^[0-9]+\|[^|]*\|[A-Z]+:  / {
        finish()
        key = $1 "|" $2
        if (!(key in database)) {
          database[key] = $2
          order[++sessions] = key
        }
        rest = substr($0, length(key) + 2)
        if (rest ~ /^LOG:  execute <unnamed>: /) text = rest
        else if (sub(/^DETAIL:  parameters: \$1 = /, "", rest)) gsub(/\$1/, rest, last[key])
        next
      }
      text != "" { text = text "\n" $0 }
      END {
        finish()
        for (i = 1; i <= sessions; i++) {
          key = order[i]
          if (done[key] last[key] != "")
            printf "\\connect \"%s\"\n%s%s", database[key], done[key], last[key] > (out "-" (written++ % jobs) ".sql")
        }
      }' "$cluster_folder/$name/log"
  done
  for file in "$folder"/*.sql; do [[ -s $file ]] || die 'no statement was captured'; done
}
