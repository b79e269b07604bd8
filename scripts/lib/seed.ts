/** Seeds an environment through the admin API, as a client would: once, and never over work. */

import { readFileSync } from "node:fs";

import { TaskError } from "./run.ts";
import type { ApiReply, Stack } from "./stack.ts";

/** Members of a ruleset, each before those that refer to it. */
const collections = ["lists", "segments", "layers", "holdouts", "bandits", "flags"] as const;

const CREATED = 201;
const NOT_FOUND = 404;
const ALREADY_THERE = 412;

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function member(object: JsonObject, name: string): JsonObject {
  const value = object[name] ?? {};
  if (!isObject(value)) throw new TaskError(`"${name}" of the ruleset is no object`);
  return value;
}

function refused(what: string, reply: ApiReply): TaskError {
  return new TaskError(`${what}: status ${reply.status} ${JSON.stringify(reply.body)}`);
}

/** Creates what is absent; what is there stays as it is. */
async function create(stack: Stack, path: string, body: unknown): Promise<boolean> {
  const reply = await stack.admin("PUT", path, body, { "if-none-match": "*" });
  if (reply.status === CREATED) return true;
  if (reply.status === ALREADY_THERE) return false;
  throw refused(`creating ${path}`, reply);
}

/** Whether the environment has been published at least once. */
async function published(stack: Stack, environment: string): Promise<boolean> {
  const reply = await stack.admin("GET", `${environment}/publications?limit=1`);
  if (reply.status === NOT_FOUND) return false;
  const items = isObject(reply.body) ? reply.body["items"] : undefined;
  if (reply.status !== 200 || !Array.isArray(items)) throw refused("listing publications", reply);
  return items.length > 0;
}

/**
 * Writes a ruleset into an environment document by document and publishes it, unless the
 * environment has a publication already. A seeding that was cut off is completed by the next one.
 *
 * @returns whether it published.
 */
export async function seed(stack: Stack, key: string, rulesetFile: string): Promise<boolean> {
  const environment = `/api/v1/environments/${key}`;
  if (await published(stack, environment)) return false;
  const ruleset: unknown = JSON.parse(readFileSync(rulesetFile, "utf8"));
  if (!isObject(ruleset)) throw new TaskError(`${rulesetFile} holds no ruleset`);
  await create(stack, environment, { name: key, salt: ruleset["salt"] });
  for (const collection of collections) {
    for (const [name, document] of Object.entries(member(ruleset, collection))) {
      await create(stack, `${environment}/${collection}/${encodeURIComponent(name)}`, document);
    }
  }
  const headers = { "if-match": '"p0"' };
  const note = { note: "The demo, as it ships" };
  const reply = await stack.admin("POST", `${environment}/publications`, note, headers);
  if (reply.status !== CREATED) throw refused("publishing", reply);
  return true;
}

/**
 * Publishes what an environment holds once more: what a former version published, this one's edge
 * may be unable to read.
 */
export async function publishAnew(stack: Stack, key: string): Promise<void> {
  const publications = `/api/v1/environments/${key}/publications`;
  const listed = await stack.admin("GET", `${publications}?limit=1`);
  const items = isObject(listed.body) ? listed.body["items"] : undefined;
  const last: unknown = Array.isArray(items) ? items[0] : undefined;
  const number = isObject(last) ? last["number"] : undefined;
  if (typeof number !== "number") throw refused("listing publications", listed);
  const note = { note: "Published anew: the form of what is published has changed" };
  const reply = await stack.admin("POST", publications, note, { "if-match": `"p${number}"` });
  if (reply.status !== CREATED) throw refused("publishing anew", reply);
}
