import assert from "node:assert/strict";
import { test } from "node:test";

import { coinsTable, contextTable, excesses, meanRatio, rowsOf, tunedScores } from "./reference.ts";

const SCORES = `Some words.

| dataset | VW tuned | configuration |
|---|---|---|
| iris | 0.1200 | --cover 4 |
| nosignal | 0.0010 | -l 1 |
| wine | 0.0900 | -l 2 |

More words.`;

const replay = (dataset: string, loss: number, more: object = {}) => ({
  dataset,
  rounds: 150,
  mean_reward: 1 - loss,
  progressive_loss: loss,
  micros_per_round: 40,
  ...more,
});

test("scores are read from the table's own columns", () => {
  const scores = tunedScores(SCORES);
  assert.deepEqual([...scores], [["iris", 0.12], ["nosignal", 0.001], ["wine", 0.09]]);
  assert.throws(() => tunedScores("| a | b |\n|---|---|\n| 1 | 2 |"), /VW tuned/);
});

test("a dataset is the mean of its replays, by regret where that is known", () => {
  const replays = [
    replay("wine", 0.1),
    replay("iris", 0.05, { regret: 0.06, micros_per_round: 20 }),
    replay("iris", 0.07, { regret: 0.18 }),
    replay("nosignal", 0.5, { regret: 0.004 }),
    replay("new", 0.3),
  ];
  const rows = rowsOf(replays, tunedScores(SCORES));
  assert.deepEqual(rows.map(({ dataset }) => dataset), ["iris", "new", "nosignal", "wine"]);
  const [iris] = rows;
  assert.ok(iris !== undefined && Math.abs(iris.loss - 0.06) < 1e-12 && iris.micros === 30);
  // 0.12 / 0.12 and 0.1 / 0.09: neither what has no signal nor what nobody has scored.
  assert.ok(Math.abs((meanRatio(rows) ?? 0) - Math.sqrt(0.1 / 0.09)) < 1e-12);
  assert.equal(meanRatio(rows.slice(1, 3)), undefined);
  const lines = contextTable(rows).split("\n");
  const cells = ["iris", "2", "150", "0.9400", "0.0600", "0.1200", "0.1200", "1.000", "30.0"];
  assert.equal(lines[2], `| ${cells.join(" | ")} |`);
  assert.match(lines[3] ?? "", /^\| new .* \| - \| - \| 40\.0 \|$/);
  assert.match(lines.at(-1) ?? "", /: 1\.054$/);
});

test("what gives away too much is named, and so is what was not played", () => {
  const scores = tunedScores(SCORES.replace("| nosignal", "| digits | 0.2 | -l 3 |\n| nosignal"));
  const names = ["digits", "nosignal", "breast_cancer_raw", "edge_cat", "drift"];
  const known = new Map([...scores, ...names.map((name): [string, number] => [name, 0.2])]);
  const rows = (iris: number, digits: number): ReturnType<typeof rowsOf> => {
    const replays = [replay("iris", iris), replay("digits", digits), replay("nosignal", 0.012)];
    const others = [replay("breast_cancer_raw", 0.06), replay("edge_cat", 0.011)];
    return rowsOf([...replays, ...others, replay("drift", 0.046)], known);
  };
  assert.deepEqual(excesses(rows(0.1379, 0.15)), []);
  assert.deepEqual(excesses(rows(0.1381, 0.1501)), [
    "iris, ratio: 1.1508, at most 1.15",
    "digits, regret: 0.1501, at most 0.15",
  ]);
  const [unplayed] = excesses(rows(0.1, 0.1).filter(({ dataset }) => dataset !== "drift"));
  assert.equal(unplayed, "drift, regret: unknown, at most 0.046");
  const all = ["iris", "digits"].map((dataset) => replay(dataset, dataset === "iris" ? 0.11 : 0.18));
  assert.ok(excesses(rowsOf(all, known)).some((line) => line.startsWith("geometric mean")));
});

test("coins stand beside the rules that others have played", () => {
  const others = new Map([["imed", 10.256]]);
  const coins = { instance: "two", means: [0.5, 0.4], rounds: 100, regret: 9.5, standardError: 0.25 };
  const lines = coinsTable([{ ...coins, micros: 0.5, others }]).split("\n");
  assert.equal(lines[2], "| two | 100 | 9.50 | 0.25 | - | - | - | 10.26 | 0.50 |");
});
