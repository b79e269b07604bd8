import assert from "node:assert/strict";
import { test } from "node:test";

import { forgetProcesses, spawnOwned } from "./owned.ts";
import { commandOf, processesLedBy } from "./processes.ts";
import { until } from "./run.ts";
import { signal } from "./signals.ts";

test("a process group is known with its command lines, and a dead process has none", async () => {
  const child = spawnOwned("sh", ["-c", "sleep 600 & wait"], { stdio: "ignore" });
  const leader = child.pid ?? 0;
  try {
    await until("shell and sleep", 5_000, () => {
      const commands = processesLedBy(leader).map(({ command }) => command);
      return commands.sort().join() === "sh -c sleep 600 & wait,sleep 600" ? true : undefined;
    });
    assert.equal(commandOf(leader), "sh -c sleep 600 & wait");
  } finally {
    signal(-leader, "SIGKILL");
  }
  await until("their end", 5_000, () => (signal(-leader, 0) ? undefined : true));
  assert.equal(commandOf(leader), undefined);
  assert.deepEqual(processesLedBy(leader), []);
  forgetProcesses(leader);
});
