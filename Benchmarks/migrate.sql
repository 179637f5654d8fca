-- A shop's database of about 2 GB at scale 1: one table has two thirds of it, the others are of all sizes. psql's
-- variable `scale` makes it smaller or larger.
CREATE TABLE customers (
  id integer PRIMARY KEY, name text NOT NULL, email text NOT NULL, created timestamptz NOT NULL, balance numeric(12, 2));
CREATE TABLE products (id integer PRIMARY KEY, name text NOT NULL, price numeric(10, 2) NOT NULL, attributes jsonb);
CREATE TABLE orders (
  id bigint PRIMARY KEY, customer integer NOT NULL, placed timestamptz NOT NULL, status text NOT NULL,
  total numeric(12, 2) NOT NULL);
CREATE TABLE order_items (
  id bigint PRIMARY KEY, order_id bigint NOT NULL, product integer NOT NULL, quantity integer NOT NULL,
  price numeric(10, 2) NOT NULL, shipped timestamptz, note text);
CREATE TABLE log (at timestamptz NOT NULL, level integer NOT NULL, message text NOT NULL, origin inet, trace uuid);

SELECT setseed(0.5);
INSERT INTO customers
  SELECT i, 'Customer number ' || i, 'customer.' || i || '@example.org', timestamptz '2020-01-01' + i * interval '3 min',
         (random() * 10000)::numeric(12, 2) FROM generate_series(1, (400000 * :scale)::int) i;
INSERT INTO products
  SELECT i, 'Product ' || md5(i::text), (random() * 500)::numeric(10, 2),
         jsonb_build_object('colour', 'c' || i % 12, 'weight', i % 100, 'tags', jsonb_build_array('a', 'b' || i % 7))
    FROM generate_series(1, (100000 * :scale)::int) i;
INSERT INTO orders
  SELECT i, 1 + i::bigint * 7919 % (400000 * :scale)::int, timestamptz '2021-01-01' + i * interval '20 s',
         (ARRAY['new', 'paid', 'sent', 'returned'])[1 + i % 4], (random() * 900)::numeric(12, 2)
    FROM generate_series(1, (3000000 * :scale)::int) i;
INSERT INTO order_items
  SELECT i, 1 + i * 31 % (3000000 * :scale)::int, 1 + i % (100000 * :scale)::int, 1 + i % 5,
         (random() * 300)::numeric(10, 2), timestamptz '2021-01-02' + i * interval '6 s',
         CASE WHEN i % 3 = 0 THEN 'a note about item ' || i END
    FROM generate_series(1::bigint, (14000000 * :scale)::bigint) i;
INSERT INTO log
  SELECT timestamptz '2022-01-01' + i * interval '1 s', i % 6, 'something happened to ' || md5(i::text) || repeat(' x', i % 30),
         '10.0.0.0'::inet + i % 65536, md5(i::text)::uuid FROM generate_series(1, (2000000 * :scale)::int) i;
SELECT format('CREATE TABLE small_%s AS SELECT i AS id, md5(i::text) AS word FROM generate_series(1, %s) i', n, n * 200)
  FROM generate_series(1, 20) n \gexec

CREATE UNIQUE INDEX ON customers (email);
CREATE INDEX ON products (price);
CREATE INDEX ON orders (customer);
CREATE INDEX ON orders (placed);
CREATE INDEX ON order_items (order_id);
CREATE INDEX ON order_items (product, shipped);
CREATE INDEX ON log (at);
ALTER TABLE orders ADD FOREIGN KEY (customer) REFERENCES customers;
ALTER TABLE order_items ADD FOREIGN KEY (order_id) REFERENCES orders, ADD FOREIGN KEY (product) REFERENCES products;
VACUUM ANALYZE;
