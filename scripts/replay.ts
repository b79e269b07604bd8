/**
 * `npm run replay -- --folder DIR`: a policy over every dataset of a folder, by name, beside what
 * reference programs reach. The folder is searched for `<dataset>.s<number>.jsonl.gz` (rounds whose
 * every reward is known), `scores.md` (what others reach) and `regret.<instance>.json` (coins).
 *
 *   npm run replay -- --folder DIR
 *   npm run replay -- --folder DIR --policy linucb.json --only iris,wine --files 0,1,2 --seed 0,1
 *   npm run replay -- --folder DIR --seed 0,1 --check
 */

import { globSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { parseArgs } from "node:util";

import { build } from "./lib/build.ts";
import { cliRelease } from "./lib/paths.ts";
import { main } from "./lib/progress.ts";
import {
  type Coins,
  coinsTable,
  contextTable,
  excesses,
  type Replayed,
  rowsOf,
  tunedScores,
} from "./lib/reference.ts";
import { runKeeping, TaskError } from "./lib/run.ts";
import { ensureTools } from "./lib/tools.ts";

const options = {
  folder: { type: "string" },
  policy: { type: "string", default: "default" },
  /** Datasets and instances; all when absent. */
  only: { type: "string" },
  /** Numbers of the files of a dataset: those that the scores are means of. */
  files: { type: "string", default: "0,1" },
  /** Seeds of the choices. */
  seed: { type: "string", default: "0" },
  /** Runs of each instance of coins. */
  runs: { type: "string", default: "200" },
  /** Fail where the policy gives away more than the default may; without coins. */
  check: { type: "boolean", default: false },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];

/** A round's file: which dataset, and its number. */
const ROUNDS = /^(.+)\.s(\d+)\.jsonl\.gz$/;

function read(args: readonly string[]): Values & { readonly folder: string } {
  try {
    const { values } = parseArgs({ args: [...args], options });
    if (values.folder === undefined) throw new TaskError("--folder DIR is needed");
    return { ...values, folder: resolve(process.env["INIT_CWD"] ?? ".", values.folder) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TaskError(`${why}\n  npm run replay -- --folder DIR [--policy FILE] [--only a,b]`);
  }
}

function found(folder: string, pattern: string): string[] {
  return globSync(`${folder}/**/${pattern}`).toSorted();
}

/** Runs the command and reads a JSON document a line. */
async function replayed<T>(args: readonly string[]): Promise<readonly T[]> {
  const output = await runKeeping(cliRelease, ["replay", ...args, "--json"], { quiet: true });
  return output.trim().split("\n").map((line) => JSON.parse(line) as T);
}

/** What the reference programs' file of an instance says. */
interface Reference {
  readonly instance: string;
  readonly mu: readonly number[];
  readonly algorithm: string;
  readonly horizon: number;
  readonly at: Readonly<Record<string, { readonly mean: number }>>;
}

async function coins(file: string, { policy, seed, runs }: Values): Promise<Coins> {
  const references = JSON.parse(readFileSync(file, "utf8")) as readonly Reference[];
  const [first] = references;
  if (first === undefined) throw new TaskError(`${file} says nothing`);
  const { instance, mu, horizon } = first;
  const played = ["--bernoulli", mu.join(","), "--rounds", String(horizon), "--runs", runs];
  const [firstSeed = "0"] = seed.split(",");
  type Played = { regret: number; standard_error: number; micros_per_round: number };
  const [one] = await replayed<Played>(["--policy", policy, ...played, "--seed", firstSeed]);
  if (one === undefined) throw new TaskError(`${instance} was not played`);
  const others = references.map(({ algorithm, at }): [string, number] => {
    return [algorithm, at[String(horizon)]?.mean ?? Number.NaN];
  });
  return {
    instance,
    means: mu,
    rounds: horizon,
    regret: one.regret,
    standardError: one.standard_error,
    micros: one.micros_per_round,
    others: new Map(others),
  };
}

await main(async () => {
  const values = read(process.argv.slice(2));
  const only = values.only?.split(",");
  const isWanted = (name: string): boolean => only === undefined || only.includes(name);
  const numbers = values.files.split(",");
  const logs = found(values.folder, "*.jsonl.gz").filter((file) => {
    const [, dataset = "", number = ""] = ROUNDS.exec(basename(file)) ?? [];
    return dataset !== "" && isWanted(dataset) && numbers.includes(number);
  });
  const instances = found(values.folder, "regret.*.json").filter((file) =>
    isWanted(basename(file).slice("regret.".length, -".json".length)),
  );
  if (logs.length + instances.length === 0) {
    throw new TaskError(`${values.folder} holds no dataset that is wanted`);
  }
  await build(["cli"], await ensureTools());
  if (logs.length > 0) {
    const [scores] = found(values.folder, "scores.md");
    const tuned = scores === undefined ? new Map() : tunedScores(readFileSync(scores, "utf8"));
    const args = ["--policy", values.policy, "--seed", values.seed, "--log", ...logs];
    const rows = rowsOf(await replayed<Replayed>(args), tuned);
    console.log(`\n${contextTable(rows)}`);
    const faults = values.check ? excesses(rows) : [];
    if (faults.length > 0) throw new TaskError(`too much is given away\n  ${faults.join("\n  ")}`);
  }
  // A policy of a file looks at contexts.
  if (instances.length > 0 && !values.check && !values.policy.endsWith(".json")) {
    const played: Coins[] = [];
    for (const file of instances) played.push(await coins(file, values));
    console.log(`\n${coinsTable(played)}`);
  }
});
