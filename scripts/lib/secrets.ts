/** Local secrets: random, made once, readable by their owner alone. Never those of a deployment. */

import { createHash, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { at, tokenFile } from "./paths.ts";

const KEY_BYTES = 32;

function writeSecret(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { mode: 0o600, flag: "wx" });
}

function randomKey(): string {
  return randomBytes(KEY_BYTES).toString("base64url");
}

/** The value of a variable in a `.dev.vars` file. */
function readVariable(path: string, name: string): string | undefined {
  const line = readFileSync(path, "utf8")
    .split("\n")
    .find((candidate) => candidate.startsWith(`${name}=`));
  return line?.slice(name.length + 1).replaceAll('"', "");
}

/** Makes the Workers' local secrets where they are absent; both Workers get the same keys. */
export function ensureSecrets(): void {
  const edge = at(".dev.vars");
  const admin = at("admin", ".dev.vars");
  const source = [edge, admin].find((path) => existsSync(path));
  const inherited = (name: string): string | undefined =>
    source === undefined ? undefined : readVariable(source, name);
  const signing = inherited("BANDERA_SIGNING_KEYS") ?? `1:${randomKey()}`;
  const subject = inherited("BANDERA_SUBJECT_KEY") ?? randomKey();
  const content =
    "# Local secrets, made at random by `npm start`. A deployment has its own.\n" +
    `BANDERA_SIGNING_KEYS="${signing}"\nBANDERA_SUBJECT_KEY="${subject}"\n`;
  for (const path of [edge, admin]) {
    if (existsSync(path)) chmodSync(path, 0o600);
    else writeSecret(path, content);
  }
}

/** The local admin token: the one kept, or a new one. */
export function localToken(): string {
  if (!existsSync(tokenFile)) writeSecret(tokenFile, `${newToken()}\n`);
  chmodSync(tokenFile, 0o600);
  return readFileSync(tokenFile, "utf8").trim();
}

/** A new random API token. */
export function newToken(): string {
  return `bandera_${randomKey()}`;
}

/** What the database keeps of a token: its SHA-256 in lower-case hex. */
export function tokenHash(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
