-- The origin of truth: configuration, its whole history, and who changed what.
-- Times are Unix milliseconds. Nothing here is ever deleted except by an operator.

CREATE TABLE api_tokens (
  id            TEXT    NOT NULL PRIMARY KEY,
  name          TEXT    NOT NULL,
  role          TEXT    NOT NULL CHECK (role IN ('viewer', 'editor', 'publisher', 'admin')),
  -- Lower-case hex SHA-256 of the token; the token itself is shown once and kept nowhere.
  token_sha256  TEXT    NOT NULL UNIQUE,
  created_at_ms INTEGER NOT NULL,
  created_by    TEXT,
  expires_at_ms INTEGER,
  revoked_at_ms INTEGER
) STRICT;

CREATE TABLE environments (
  key           TEXT    NOT NULL PRIMARY KEY,
  name          TEXT    NOT NULL,
  description   TEXT    NOT NULL DEFAULT '',
  -- Part of every hash that assigns a subject, therefore fixed for life.
  salt          TEXT    NOT NULL,
  version       INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL
) STRICT;

-- Drafts: the present state of each flag, segment, layer, holdout and bandit.
CREATE TABLE documents (
  environment   TEXT    NOT NULL REFERENCES environments (key),
  kind          TEXT    NOT NULL
                CHECK (kind IN ('flag', 'segment', 'layer', 'holdout', 'bandit')),
  key           TEXT    NOT NULL,
  version       INTEGER NOT NULL,
  archived      INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1)),
  body          TEXT    NOT NULL CHECK (json_valid(body)),
  updated_at_ms INTEGER NOT NULL,
  updated_by    TEXT    NOT NULL,
  PRIMARY KEY (environment, kind, key)
) STRICT, WITHOUT ROWID;

-- Every version ever. Its primary key is what makes two writers of one version collide.
CREATE TABLE document_versions (
  environment   TEXT    NOT NULL,
  kind          TEXT    NOT NULL,
  key           TEXT    NOT NULL,
  version       INTEGER NOT NULL,
  archived      INTEGER NOT NULL CHECK (archived IN (0, 1)),
  body          TEXT    NOT NULL CHECK (json_valid(body)),
  author        TEXT    NOT NULL,
  at_ms         INTEGER NOT NULL,
  PRIMARY KEY (environment, kind, key, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE environment_versions (
  key           TEXT    NOT NULL,
  version       INTEGER NOT NULL,
  name          TEXT    NOT NULL,
  description   TEXT    NOT NULL,
  author        TEXT    NOT NULL,
  at_ms         INTEGER NOT NULL,
  PRIMARY KEY (key, version)
) STRICT, WITHOUT ROWID;

-- Ruleset bytes by content hash; several publications may name the same bytes.
CREATE TABLE rulesets (
  hash          TEXT    NOT NULL PRIMARY KEY,
  bytes         TEXT    NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT;

-- Numbers rise by one in each environment; the primary key lets one of two publishers win.
CREATE TABLE publications (
  environment    TEXT    NOT NULL REFERENCES environments (key),
  number         INTEGER NOT NULL CHECK (number > 0),
  hash           TEXT    NOT NULL REFERENCES rulesets (hash),
  author         TEXT    NOT NULL,
  at_ms          INTEGER NOT NULL,
  note           TEXT    NOT NULL DEFAULT '',
  -- The publication whose bytes this one repeats.
  rollback_of    INTEGER,
  -- When the pointer that edges read was last known to name this publication.
  delivered_at_ms INTEGER,
  PRIMARY KEY (environment, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_log (
  id            INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  at_ms         INTEGER NOT NULL,
  actor_id      TEXT    NOT NULL,
  actor_name    TEXT    NOT NULL,
  action        TEXT    NOT NULL,
  environment   TEXT,
  kind          TEXT    NOT NULL,
  key           TEXT    NOT NULL,
  version       INTEGER,
  before        TEXT CHECK (before IS NULL OR json_valid(before)),
  after         TEXT CHECK (after IS NULL OR json_valid(after))
) STRICT;

CREATE INDEX audit_log_by_resource ON audit_log (environment, kind, key, id);
