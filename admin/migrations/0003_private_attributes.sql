-- Attributes that an environment's flags may use and that nothing tells: a JSON list, as a ruleset
-- has it.

ALTER TABLE environments ADD COLUMN private_attributes TEXT NOT NULL DEFAULT '[]'
  CHECK (json_valid(private_attributes));
ALTER TABLE environment_versions ADD COLUMN private_attributes TEXT NOT NULL DEFAULT '[]';
