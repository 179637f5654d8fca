# shellcheck shell=bash disable=SC2154
# For how long an application can't write during a cutover, as estimated and as it was: `scripts/bench downtime`. Sourced by
# scripts/bench, whose variables and functions it uses.

# Of each database: its name, small tables with a key, MB in tables without one (copied during the cutover), sequences,
# large objects of 100 kB, how the cutover verifies, and how many tables the application writes to all the time.
downtime_cases=(
  'empty            0   0    0    0 sample  1'
  'empty_counts     0   0    0    0 counts  1'
  'empty_none       0   0    0    0 none    1'
  'few             10   0    0    0 sample  1'
  'few_none        10   0    0    0 none    1'
  'few_full        10   0    0    0 full    1'
  'few_busy        10   0    0    0 sample 10'
  'many           500   0    0    0 sample  1'
  'many_counts    500   0    0    0 counts  1'
  'many_full      500   0    0    0 full    1'
  'many_busy      500   0    0    0 sample 100'
  'late_50          0  50    0    0 sample  1'
  'late_300         0 300    0    0 sample  1'
  'few_late_50     10  50    0    0 sample  1'
  'few_late_300    10 300    0    0 sample  1'
  'many_late_50   500  50    0    0 sample  1'
  'many_late_300  500 300    0    0 sample  1'
  'late_300_none    0 300    0    0 none    1'
  'sequences_200    0   0  200    0 sample  1'
  'sequences_2000  10   0 2000    0 sample  1'
  'objects_100      0   0    0  100 sample  1'
  'objects_1000    10   0    0 1000 sample  1'
  'all_50         500  50  200  100 sample 10'
  'all_300         10 300 2000  500 full   10'
)

measure_downtimes() {
  local entry held=0 measured=0
  printf '%-16s  %16s  %16s  %10s  %10s  %s\n' database 'plan s' 'cutover s' 'reported s' 'measured s' ''
  for entry in "${downtime_cases[@]}"; do
    # shellcheck disable=SC2086 # fields
    measure_downtime $entry && held=$((held + 1))
    measured=$((measured + 1))
  done
  printf '\n%d of %d within both ranges\n' "$held" "$measured"
  ((held * 10 >= measured * 9))
}

# measure_downtime CASE…: exit status 1 where one of the ranges did not hold, or is wider than a factor of 4.
measure_downtime() {
  local name=$1 tables=$2 megabytes=$3 sequences=$4 objects=$5 verify=$6 busy=$7 writer watcher
  sql source postgres <<<"CREATE DATABASE $name TEMPLATE template0"
  sql source "$name" <<SQL
CREATE TABLE writes (id bigserial PRIMARY KEY, at timestamptz DEFAULT clock_timestamp());
DO \$\$ BEGIN
  FOR n IN 1..$tables LOOP
    EXECUTE format('CREATE TABLE kept_%s (id int PRIMARY KEY, t text)', n);
    EXECUTE format('INSERT INTO kept_%s SELECT i, repeat(''x'', 100) FROM generate_series(1, 1000) i', n);
  END LOOP;
  IF $megabytes > 0 THEN FOR n IN 1..4 LOOP
    EXECUTE format('CREATE TABLE late_%s (n int, t text)', n);
    EXECUTE format('INSERT INTO late_%s SELECT i, repeat(md5(i::text), 29) FROM generate_series(1, $megabytes * 250) i', n);
  END LOOP; END IF;
  FOR n IN 1..$sequences LOOP
    EXECUTE format('CREATE SEQUENCE counter_%s', n);
  END LOOP;
  FOR n IN 1..$objects LOOP
    PERFORM lo_from_bytea(0, decode(repeat(md5(n::text), 6250), 'hex'));
  END LOOP;
END \$\$;
SQL
  sql source postgres <<<CHECKPOINT
  "$built" migrate --source "$source" --target "$target" --include-database "$name" --yes --jobs 4 --target-free-space 1TB \
    --max-blocked-time 600 --method replication --report "json=$cluster_folder/moved.json" >"$cluster_folder/said" 2>&1 ||
    die "the migration failed: $(cat "$cluster_folder/said")"
  {
    say 'INSERT INTO writes DEFAULT VALUES;'
    if ((busy > 1)); then
      say "\\set n random(1, $busy)" '\set i random(1, 1000)' "UPDATE kept_:n SET t = 'written' WHERE id = :i;"
    fi
  } >"$cluster_folder/writes.sql"
  chmod 644 "$cluster_folder/writes.sql"
  rm -f "$cluster_folder"/writes.log*
  "$server_bin/pgbench" -n -c 1 -R 200 -T 600 -l --log-prefix="$cluster_folder/writes.log" -f "$cluster_folder/writes.sql" \
    "${source%postgres}$name" >/dev/null 2>&1 &
  writer=$!
  # The application writes to the target as soon as that is no subscriber any more.
  "$server_bin/psql" -XAtq -d "${target%postgres}$name" >"$cluster_folder/first" 2>/dev/null <<'SQL' &
INSERT INTO writes (id)
SELECT -extract(epoch FROM clock_timestamp()) * 1000 WHERE NOT EXISTS (
  SELECT FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE s.subenabled AND d.datname = current_database())
RETURNING extract(epoch FROM clock_timestamp())
\watch 0.005
SQL
  watcher=$!
  sleep 1
  "$built" cutover --source "$source" --target "$target" --include-database "$name" --yes --block-writes --verify "$verify" \
    --max-blocked-time 600 --format json >"$cluster_folder/cut.json" 2>"$cluster_folder/said" ||
    die "the cutover failed: $(cat "$cluster_folder/said")"
  sleep 0.2
  kill "$watcher" 2>/dev/null || true
  wait "$writer" "$watcher" 2>/dev/null || true
  sql target postgres <<<"DROP DATABASE $name WITH (FORCE)"
  sql source postgres <<<"DROP DATABASE $name WITH (FORCE)"
  /usr/bin/python3 - "$cluster_folder" "$name" <<'PYTHON'
import glob, json, sys
folder, name = sys.argv[1:]
plan = json.load(open(f"{folder}/moved.json"))["plan"]["databases"][0]["estimatedBlockedSeconds"]
cut = json.load(open(f"{folder}/cut.json"))[0]
last = max(float(f"{fields[4]}.{int(fields[5]):06}") for path in glob.glob(f"{folder}/writes.log*")
           for fields in map(str.split, open(path)))
first = min(float(line) for line in open(f"{folder}/first") if line.strip())
measured, ranges = first - last, [plan, cut["estimatedBlockedSeconds"]]
holds = [range["low"] <= measured <= range["high"] for range in ranges]
narrow = [range["high"] <= 4.05 * range["low"] for range in ranges]
words = [f"{range['low']:.2f} to {range['high']:.2f}" for range in ranges]
remarks = [f"the {kind}'s {what}" for kind, held, fits in zip(("plan", "cutover"), holds, narrow)
           for what, ok in (("did not hold", held), ("is too wide", fits)) if not ok]
phases = ", ".join(f"{phase['name']} {phase['seconds']:.2f}" for phase in cut.get("downtimePhases") or [])
print(f"{name:16}  {words[0]:>16}  {words[1]:>16}  {cut.get('downtimeSeconds') or cut['blockedSeconds']:10.2f}  {measured:10.2f}  "
      f"{'; '.join(remarks) or 'held'} ({phases})")
sys.exit(not all(holds + narrow))
PYTHON
}
