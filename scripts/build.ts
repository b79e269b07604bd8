/** Builds everything, or what is named: `npm run build -- edge admin`. */

import { artefactNames, type ArtefactName, build } from "./lib/build.ts";
import { main } from "./lib/progress.ts";
import { TaskError } from "./lib/run.ts";
import { ensureTools } from "./lib/tools.ts";

function parse(argument: string): ArtefactName {
  const found = artefactNames.find((name) => name === argument);
  if (found !== undefined) return found;
  throw new TaskError(`"${argument}" is none of ${artefactNames.join(", ")}`);
}

await main(async () => {
  const named = process.argv.slice(2).map(parse);
  await build(named.length === 0 ? artefactNames : named, await ensureTools());
});
