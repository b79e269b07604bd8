/** A real Chromium with a profile of its own, driven through playwright-core. */

import { chromium } from "playwright-core";
import type { BrowserContext, Page } from "playwright-core";

// For its declaration of the global `bandera` alone.
import type {} from "../../../www/browser/ts/main.ts";
import { chromiumArguments, ensureBrowser } from "../../../scripts/lib/chromium.ts";
import { removeScratch, scratchDir } from "../../../scripts/lib/owned.ts";

/** A person's browser: it can be closed and opened again, and its profile stays. */
export class PersonalBrowser {
  readonly #profile = scratchDir("profile");
  #context: BrowserContext | undefined;

  /** Opens the browser on its profile, with one blank page. */
  async open(): Promise<Page> {
    const { chromium: executablePath } = await ensureBrowser();
    const context = await chromium.launchPersistentContext(this.#profile, {
      executablePath,
      args: [...chromiumArguments],
    });
    this.#context = context;
    return context.pages()[0] ?? (await context.newPage());
  }

  get context(): BrowserContext {
    if (this.#context === undefined) throw new Error("the browser is not open");
    return this.#context;
  }

  /** Closes the browser; what it wrote to its profile stays. */
  async close(): Promise<void> {
    await this.#context?.close();
    this.#context = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    removeScratch(this.#profile);
  }
}

/** Errors that a page reports: exceptions, failed resources, violations of its policy. */
export function complaintsOf(page: Page): readonly string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  return complaints;
}

/** The variants that the shop's own server was told, as the page shows them. */
export async function seenByShop(page: Page): Promise<string> {
  return (await page.locator("#seen-variants").textContent()) ?? "";
}
