/** The admin Worker's local D1 database: migrations, and the first token. */

import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

import { fingerprint } from "./fresh.ts";
import { removeScratch, scratchDir } from "./owned.ts";
import { adminConfig, targetDir } from "./paths.ts";
import { TaskError } from "./run.ts";
import { newToken, tokenHash } from "./secrets.ts";
import { callWrangler } from "./wrangler.ts";

const database = "DB";

function d1(persistDir: string, ...args: readonly string[]): string {
  const local = ["--local", "--persist-to", persistDir, "-c", adminConfig];
  const done = callWrangler(persistDir, ["d1", ...args, ...local]);
  if (!done.ok) {
    throw new TaskError(`wrangler d1 ${args[0] ?? ""} failed:\n${done.stdout}\n${done.stderr}`);
  }
  return done.stdout;
}

/** Applies the migrations that the database does not have yet. */
export function migrate(persistDir: string): void {
  d1(persistDir, "migrations", "apply", database);
}

/** What a prepared database is made from. */
const preparedFrom = ["admin/migrations", "admin/wrangler.toml", "package-lock.json"];

/** The folder below a persisted state that holds its databases, and the token beside it. */
const databases = join("v3", "d1");
const tokenName = "token";

/**
 * Gives an empty state a database with every migration and one admin token, which it returns. The
 * work is done once and copied: a call of Wrangler costs a second, and each test has its own state.
 */
export function copyPrepared(persistDir: string): string {
  const prepared = join(targetDir, "bandera-databases", fingerprint(preparedFrom));
  if (!existsSync(prepared)) prepare(prepared);
  cpSync(join(prepared, databases), join(persistDir, databases), { recursive: true });
  return readFileSync(join(prepared, tokenName), "utf8");
}

/** Several tests may find that nothing is prepared: each prepares, and the first one's counts. */
function prepare(prepared: string): void {
  const scratch = scratchDir("database");
  const token = newToken();
  migrate(scratch);
  registerToken(scratch, token, "admin", "local admin");
  const ours = `${prepared}-${process.pid}`;
  mkdirSync(dirname(ours), { recursive: true });
  cpSync(join(scratch, databases), join(ours, databases), { recursive: true });
  writeFileSync(join(ours, tokenName), token, { mode: 0o600 });
  removeScratch(scratch);
  try {
    renameSync(ours, prepared);
  } catch (error) {
    if (!existsSync(prepared)) throw error;
    rmSync(ours, { recursive: true, force: true });
  }
}

/** The roles that an API token may have. */
export type Role = "viewer" | "editor" | "publisher" | "admin";

/** Makes the database know a token; knowing it already is no error. */
export function registerToken(persistDir: string, token: string, role: Role, name: string): void {
  const hash = tokenHash(token);
  if (!/^[\w -]+$/.test(name)) throw new TaskError(`"${name}" is no plain token name`);
  const insert =
    "INSERT OR IGNORE INTO api_tokens (id, name, role, token_sha256, created_at_ms) VALUES " +
    `('local-${hash.slice(0, 16)}', '${name}', '${role}', '${hash}', ${Date.now()})`;
  d1(persistDir, "execute", database, "--command", insert);
}
