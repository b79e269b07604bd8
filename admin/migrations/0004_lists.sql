-- Named lists are documents too. A check cannot be changed, so the table is written anew.

CREATE TABLE documents_with_lists (
  environment   TEXT    NOT NULL REFERENCES environments (key),
  kind          TEXT    NOT NULL
                CHECK (kind IN ('flag', 'list', 'segment', 'layer', 'holdout', 'bandit')),
  key           TEXT    NOT NULL,
  version       INTEGER NOT NULL,
  archived      INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1)),
  body          TEXT    NOT NULL CHECK (json_valid(body)),
  updated_at_ms INTEGER NOT NULL,
  updated_by    TEXT    NOT NULL,
  PRIMARY KEY (environment, kind, key)
) STRICT, WITHOUT ROWID;

INSERT INTO documents_with_lists
SELECT environment, kind, key, version, archived, body, updated_at_ms, updated_by FROM documents;

DROP TABLE documents;

ALTER TABLE documents_with_lists RENAME TO documents;
