-- Terms that a person read and accepted, as they stood then.
CREATE TABLE accepted (
  id      INTEGER PRIMARY KEY,
  service TEXT    NOT NULL,
  kind    TEXT    NOT NULL,
  at      INTEGER NOT NULL,
  text    TEXT    NOT NULL
) STRICT;
CREATE INDEX accepted_service ON accepted (service, kind, at);

-- What is left to do for a name that was won: what the program does by itself
-- (tries, next_try), and what a person ticks off.
CREATE TABLE checklist (
  name     TEXT    NOT NULL,
  item     TEXT    NOT NULL,
  ord      INTEGER NOT NULL,                   -- the order that won it
  text     TEXT    NOT NULL,
  due      INTEGER,
  done     INTEGER,
  by       TEXT    NOT NULL DEFAULT '',        -- who did it
  why      TEXT    NOT NULL DEFAULT '',        -- how the last try ended
  tries    INTEGER NOT NULL DEFAULT 0,
  next_try INTEGER,
  PRIMARY KEY (name, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX checklist_next ON checklist (next_try) WHERE next_try IS NOT NULL;
