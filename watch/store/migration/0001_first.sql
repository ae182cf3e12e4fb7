-- Times are unix microseconds; a time that is not known is NULL, or 1<<62 where
-- an index sorts it last. Money is an amount in ten-thousandths and a currency.

-- What the person said of a name, and what is known of it, in one row: every
-- list, and the schedule, read it without a join.
CREATE TABLE watch (
  id         INTEGER PRIMARY KEY,
  name       TEXT    NOT NULL,
  tld        TEXT    NOT NULL,
  kind       TEXT    NOT NULL,
  tags       TEXT    NOT NULL DEFAULT '',      -- ",brand,shop,"
  note       TEXT    NOT NULL DEFAULT '',
  purpose    TEXT    NOT NULL DEFAULT '',
  priority   INTEGER NOT NULL DEFAULT 0,
  cap        INTEGER NOT NULL DEFAULT 0,
  cap_in     TEXT    NOT NULL DEFAULT '',
  bid_cap    INTEGER NOT NULL DEFAULT 0,
  bid_cap_in TEXT    NOT NULL DEFAULT '',
  created    INTEGER NOT NULL,
  updated    INTEGER NOT NULL,
  rev        INTEGER NOT NULL DEFAULT 1,

  stage      TEXT    NOT NULL DEFAULT 'unknown',
  flags      TEXT    NOT NULL DEFAULT '',      -- ",premium,hold,"
  drop_at    INTEGER NOT NULL DEFAULT 4611686018427387904,
  looked     INTEGER,
  looks      INTEGER NOT NULL DEFAULT 0,
  due        INTEGER NOT NULL,
  due_why    TEXT    NOT NULL DEFAULT '',
  trouble    TEXT    NOT NULL DEFAULT '',
  todo       TEXT    NOT NULL DEFAULT '',
  todo_at    INTEGER NOT NULL DEFAULT 4611686018427387904,
  todo_text  TEXT    NOT NULL DEFAULT '',
  verdict    TEXT    NOT NULL DEFAULT '',      -- JSON
  seen       TEXT    NOT NULL DEFAULT ''       -- JSON: what the next verdict needs of before
) STRICT;
CREATE UNIQUE INDEX watch_name ON watch (name);
CREATE INDEX watch_due  ON watch (due);
CREATE INDEX watch_todo ON watch (todo_at, drop_at, id);

-- How many watches there are of a kind, so that a first page counts nothing.
CREATE TABLE kind_count (
  kind TEXT    PRIMARY KEY,
  n    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The latest answer of each source and server: the latest that spoke about the
-- name (says = 1) and the latest that did not.
CREATE TABLE answer (
  watch   INTEGER NOT NULL REFERENCES watch (id) ON DELETE CASCADE,
  source  TEXT    NOT NULL,
  server  TEXT    NOT NULL,
  says    INTEGER NOT NULL,
  asked   INTEGER NOT NULL,
  times   INTEGER NOT NULL DEFAULT 1,
  answer  TEXT    NOT NULL,                    -- JSON
  raw     BLOB,                                -- flate
  PRIMARY KEY (watch, source, server, says)
) STRICT;

-- The answers that came with a change, kept as dated evidence.
CREATE TABLE evidence (
  id     INTEGER PRIMARY KEY,
  name   TEXT    NOT NULL,
  at     INTEGER NOT NULL,
  answer TEXT    NOT NULL,
  raw    BLOB
) STRICT;
CREATE INDEX evidence_name ON evidence (name, at);

CREATE TABLE history (
  id     INTEGER PRIMARY KEY,
  at     INTEGER NOT NULL,
  name   TEXT    NOT NULL,
  field  TEXT    NOT NULL,
  before TEXT    NOT NULL,
  after  TEXT    NOT NULL,
  source TEXT    NOT NULL,
  text   TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX history_name ON history (name, at);

-- The drops that this installation saw: they narrow the windows of their zone.
CREATE TABLE seen_drop (
  name  TEXT    NOT NULL,
  zone  TEXT    NOT NULL,
  at    INTEGER NOT NULL,
  began INTEGER,
  PRIMARY KEY (zone, at, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
  seq     INTEGER PRIMARY KEY AUTOINCREMENT,
  at      INTEGER NOT NULL,
  kind    TEXT    NOT NULL,
  name    TEXT    NOT NULL DEFAULT '',
  stage   TEXT    NOT NULL DEFAULT '',
  was     TEXT    NOT NULL DEFAULT '',
  ord     INTEGER NOT NULL DEFAULT 0,
  state   TEXT    NOT NULL DEFAULT '',
  text    TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE budget (
  host TEXT PRIMARY KEY,
  body TEXT NOT NULL                           -- JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  key      TEXT    NOT NULL UNIQUE,
  name     TEXT    NOT NULL,
  route    TEXT    NOT NULL,
  state    TEXT    NOT NULL,
  holds    INTEGER NOT NULL,
  next_try INTEGER,
  created  INTEGER NOT NULL,
  updated  INTEGER NOT NULL,
  body     TEXT    NOT NULL                    -- JSON
) STRICT;
CREATE INDEX orders_name ON orders (name);
CREATE INDEX orders_next ON orders (next_try) WHERE next_try IS NOT NULL AND holds = 1;
-- One route is taken once for one name, whatever processes do at once.
CREATE UNIQUE INDEX orders_once ON orders (name, route) WHERE holds = 1;

CREATE TABLE ledger (
  seq     INTEGER PRIMARY KEY AUTOINCREMENT,
  at      INTEGER NOT NULL,
  epoch   INTEGER NOT NULL,
  step    TEXT    NOT NULL CHECK (step IN ('intent', 'answer', 'note')),
  intent  INTEGER REFERENCES ledger (seq),
  ord     INTEGER NOT NULL,
  name    TEXT    NOT NULL,
  route   TEXT    NOT NULL,
  action  TEXT    NOT NULL,
  at_most INTEGER NOT NULL DEFAULT 0,
  most_in TEXT    NOT NULL DEFAULT '',
  paid    INTEGER NOT NULL DEFAULT 0,
  paid_in TEXT    NOT NULL DEFAULT '',
  creates INTEGER NOT NULL DEFAULT 0,
  outcome TEXT    NOT NULL DEFAULT '',
  words   TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX ledger_answer ON ledger (intent) WHERE step = 'answer';
CREATE INDEX ledger_intent ON ledger (seq) WHERE step = 'intent';
CREATE INDEX ledger_paid ON ledger (at) WHERE paid <> 0;
CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger
BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_no_replace BEFORE INSERT ON ledger
WHEN EXISTS (SELECT 1 FROM ledger WHERE seq = NEW.seq)
BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;

CREATE TABLE lease (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  holder  TEXT    NOT NULL DEFAULT '',
  epoch   INTEGER NOT NULL DEFAULT 0,
  since   INTEGER,
  beat    INTEGER,
  doing   TEXT    NOT NULL DEFAULT '',
  held    INTEGER NOT NULL DEFAULT 0,
  halted  INTEGER NOT NULL DEFAULT 0,
  halt_by TEXT    NOT NULL DEFAULT '',
  halt_at INTEGER
) STRICT;
INSERT INTO lease (id) VALUES (1);
