/** Replays of a folder of reference data by the names of its datasets, beside what others reach. */

/** What a replay came to, as `bandera replay --json` says it. */
export interface Replayed {
  readonly dataset: string;
  readonly rounds: number;
  readonly mean_reward: number;
  readonly progressive_loss: number;
  /** Absent where the true means are not known: then the loss is what is compared. */
  readonly regret?: number;
  readonly micros_per_round: number;
}

/** A dataset: means over all of its replays. */
export interface Row {
  readonly dataset: string;
  readonly replays: number;
  readonly rounds: number;
  readonly meanReward: number;
  readonly loss: number;
  readonly regret: number;
  /** What tuned Vowpal Wabbit reaches, where the folder says so. */
  readonly tuned: number | undefined;
  /** Time of a decision and of learning from it. */
  readonly micros: number;
}

/** The dataset without anything to learn: its ratio says nothing, so no mean takes it in. */
const WITHOUT_SIGNAL = "nosignal";

/** Regret per round that tuned Vowpal Wabbit reaches, by dataset, from a table in Markdown. */
export function tunedScores(markdown: string): ReadonlyMap<string, number> {
  const lines = markdown.split("\n").filter((line) => line.startsWith("|"));
  const rows = lines.map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  const [heads = [], , ...body] = rows;
  const [name, tuned] = [heads.indexOf("dataset"), heads.indexOf("VW tuned")];
  if (name < 0 || tuned < 0) throw new Error(`no columns "dataset" and "VW tuned"`);
  return new Map(body.map((cells) => [cells[name] ?? "", Number(cells[tuned])]));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** One row for each dataset, in the order of their names. */
export function rowsOf(
  replays: readonly Replayed[],
  tuned: ReadonlyMap<string, number>,
): readonly Row[] {
  const names = [...new Set(replays.map(({ dataset }) => dataset))].toSorted();
  return names.map((dataset) => {
    const of = replays.filter((one) => one.dataset === dataset);
    return {
      dataset,
      replays: of.length,
      rounds: mean(of.map(({ rounds }) => rounds)),
      meanReward: mean(of.map(({ mean_reward }) => mean_reward)),
      loss: mean(of.map(({ progressive_loss }) => progressive_loss)),
      regret: mean(of.map(({ regret, progressive_loss }) => regret ?? progressive_loss)),
      tuned: tuned.get(dataset),
      micros: mean(of.map(({ micros_per_round }) => micros_per_round)),
    };
  });
}

/** Regret as a multiple of tuned Vowpal Wabbit's. */
export function ratioOf({ regret, tuned }: Row): number | undefined {
  return tuned === undefined ? undefined : regret / tuned;
}

/** The geometric mean of the ratios; `undefined` where there is none. */
export function meanRatio(rows: readonly Row[]): number | undefined {
  const judged = rows.filter(({ dataset }) => dataset !== WITHOUT_SIGNAL);
  const logs = judged.flatMap((row) => {
    const ratio = ratioOf(row);
    return ratio === undefined ? [] : [Math.log(ratio)];
  });
  return logs.length === 0 ? undefined : Math.exp(mean(logs));
}

/** Most regret of the default as a multiple of tuned Vowpal Wabbit's: of a dataset, and on average. */
const RATIO_MAX = { each: 1.15, mean: 0.85 } as const;

/** Most regret per round of the default where a ratio says little. */
const REGRET_MAX: ReadonlyMap<string, number> = new Map([
  [WITHOUT_SIGNAL, 0.012],
  ["digits", 0.15],
  ["breast_cancer_raw", 0.06],
  ["edge_cat", 0.011],
  ["drift", 0.046],
]);

/** What the default gives away too much of, a line each; none where all is well. */
export function excesses(rows: readonly Row[]): readonly string[] {
  const check = (what: string, found: number | undefined, most: number): readonly string[] => {
    if (found !== undefined && found <= most) return [];
    return [`${what}: ${found?.toFixed(4) ?? "unknown"}, at most ${most}`];
  };
  const judged = rows.filter(({ dataset }) => dataset !== WITHOUT_SIGNAL);
  const ratio = (row: Row): readonly string[] =>
    check(`${row.dataset}, ratio`, ratioOf(row), RATIO_MAX.each);
  const regret = ([dataset, most]: readonly [string, number]): readonly string[] =>
    check(`${dataset}, regret`, rows.find((row) => row.dataset === dataset)?.regret, most);
  const mean = check("geometric mean of the ratios", meanRatio(rows), RATIO_MAX.mean);
  return [...judged.flatMap(ratio), ...[...REGRET_MAX].flatMap(regret), ...mean];
}

/** A policy without contexts on one instance: regret after the last round. */
export interface Coins {
  readonly instance: string;
  readonly means: readonly number[];
  readonly rounds: number;
  readonly regret: number;
  readonly standardError: number;
  readonly micros: number;
  /** What the reference programs reach, by their names. */
  readonly others: ReadonlyMap<string, number>;
}

/** The rules that the default is compared with. */
const RIVALS = ["thompson_jeffreys", "thompson_beta_1_1", "kl_ucb_plus", "imed"] as const;

/** A table in Markdown. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = heads.map((_, place) => (place === 0 ? "---" : "---:"));
  return [heads, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The datasets as a table, and the mean ratio below it. */
export function contextTable(rows: readonly Row[]): string {
  const heads = [
    ...["dataset", "replays", "rounds", "mean reward", "progressive loss", "regret per round"],
    ...["tuned VW", "ratio", "µs per decision and update"],
  ];
  const known = (value: number | undefined, digits: number): string => value?.toFixed(digits) ?? "-";
  const cells = rows.map((row) => [
    ...[row.dataset, String(row.replays), row.rounds.toFixed(0), row.meanReward.toFixed(4)],
    ...[row.loss.toFixed(4), row.regret.toFixed(4), known(row.tuned, 4), known(ratioOf(row), 3)],
    row.micros.toFixed(1),
  ]);
  const whole = known(meanRatio(rows), 3);
  return `${table(heads, cells)}\n\nGeometric mean of the ratios without ${WITHOUT_SIGNAL}: ${whole}`;
}

/** The instances without contexts as a table. */
export function coinsTable(played: readonly Coins[]): string {
  const heads = ["instance", "rounds", "regret", "± s.e.", ...RIVALS, "µs per round"];
  const rows = played.map(({ instance, rounds, regret, standardError, others, micros }) => [
    ...[instance, String(rounds), regret.toFixed(2), standardError.toFixed(2)],
    ...RIVALS.map((name) => others.get(name)?.toFixed(2) ?? "-"),
    micros.toFixed(2),
  ]);
  return table(heads, rows);
}
