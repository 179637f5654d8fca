# shellcheck shell=bash disable=SC2154
# Whether the time that is left is what a migration says: `scripts/bench left`. Sourced by scripts/bench, whose variables and
# functions it uses.

# measure_left: a database of so many MB with many indexes and foreign keys is migrated by dump, with each way to compare.
measure_left() {
  local megabytes=${counts[0]:-1000} verify status=0
  sql source postgres <<<'CREATE DATABASE indexed TEMPLATE template0'
  sql source indexed <<SQL
DO \$\$ BEGIN FOR n IN 1..8 LOOP
  EXECUTE format('CREATE TABLE t%s (id bigint PRIMARY KEY, a int, b int, c text, d text)', n);
  EXECUTE format('INSERT INTO t%s SELECT i, i %% 1000, (random() * 1e9)::int, md5(i::text), repeat(md5(i::text), 3)
    FROM generate_series(1, $megabytes * 650) i', n);
  EXECUTE format('CREATE INDEX ON t%s (a)', n);
  EXECUTE format('CREATE INDEX ON t%s (b, a)', n);
  EXECUTE format('CREATE INDEX ON t%s (c)', n);
  EXECUTE format('CREATE INDEX ON t%s (lower(c), b)', n);
  IF n > 1 THEN EXECUTE format('ALTER TABLE t%s ADD FOREIGN KEY (id) REFERENCES t%s', n, n - 1); END IF;
END LOOP; END \$\$;
SQL
  sql source postgres <<<CHECKPOINT
  printf 'the database: %s, the larger part of it indexes\n\n' \
    "$(sql source indexed <<<'SELECT pg_size_pretty(pg_database_size(current_database()))')"
  printf '%-8s  %7s' verify 'all s'
  for percent in 10 30 50 80; do printf '  %18s' "at $percent %: left, said"; done
  printf '\n'
  for verify in none counts full; do
    /usr/bin/python3 - "$verify" "$built" migrate --source "$source" --target "$target" --include-database indexed --yes \
      --jobs 4 --target-free-space 1TB --method dump --verify "$verify" --log-format json <<'PYTHON' || status=1
import json, subprocess, sys, time
verify, command = sys.argv[1], sys.argv[2:]
start, said = time.monotonic(), []
process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
for line in process.stderr:
    try:
        entry = json.loads(line)
    except ValueError:
        continue
    text = json.dumps(entry)
    if '"secondsLeft"' in text:
        found = entry.get("metadata", entry)
        said.append((time.monotonic() - start, int(found["secondsLeft"])))
if process.wait() != 0:
    sys.exit(f"the migration failed: {process.returncode}")
total = time.monotonic() - start
cells, held = [], True
for percent in (10, 30, 50, 80):
    at = total * percent / 100
    before = [entry for entry in said if entry[0] <= at] or said[:1]
    moment, left = before[-1]
    real = total - moment
    held = held and real / 2 <= left <= real * 2
    cells.append(f"{real:8.1f}, {left:8d}")
print(f"{verify:8}  {total:7.1f}" + "".join(f"  {cell:>18}" for cell in cells) + ("" if held else "  not within a factor of 2"))
sys.exit(not held)
PYTHON
    sql target postgres <<<'DROP DATABASE indexed'
  done
  return "$status"
}
