/**
 * Names functions of a built wasm: `npm run where -- edge 123 456` for a stack of the runtime that
 * says `wasm-function[123]` and `wasm-function[456]`. The build must be that of the same sources.
 */

import { existsSync, readFileSync } from "node:fs";

import { functionsFile, type WasmName, wasmNames } from "./lib/build.ts";
import { main } from "./lib/progress.ts";
import { TaskError } from "./lib/run.ts";

function parse(argument: string | undefined): WasmName {
  const found = wasmNames.find((name) => name === argument);
  if (found !== undefined) return found;
  throw new TaskError(`"${argument ?? ""}" is none of ${wasmNames.join(", ")}`);
}

await main(async () => {
  const [name, ...numbers] = process.argv.slice(2);
  const file = functionsFile(parse(name));
  if (!existsSync(file)) throw new TaskError(`there is no ${file}: npm run build, then try again`);
  const lines = readFileSync(file, "utf8").split("\n");
  for (const number of numbers) {
    const line = lines.find((each) => each.startsWith(`${number} `));
    console.log(line ?? `${number} is no function of that wasm`);
  }
});
