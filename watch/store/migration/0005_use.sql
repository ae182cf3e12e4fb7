-- What an EPP account has used, for every process on this database: the creates
-- that it spent, the commands that it sent last, the burst that has it.
CREATE TABLE account_use (
  account TEXT PRIMARY KEY,
  body    TEXT NOT NULL                        -- JSON
) STRICT, WITHOUT ROWID;

-- Reports of rehearsals, to be held against each other.
CREATE TABLE rehearsal (
  id   INTEGER PRIMARY KEY,
  name TEXT    NOT NULL,
  at   INTEGER NOT NULL,
  body TEXT    NOT NULL                        -- JSON
) STRICT;
CREATE INDEX rehearsal_name ON rehearsal (name, at);

-- How an account pays, as a person saw it on the service's website.
CREATE TABLE payment (
  account TEXT    PRIMARY KEY,
  at      INTEGER NOT NULL,
  words   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
