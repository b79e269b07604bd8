/** The edge Worker itself on `workerd serve`, deciding for a contextual bandit in each request. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { build } from "./build.ts";
import { benchWorker } from "./contestants.ts";
import { fetchInTime } from "./http.ts";
import { type Load, loadGenerator, median, putUnderLoad, type Table } from "./measure.ts";
import { TaskError } from "./run.ts";
import { publishedForEdge, serveEdge } from "./served-edge.ts";
import type { Tools } from "./tools.ts";
import { Workerd } from "./workerd.ts";

const N_ROUNDS = 7;
const ROUND_SECONDS = 2;
const N_CONNECTIONS = 16;
const MICROS = 1e6;

/** What is asked, and of whom. */
interface Question {
  readonly name: string;
  readonly worker: Workerd;
  readonly path: string;
}

/** What one round of load came to. */
interface Round {
  readonly p50: number;
  readonly p99: number;
  /** Processor time of workerd, in microseconds a request. */
  readonly micros: number;
}

async function serveEmpty(tools: Tools): Promise<Workerd> {
  const folder = await benchWorker(tools, "empty", []);
  const modules = new Map([["index.js", "index.js"], ["index_bg.wasm", "index_bg.wasm"]]);
  return Workerd.start({ name: "empty Worker of the `worker` crate", modules }, folder);
}

/** Fails unless the bandit's flag is decided with a propensity and a receipt. */
async function requireDecision({ worker, path }: Question, bodyFile: string): Promise<void> {
  const body = readFileSync(bodyFile, "utf8");
  const headers = { "content-type": "application/json" };
  const url = `http://127.0.0.1:${worker.port}${path}`;
  const reply = await fetchInTime(url, { method: "POST", headers, body });
  const text = await reply.text();
  for (const part of ['"propensity"', '"receipt"', '"action-']) {
    if (!text.includes(part)) throw new TaskError(`the edge decided nothing: ${text}`);
  }
}

async function round(generator: string, worker: Workerd, load: Load): Promise<Round> {
  const before = worker.processorSeconds();
  const { requests, p50Micros, p99Micros } = await putUnderLoad(generator, load);
  const micros = ((worker.processorSeconds() - before) * MICROS) / requests;
  return { p50: p50Micros, p99: p99Micros, micros };
}

/** Latency and processor time of a request that decides, beside an empty Worker's. */
export async function decisions(tools: Tools): Promise<readonly Table[]> {
  await build(["edge"], tools);
  const generator = await loadGenerator();
  const published = await publishedForEdge();
  const bodyFile = join(published, "request.json");
  const running: Workerd[] = [];
  try {
    const empty = await serveEmpty(tools);
    running.push(empty);
    const { worker: edge } = await serveEdge(tools, published, "decides");
    running.push(edge);
    const flags = "/ofrep/v1/evaluate/flags";
    const learned = { name: "edge, a bandit's decision", worker: edge, path: `${flags}/learned` };
    const questions: Question[] = [
      { name: empty.name, worker: empty, path: "/" },
      { name: "edge, a rollout", worker: edge, path: `${flags}/plain` },
      learned,
    ];
    await requireDecision(learned, bodyFile);
    const rounds = new Map(questions.map((question) => [question, new Array<Round>()]));
    for (let number = 0; number <= N_ROUNDS; number += 1) {
      for (const [{ name, worker, path }, seen] of rounds) {
        const size = { connections: N_CONNECTIONS, seconds: ROUND_SECONDS };
        const found = await round(generator, worker, { port: worker.port, path, bodyFile, ...size });
        const figures = `p50 ${found.p50} us, p99 ${found.p99} us, ${found.micros.toFixed(1)} us`;
        console.log(`  round ${number} of ${N_ROUNDS}, ${name}: ${figures} of processor time`);
        // The first one warms up.
        if (number > 0) seen.push(found);
      }
    }
    return tables(rounds);
  } finally {
    await Promise.all(running.map((worker) => worker.stop()));
  }
}

/** Each round is compared with the empty Worker's of the same round; the median of those counts. */
function tables(rounds: ReadonlyMap<Question, readonly Round[]>): readonly Table[] {
  const floor = [...rounds.values()][0] ?? [];
  const table = (title: string, unit: string, of: (round: Round) => number): Table => ({
    title,
    unit,
    relation: "difference",
    relativeTo: "the empty Worker",
    rows: [...rounds].map(([{ name }, seen]) => ({
      name,
      value: median(seen.map(of)),
      ratio: median(seen.flatMap((one, place) => {
        const other = floor[place];
        return other === undefined ? [] : [of(one) - of(other)];
      })),
    })),
  });
  const what = `of 10 actions and 30 features, ${N_CONNECTIONS} connections`;
  return [
    table(`A decision ${what}: latency, p50`, "us", ({ p50 }) => p50),
    table("Latency of the same, p99", "us", ({ p99 }) => p99),
    table("Processor time of workerd for the same", "us/request", ({ micros }) => micros),
  ];
}
