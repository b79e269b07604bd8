/** Brings what the tasks need and is absent: `npm run setup`. Running it twice changes nothing. */

import { browserVersion, ensureBrowser } from "./lib/chromium.ts";
import { ensureCompiler } from "./lib/fuzz.ts";
import { main } from "./lib/progress.ts";
import { ensureSecrets } from "./lib/secrets.ts";
import { ensureTools } from "./lib/tools.ts";

await main(async () => {
  const tools = await ensureTools();
  const browser = await ensureBrowser();
  const compiler = await ensureCompiler();
  ensureSecrets();
  for (const [name, path] of Object.entries(tools)) console.log(`  ${name}: ${path}`);
  console.log(`  browser: ${browser.chromium} (${browserVersion(browser)})`);
  console.log(`  C++ compiler: ${compiler}`);
  console.log(`  driver: ${browser.chromedriver}`);
});
