-- What edges read of a publication, by the hash that the pointer names: rollback and repair repeat
-- these very bytes. They are base64, and in parts, because a value holds at most 2 MB.

CREATE TABLE bundles (
  hash          TEXT    NOT NULL REFERENCES rulesets (hash),
  part          INTEGER NOT NULL CHECK (part >= 0),
  base64        TEXT    NOT NULL,
  PRIMARY KEY (hash, part)
) STRICT;
