/** What decisions and learning take in wasm, beside the same code natively, in one run. */

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { buildEnvironment } from "./build.ts";
import { median, type Table } from "./measure.ts";
import { targetDir } from "./paths.ts";
import { cargo, run, runKeeping, TaskError } from "./run.ts";
import { shrink } from "./shrink.ts";
import type { Tools } from "./tools.ts";

const N_ROUNDS = 5;
const BATCH_MICROS = 20_000;
const N_BATCHES = 7;

/** `bandera-timing` as wasm. */
interface Module {
  works(): string[];
  readonly Ready: new (name: string) => { repeat(repetitions: number): void };
}

/** Builds both: natively for this machine, and as Workers are built, for the V8 of Node. */
async function assemble(tools: Tools): Promise<{ native: string; module: Module }> {
  const timing = ["-q", "-p", "bandera-timing"];
  await cargo(["build", "--release", ...timing, "--bin", "bandera-timing"]);
  const wasm = ["--lib", "--crate-type=cdylib", "--profile=worker"];
  const target = ["--target", "wasm32-unknown-unknown"];
  await cargo(["rustc", ...timing, ...wasm, ...target], { env: buildEnvironment(tools) });
  const built = join(targetDir, "wasm32-unknown-unknown", "worker", "bandera_timing.wasm");
  const folder = join(targetDir, "bandera-timing");
  mkdirSync(folder, { recursive: true });
  await run(tools.wasmBindgen, ["--target", "nodejs", "--out-dir", folder, built]);
  await shrink(tools.wasmOpt, join(folder, "bandera_timing_bg.wasm"));
  const script = join(folder, "bandera_timing.js");
  if (!existsSync(script)) throw new TaskError(`wasm-bindgen made no ${script}`);
  // It is CommonJS, other than what is around it.
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "commonjs" }));
  const module = createRequire(import.meta.url)(script) as Module;
  return { native: join(targetDir, "release", "bandera-timing"), module };
}

/** Nanoseconds of processor time of one repetition: the least of some batches. */
function wasmNanoseconds(ready: { repeat(repetitions: number): void }): number {
  const time = (repetitions: number): number => {
    const before = process.threadCpuUsage().user;
    ready.repeat(repetitions);
    return process.threadCpuUsage().user - before;
  };
  let repetitions = 1;
  while (time(repetitions) < BATCH_MICROS) repetitions *= 2;
  const batches = Array.from({ length: N_BATCHES }, () => time(repetitions));
  return (Math.min(...batches) * 1_000) / repetitions;
}

async function nativeNanoseconds(native: string, name: string): Promise<number> {
  const printed = Number((await runKeeping(native, [name], { quiet: true })).trim());
  if (!(printed > 0)) throw new TaskError(`${name}: the native timing printed no number`);
  return printed;
}

/** Nanoseconds in wasm, and how many times the native ones of the same round they are. */
export async function timing(tools: Tools): Promise<readonly Table[]> {
  const { native, module } = await assemble(tools);
  const works = module.works().map((name) => ({ name, ready: new module.Ready(name) }));
  const seen = new Map(works.map(({ name }) => [name, new Array<{ wasm: number; ns: number }>()]));
  for (let round = 1; round <= N_ROUNDS; round += 1) {
    for (const { name, ready } of works) {
      const ns = await nativeNanoseconds(native, name);
      const wasm = wasmNanoseconds(ready);
      console.log(`  round ${round} of ${N_ROUNDS}, ${name}: ${ns.toFixed(0)} ns, wasm ${wasm.toFixed(0)} ns`);
      seen.get(name)?.push({ wasm, ns });
    }
  }
  const rows = [...seen].map(([name, pairs]) => ({
    name,
    value: median(pairs.map(({ wasm }) => wasm)),
    ratio: median(pairs.map(({ wasm, ns }) => wasm / ns)),
  }));
  const title = "Bandits in wasm, the optimiser too, one thread of V8";
  return [{ title, unit: "ns", relativeTo: "the same natively", rows }];
}
