/** The browser that tests drive: found, or installed from the system's packages. */

import { chosen, installPackages } from "./programs.ts";
import { capture, TaskError } from "./run.ts";

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

/**
 * The browser for tests, installed where it is absent and we may.
 *
 * @throws TaskError saying how to bring one.
 */
export async function ensureBrowser(): Promise<Browser> {
  const found = complete(findBrowser());
  if (found !== undefined) return found;
  if (await installPackages("Chromium and ChromeDriver", ["chromium", "chromium-driver"])) {
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
