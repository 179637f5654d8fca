-- One case of `scripts/bench scale`: psql -v case=NAME -v count=N, in an empty database.
-- Committed every few hundred objects, as the locks of more do not fit into one transaction.
\set ON_ERROR_STOP 1
CREATE PROCEDURE repeat_statement(statement text, count int) LANGUAGE plpgsql AS $$
BEGIN
  FOR n IN 1..count LOOP
    EXECUTE replace(statement, '%n', n::text);
    IF n % 500 = 0 THEN COMMIT; END IF;
  END LOOP;
END $$;

SELECT :'case' = 'keyed' AS keyed, :'case' = 'keyless' AS keyless, :'case' = 'partitions' AS partitions,
       :'case' = 'large_objects' AS large_objects, :'case' = 'sequences' AS sequences, :'case' = 'roles' AS roles \gset

\if :keyed
  CALL repeat_statement('CREATE TABLE t%n (id bigint PRIMARY KEY, account bigint NOT NULL DEFAULT 0, name text)', :count);
\elif :keyless
  CALL repeat_statement('CREATE TABLE t%n (id bigint, account bigint NOT NULL DEFAULT 0, name text)', :count);
\elif :partitions
  -- Of parents with 2,500 partitions each: making one takes time in proportion to those that are there.
  CREATE PROCEDURE create_partitions(count int) LANGUAGE plpgsql AS $$
  BEGIN
    FOR n IN 0..count - 1 LOOP
      IF n % 2500 = 0 THEN
        EXECUTE format('CREATE TABLE p%s (id bigint PRIMARY KEY, name text) PARTITION BY RANGE (id)', n / 2500);
      END IF;
      EXECUTE format('CREATE TABLE p%s_%s PARTITION OF p%1$s FOR VALUES FROM (%2$s) TO (%s)',
                     n / 2500, n % 2500, n % 2500 + 1);
      IF n % 500 = 0 THEN COMMIT; END IF;
    END LOOP;
  END $$;
  CALL create_partitions(:count);
  DROP PROCEDURE create_partitions;
\elif :large_objects
  CALL repeat_statement('SELECT lo_from_bytea(0, ''x'')', :count);
\elif :sequences
  CALL repeat_statement('CREATE SEQUENCE s%n', :count);
\elif :roles
  -- Every one has a table, is a member of a group, and holds a privilege on a table of another one.
  CREATE PROCEDURE create_roles(count int) LANGUAGE plpgsql AS $$
  BEGIN
    FOR n IN 1..count LOOP
      EXECUTE format('CREATE ROLE scale_role_%s LOGIN', n);
      IF n % 200 <> 1 THEN EXECUTE format('GRANT scale_role_%s TO scale_role_%s', (n - 1) / 200 * 200 + 1, n); END IF;
      EXECUTE format('CREATE TABLE t%s (id bigint PRIMARY KEY)', n);
      EXECUTE format('ALTER TABLE t%s OWNER TO scale_role_%1$s', n);
      IF n > 1 THEN EXECUTE format('GRANT SELECT ON t%s TO scale_role_%s', n - 1, n); END IF;
      IF n % 200 = 0 THEN COMMIT; END IF;
    END LOOP;
  END $$;
  CALL create_roles(:count);
  DROP PROCEDURE create_roles;
\endif
DROP PROCEDURE repeat_statement;
VACUUM ANALYZE;
