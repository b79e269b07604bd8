/** The browser that tests drive: found, or installed from the system's packages. */

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

import { step } from "./progress.ts";
import { capture, run, TaskError } from "./run.ts";

/** A Chromium and the driver that speaks WebDriver to it. */
export interface Browser {
  readonly chromium: string;
  readonly chromedriver: string;
}

const macApplications = "/Applications";

const chromiumCandidates = [
  ...["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"],
  `${macApplications}/Chromium.app/Contents/MacOS/Chromium`,
  `${macApplications}/Google Chrome.app/Contents/MacOS/Google Chrome`,
];

const driverCandidates = ["chromedriver", "/usr/lib/chromium/chromedriver"];

/**
 * Arguments for every headless start: no look at the network, no sandbox (which root and most
 * containers cannot have), no first-run pages.
 */
export const chromiumArguments: readonly string[] = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The first candidate that exists: a path as it is, a bare name on PATH. */
function locate(candidates: readonly string[]): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return candidates
    .flatMap((name) => (name.includes("/") ? [name] : folders.map((folder) => join(folder, name))))
    .find(executable);
}

/** A program named by a variable, which must then exist, else found among the candidates. */
function chosen(variable: string, candidates: readonly string[]): string | undefined {
  const named = process.env[variable];
  if (named === undefined || named === "") return locate(candidates);
  if (executable(named)) return named;
  throw new TaskError(`${variable}=${named} names no executable`);
}

/** The browser on this machine, without installing anything. */
export function findBrowser(): Partial<Browser> {
  const chromium = chosen("BANDERA_CHROMIUM", chromiumCandidates);
  const chromedriver = chosen("CHROMEDRIVER", driverCandidates);
  return {
    ...(chromium === undefined ? {} : { chromium }),
    ...(chromedriver === undefined ? {} : { chromedriver }),
  };
}

function complete(found: Partial<Browser>): Browser | undefined {
  const { chromium, chromedriver } = found;
  return chromium === undefined || chromedriver === undefined
    ? undefined
    : { chromium, chromedriver };
}

/** Installs Debian's packages; false where the system has none or we may not. */
async function installPackages(): Promise<boolean> {
  const mayInstall = process.getuid?.() === 0 && locate(["apt-get"]) !== undefined;
  if (!mayInstall) return false;
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await step("Chromium and ChromeDriver (apt-get; a minute or two, once)", async () => {
    const packages = ["chromium", "chromium-driver"];
    const options = ["-y", "-q", "--no-install-recommends"];
    // An image's package lists are often absent or old, so they are always brought up to date.
    await run("apt-get", ["update", "-q"], { env });
    await run("apt-get", ["install", ...options, ...packages], { env });
  });
  return true;
}

/**
 * The browser for tests, installed where it is absent and we may.
 *
 * @throws TaskError saying how to bring one.
 */
export async function ensureBrowser(): Promise<Browser> {
  const found = complete(findBrowser());
  if (found !== undefined) return found;
  if (await installPackages()) {
    const installed = complete(findBrowser());
    if (installed !== undefined) return installed;
  }
  const { chromium } = findBrowser();
  const missing = chromium === undefined ? "Chromium or Chrome" : "ChromeDriver";
  throw new TaskError(
    `${missing} was not found. Install it (Debian: apt-get install chromium chromium-driver; ` +
      "macOS: brew install --cask chromium chromedriver), or name the programs in " +
      "BANDERA_CHROMIUM and CHROMEDRIVER",
  );
}

/** The browser's version line, for the log. */
export function browserVersion(browser: Browser): string {
  return capture(browser.chromium, ["--version"]).stdout.trim();
}
