import assert from "node:assert/strict";
import { test } from "node:test";

import { lazy, type ObjectClass } from "../objects.ts";

/** A class that notes what is made of it and what its objects are asked. */
function engine(): { readonly notes: string[]; readonly load: () => Promise<ObjectClass> } {
  const notes: string[] = [];
  const load = async (): Promise<ObjectClass> => {
    notes.push("loaded");
    await Promise.resolve();
    return class {
      constructor(state: unknown, env: unknown) {
        notes.push(`made of ${String(state)} and ${String(env)}`);
      }
      async fetch(request: Request): Promise<Response> {
        notes.push(`asked ${new URL(request.url).pathname}`);
        return new Response("an answer");
      }
      async alarm(): Promise<void> {
        notes.push("woken");
      }
    };
  };
  return { notes, load };
}

test("nothing is loaded before an object is asked", async () => {
  const { notes, load } = engine();
  const object = new (lazy(load))("state", "env");
  assert.deepEqual(notes, []);
  const answer = await object.fetch(new Request("https://object/a"));
  assert.equal(await answer.text(), "an answer");
  await object.alarm();
  assert.deepEqual(notes, ["loaded", "made of state and env", "asked /a", "woken"]);
});

test("events that come together find one object", async () => {
  const { notes, load } = engine();
  const object = new (lazy(load))("state", "env");
  await Promise.all([object.alarm(), object.fetch(new Request("https://object/b"))]);
  assert.equal(notes.filter((note) => note.startsWith("made")).length, 1);
});

test("an engine that cannot be loaded is tried again by the next event", async () => {
  const { notes, load } = engine();
  let fails = true;
  const object = new (lazy(() => {
    if (!fails) return load();
    fails = false;
    return Promise.reject(new Error("out of memory"));
  }))("state", "env");
  await assert.rejects(object.alarm(), /out of memory/);
  await object.alarm();
  assert.deepEqual(notes, ["loaded", "made of state and env", "woken"]);
});
