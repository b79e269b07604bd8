/** The admin Worker's local D1 database: migrations, and the first token. */

import { adminConfig } from "./paths.ts";
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

/** Makes and registers a further token, such as a viewer's for a test. */
export function createToken(persistDir: string, role: Role): string {
  const token = newToken();
  registerToken(persistDir, token, role, `local ${role}`);
  return token;
}
