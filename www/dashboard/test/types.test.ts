import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { typesFile, typesText } from "../types.ts";

test("the checked-in types are those of the API's description", async () => {
  const checkedIn = readFileSync(typesFile, "utf8");
  assert.equal(checkedIn, await typesText(), "run `npm run types`");
});
