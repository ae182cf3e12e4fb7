-- What has to be told until it was: one row an alert and channel. started
-- without sent says that the process died while it was being told.
CREATE TABLE outbox (
  id         TEXT    NOT NULL,
  channel    TEXT    NOT NULL,
  name       TEXT    NOT NULL DEFAULT '',
  not_before INTEGER NOT NULL,
  timed      INTEGER NOT NULL DEFAULT 0,
  digest     INTEGER NOT NULL DEFAULT 0,
  tries      INTEGER NOT NULL DEFAULT 0,
  started    INTEGER,
  sent       INTEGER,
  error      TEXT    NOT NULL DEFAULT '',
  body       TEXT    NOT NULL,                 -- JSON
  PRIMARY KEY (id, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_due  ON outbox (not_before) WHERE sent IS NULL;
CREATE INDEX outbox_name ON outbox (name) WHERE sent IS NULL;
CREATE INDEX outbox_sent ON outbox (sent) WHERE sent IS NOT NULL;
