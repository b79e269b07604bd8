import assert from "node:assert/strict";
import { test } from "node:test";

import { exact, tooOld, versions } from "./toolchain.ts";

test("lints are errors on the named version alone", () => {
  const check = (present: string, isExact: boolean, isTooOld: boolean): void => {
    const both = { named: "1.95", present };
    assert.deepEqual([exact(both), tooOld(both)], [isExact, isTooOld], present);
  };
  check("1.95.0", true, false);
  check("1.95.2", true, false);
  check("1.96.0", false, false);
  check("1.100.0", false, false);
  check("2.0.0", false, false);
  check("1.95.0-nightly", false, false);
  check("1.95.0-beta.3", false, false);
  check("1.94.1", false, true);
  check("1.9.0", false, true);
  check("0.99.0", false, true);
});

test("the toolchain of this machine is known and recent enough", () => {
  const here = versions();
  assert.match(here.named, /^1\.\d+$/);
  assert.equal(tooOld(here), false, JSON.stringify(here));
});
