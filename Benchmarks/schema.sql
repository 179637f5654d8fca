-- What each database of the benchmark holds: the schema of a small application.
CREATE EXTENSION pg_trgm;

CREATE TABLE accounts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE projects (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account bigint NOT NULL REFERENCES accounts,
  name text NOT NULL,
  settings jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX ON projects (account);
CREATE INDEX ON projects USING gin (name gin_trgm_ops);
CREATE TABLE tasks (
  id bigserial PRIMARY KEY,
  project bigint NOT NULL REFERENCES projects,
  title text NOT NULL,
  done boolean NOT NULL DEFAULT false,
  due date
);
CREATE INDEX ON tasks (project) WHERE NOT done;
CREATE TABLE labels (task bigint REFERENCES tasks, label text, PRIMARY KEY (task, label));
CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL, task bigint, PRIMARY KEY (id, at))
  PARTITION BY RANGE (at);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE imports (line integer, payload text);
CREATE VIEW open_tasks AS SELECT p.name, t.title FROM tasks AS t JOIN projects AS p ON p.id = t.project WHERE NOT t.done;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.created_at := now(); RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION touch();
