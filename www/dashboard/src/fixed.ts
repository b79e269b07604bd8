/** Whether a bandit pays: what it earned, beside the best of its actions alone. */

import type { BanditState, BesideFixed } from "./api-types.ts";
import { h, table } from "./dom.ts";
import { counted, difference, reward } from "./format.ts";

/** The comparison as a table, and what it says in words. */
export function besideFixed(state: BanditState, found: BesideFixed): HTMLElement {
  const { bandit, metric, rewardKind } = state;
  const { best, margin, marginInterval95 } = found;
  const alone = found.actions.find(({ action }) => action === best);
  const rows = [
    [`${bandit}, as it chose`, reward(rewardKind, found.meanReward, found.interval95)],
    [`always ${best}, estimated`, reward(rewardKind, alone?.meanReward, alone?.interval95)],
    ["Difference", difference(rewardKind, margin, marginInterval95)],
  ];
  const caption = `${bandit} beside its best action alone, over ${counted(found.decisions, "decision")}`;
  return h(
    "div",
    {},
    table(caption, ["Policy", `Mean ${metric} per decision`], rows),
    h("p", { class: "soft" }, `${verdict(found)} ${HOW}`),
  );
}

const HOW =
  "What an action would have earned is what its own model expects in the contexts that came; " +
  "the difference's interval is over whichever action is the best.";

function verdict({ best, marginInterval95: [low = 0, high = 0] }: BesideFixed): string {
  if (low > 0) return "The bandit is ahead of each of its actions alone.";
  if (high < 0) return `Always ${best} would have earned more: exploring and learning have a price.`;
  return "The bandit and its best action alone cannot be told apart yet.";
}
