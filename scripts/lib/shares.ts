/** Whether an engine answers the workload of the benchmarks as it should, before it is timed. */

import { TaskError } from "./run.ts";

/** How many flags each engine has and evaluates. */
export const N_FLAGS = 100;

/** How many contexts there are. */
export const N_CONTEXTS = 64;

/** How far a share of several thousand draws may lie from what it should be; see `tests/peers`. */
const TOLERANCE = 0.07;

/** Shares of the answers, for each kind of flag. */
const expected: ReadonlyMap<string, number> = new Map([
  ["rollout on", 0.5],
  ["rollout off", 0.5],
  ["disabled off", 1],
  ["rules first", 0.2],
  ["rules second", 0.3],
  ["rules third", 0.5],
]);

function kindOf(flag: number): string {
  if (flag % 2 === 0) return "rollout";
  return flag % 10 === 9 ? "disabled" : "rules";
}

/**
 * Reads the answers of an engine: for each context a list of texts, one for each flag by key.
 *
 * @throws TaskError unless each kind of flag has the shares of answers that it should.
 */
export function requireShares(name: string, answers: readonly unknown[]): void {
  const seen = new Map<string, number>();
  const totals = new Map<string, number>();
  const count = (counts: Map<string, number>, what: string): void => {
    counts.set(what, (counts.get(what) ?? 0) + 1);
  };
  for (const list of answers) {
    if (!Array.isArray(list) || list.length !== N_FLAGS) {
      throw new TaskError(`${name} does not answer for ${N_FLAGS} flags`);
    }
    list.forEach((answer: unknown, flag) => {
      count(seen, `${kindOf(flag)} ${String(answer)}`);
      count(totals, kindOf(flag));
    });
  }
  const shareOf = (what: string): number => {
    return (seen.get(what) ?? 0) / (totals.get(what.split(" ")[0] ?? "") ?? Number.NaN);
  };
  const isFar = ([what, share]: readonly [string, number]): boolean => {
    return !(Math.abs(shareOf(what) - share) <= TOLERANCE);
  };
  const alien = [...seen.keys()].find((what) => !expected.has(what));
  const far = [...expected].find(isFar);
  if (alien !== undefined) throw new TaskError(`${name} answers "${alien}"`);
  if (far !== undefined) {
    throw new TaskError(`${name} gives "${far[0]}" to ${shareOf(far[0])} and not to ${far[1]}`);
  }
}
