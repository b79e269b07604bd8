/**
 * `npm run fuzz`: every fuzz target for a while. `npm run fuzz -- 60 receipt` gives one a minute;
 * inputs that reach new code stay in `fuzz/corpus` for the next time.
 */

import { ensureCompiler, fuzz } from "./lib/fuzz.ts";
import { main } from "./lib/progress.ts";

const secondsDefault = 20;

await main(async () => {
  const args = process.argv.slice(2);
  const seconds = args.find((argument) => /^[1-9]\d*$/.test(argument));
  const targets = args.filter((argument) => argument !== seconds);
  await fuzz(await ensureCompiler(), {
    secondsMax: Number(seconds ?? secondsDefault),
    keeps: true,
    ...(targets.length === 0 ? {} : { targets }),
  });
});
