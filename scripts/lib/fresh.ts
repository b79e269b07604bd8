/** Knows whether an output is older than what it is made from, by content and not by time. */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { root, targetDir } from "./paths.ts";
import { capture, TaskError } from "./run.ts";

/** One thing that is built. */
export interface Artefact {
  /** Its name, for progress lines and for its stamp. */
  readonly name: string;
  /** Folders and files that it is made from, relative to the root. */
  readonly inputs: readonly string[];
  /** What else decides how it comes out. */
  readonly madeWith?: () => string;
  /** A file that exists when it was built. */
  readonly output: string;
}

/** Hash over this checkout's place and every input that git tracks or would track. */
export function fingerprint(inputs: readonly string[]): string {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ...inputs];
  const listed = capture("git", args);
  if (!listed.ok) throw new TaskError(`git ls-files: ${listed.stderr.trim()}`);
  // Two checkouts may share a target folder, and their outputs lie in each one's own.
  const hash = createHash("sha256").update(root).update("\0");
  for (const file of listed.stdout.split("\0").filter((name) => name !== "").sort()) {
    const path = join(root, file);
    if (!existsSync(path) || !statSync(path).isFile()) continue;
    hash.update(file).update("\0").update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}

function stampFile(artefact: Artefact): string {
  return join(targetDir, "bandera-stamps", artefact.name.replaceAll(/\W+/g, "-"));
}

/** Builds the artefact unless it was built from exactly these inputs. False: it was fresh. */
export async function refresh(artefact: Artefact, build: () => Promise<void>): Promise<boolean> {
  const before = [fingerprint(artefact.inputs), artefact.madeWith?.() ?? []].flat().join(" ");
  const stamp = stampFile(artefact);
  const known = existsSync(stamp) ? readFileSync(stamp, "utf8") : "";
  if (known === before && existsSync(artefact.output)) return false;
  await build();
  if (!existsSync(artefact.output)) {
    throw new TaskError(`building ${artefact.name} made no ${artefact.output}`);
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, before);
  return true;
}
