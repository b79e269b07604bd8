/** Programs of the system: found on PATH, or installed from the system's packages. */

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

import { step } from "./progress.ts";
import { run, TaskError } from "./run.ts";

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The first candidate that exists: a path as it is, a bare name on PATH. */
export function locate(candidates: readonly string[]): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return candidates
    .flatMap((name) => (name.includes("/") ? [name] : folders.map((folder) => join(folder, name))))
    .find(executable);
}

/**
 * A program named by a variable, which must then exist, else found among the candidates.
 *
 * @throws TaskError when the variable names nothing that can be run.
 */
export function chosen(variable: string, candidates: readonly string[]): string | undefined {
  const named = process.env[variable];
  if (named === undefined || named === "") return locate(candidates);
  const found = locate([named]);
  if (found !== undefined) return found;
  throw new TaskError(`${variable}=${named} names no executable`);
}

/** Installs Debian's packages; false where the system has none or we may not. */
export async function installPackages(
  what: string,
  packages: readonly string[],
): Promise<boolean> {
  const mayInstall = process.getuid?.() === 0 && locate(["apt-get"]) !== undefined;
  if (!mayInstall) return false;
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await step(`${what} (apt-get; a minute or two, once)`, async () => {
    const options = ["-y", "-q", "--no-install-recommends"];
    // An image's package lists are often absent or old, so they are always brought up to date.
    await run("apt-get", ["update", "-q"], { env });
    await run("apt-get", ["install", ...options, ...packages], { env });
  });
  return true;
}
