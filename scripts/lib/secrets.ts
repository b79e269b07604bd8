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

/** Makes the edge Worker's local secrets where they are absent. The admin Worker has none. */
export function ensureSecrets(): void {
  const path = at(".dev.vars");
  if (!existsSync(path)) {
    const content =
      "# Local secrets, made at random by `npm start`. A deployment has its own.\n" +
      `BANDERA_SIGNING_KEYS="1:${randomKey()}"\nBANDERA_SUBJECT_KEY="${randomKey()}"\n`;
    writeSecret(path, content);
  }
  chmodSync(path, 0o600);
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
