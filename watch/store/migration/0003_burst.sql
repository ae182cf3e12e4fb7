-- What a burst announced and what it sent, frame by frame, for the replay.
CREATE TABLE burst (
  id     INTEGER PRIMARY KEY,
  ord    INTEGER NOT NULL,
  at     INTEGER NOT NULL,                     -- of the drop
  plan   TEXT    NOT NULL,                     -- JSON
  frames BLOB    NOT NULL                      -- JSON, flate
) STRICT;
CREATE INDEX burst_ord ON burst (ord, at);
