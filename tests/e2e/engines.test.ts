/** Which engine a page fetches to evaluate by itself, and that both give the edge's answers. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import type { Page } from "playwright-core";

import type { JsonObject } from "../../www/browser/ts/json.ts";
import { readState } from "../../www/browser/ts/state.ts";
import { PersonalBrowser, complaintsOf } from "./lib/browser.ts";
import { Edge } from "./lib/edge.ts";
import { always, ruleset, test as split } from "./lib/rulesets.ts";
import { stateText } from "./lib/visitor.ts";

const ORDINARY = ["bandera_bg.wasm", "engine.js"];
const FULL = ["bandera-full_bg.wasm", "engine-full.js"];

/** A flag that serves `on` where the condition holds. */
function where(when: unknown, more = {}): unknown {
  return always({ defaultVariant: "off", rules: [{ id: "rule", when, serve: { variant: "on" } }], ...more });
}

/** What ordinary pages ask for. */
const plain = {
  "shop.split": split(),
  "shop.equals": where({ attribute: "path", op: "equals", value: "/p/1" }),
  "shop.starts": where({ attribute: "path", op: "startsWith", value: "/P/", ignoreCase: true }),
  "shop.number": where({ attribute: "age", op: "greaterOrEqual", value: 18 }),
  "shop.version": where({ attribute: "app", op: "versionGreaterOrEqual", value: "2.1.0" }),
  "shop.member": where({ segment: "pros" }),
  "shop.share": where({ chance: { percentage: 50 } }),
  "shop.window": always({ schedule: { startAt: "2025-01-01T00:00:00Z" } }),
};
const segments = { pros: { when: { attribute: "plan", op: "in", value: ["pro", "team"] } } };
const EXPRESSION = { attribute: "path", op: "matches", value: "^/p/[0-9]+$" };
const RANGE = { attribute: "app", op: "versionMatches", value: "^2.1" };

const ordinary = ruleset(plain, { segments });
const rare = ruleset(
  { ...plain, "shop.pattern": where(EXPRESSION), "shop.range": where(RANGE) },
  { segments },
);
/** Browsers never see the flag with the expression. */
const rareAtTheEdge = ruleset(
  { ...plain, "shop.pattern": where(EXPRESSION, { visibility: "server" }) },
  { segments },
);

let edge: Edge;
before(async () => {
  const settings = { bots: { never: ["HeadlessChrome"] } };
  edge = await Edge.start({ ruleset: ordinary, withScript: true, settings });
  edge.origin.answer = (_seen, response) => {
    const script = '<script src="/bandera/v1/bandera.js" defer></script>';
    response.writeHead(200, { "content-type": "text/html" });
    response.end(`<!doctype html><html><head><title>T</title>${script}</head><body></body></html>`);
  };
});
after(async () => {
  await edge?.stop();
});

/** The engines' files that the page asks for from now on. */
function fetched(page: Page): readonly string[] {
  const files: string[] = [];
  page.on("request", (request) => {
    const file = new URL(request.url()).pathname.replace("/bandera/v1/", "");
    if (/engine|wasm/.test(file)) files.push(file);
  });
  return files;
}

type Variants = Readonly<Record<string, string | null>>;

/** The variants that the page evaluates by itself. */
async function evaluated(page: Page, context: JsonObject = {}): Promise<Variants> {
  const variants = await page.evaluate(async (text: string) => {
    const answers = (await globalThis.bandera?.evaluate(JSON.parse(text))) ?? new Map();
    return [...answers].map(([key, { variant }]) => [key, variant ?? null] as const);
  }, JSON.stringify(context));
  return Object.fromEntries(variants);
}

/** The variants that the edge told the page. */
async function told(page: Page): Promise<Variants> {
  const { answers } = readState(stateText(await page.content()));
  return Object.fromEntries([...answers].map(([key, { variant }]) => [key, variant ?? null]));
}

async function visit(page: Page): Promise<void> {
  await page.goto(`${edge.url}/p/1`);
  await page.waitForFunction(() => globalThis.bandera !== undefined);
}

async function check(document: unknown, expected: readonly string[], nFlags: number): Promise<void> {
  await edge.publish(document);
  await using person = new PersonalBrowser();
  const page = await person.open();
  const complaints = complaintsOf(page);
  const files = fetched(page);
  await visit(page);
  assert.deepEqual(files, [], "nothing is fetched before the page evaluates");
  const local = await evaluated(page);
  assert.equal(Object.keys(local).length, nFlags);
  assert.deepEqual(local, await told(page));
  assert.equal(local["shop.equals"], "on");
  assert.deepEqual([...files].sort(), expected);
  assert.deepEqual(complaints, []);
}

test("an ordinary ruleset takes the ordinary engine alone", async () => {
  await check(ordinary, ORDINARY, Object.keys(plain).length);
});

test("what browsers never see takes nothing", async () => {
  await check(rareAtTheEdge, ORDINARY, Object.keys(plain).length);
});

test("a ruleset with an expression takes the full engine alone", async () => {
  await check(rare, FULL, Object.keys(plain).length + 2);
});

test("a page from before an expression was published fetches the full engine too", async () => {
  await edge.publish(ordinary);
  await using person = new PersonalBrowser();
  const page = await person.open();
  const files = fetched(page);
  await visit(page);
  await edge.publish(rare);
  const context = { path: "/p/12", app: "2.1.7" };
  const local = await evaluated(page, context);
  assert.deepEqual([...files].sort(), [...FULL, ...ORDINARY].sort());
  assert.deepEqual([local["shop.pattern"], local["shop.range"], local["shop.equals"]], ["on", "on", "off"]);
  assert.equal((await evaluated(page, { ...context, path: "/p/x" }))["shop.pattern"], "off");
});

/** What an engine says of a ruleset for each context; asked in the page. */
interface Question {
  readonly name: "" | "-full";
  readonly ruleset: readonly number[];
  readonly contexts: string;
}

async function answersOf({ name, ruleset, contexts }: Question): Promise<string[]> {
  const script = `/bandera/v1/engine${name}.js`;
  const module = await import(script);
  await module.default({ module_or_path: `/bandera/v1/bandera${name}_bg.wasm` });
  const engine = new module.Engine(new Uint8Array(ruleset));
  const each: unknown[] = JSON.parse(contexts);
  return each.map((context) => {
    const answers = Object.entries(engine.evaluateAll(context, 1_780_000_000_000, 0.25));
    return JSON.stringify(answers.sort());
  });
}

/** What browsers get of the ruleset once it is published. */
async function published(document: unknown): Promise<readonly number[]> {
  await edge.publish(document);
  const reply = await edge.ask("GET", "/bandera/v1/ruleset/compact");
  return [...new Uint8Array(await reply.arrayBuffer())];
}

test("both engines say the same of an ordinary ruleset, and the ordinary one refuses another", async () => {
  await using person = new PersonalBrowser();
  const page = await person.open();
  const small = await published(ordinary);
  await visit(page);
  const visitors = Array.from({ length: 200 }, (_, n) => ({
    ...(n % 10 === 9 ? {} : { targetingKey: `subject-${n}` }),
    path: ["/p/1", "/p/22", "/P/x", 7][n % 4] ?? null,
    age: n % 40,
    app: ["2.1.0", "2.1.0-rc.1", "10.0.0", "none"][n % 4] ?? null,
    plan: ["pro", "team", "free"][n % 3] ?? null,
  }));
  const contexts = JSON.stringify(visitors);
  const ask = (name: Question["name"], ruleset: readonly number[]): Promise<string[]> =>
    page.evaluate(answersOf, { name, ruleset, contexts });
  const answers = await ask("", small);
  assert.ok(new Set(answers).size > 20);
  assert.deepEqual(await ask("-full", small), answers);
  const large = await published(rare);
  await assert.rejects(ask("", large), /holds what this engine does not know; a full one does/);
  assert.ok((await ask("-full", large)).every((of) => of.includes("shop.pattern")));
});
