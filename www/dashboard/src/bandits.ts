/** Where the bandits send traffic now, and why. */

import type { ArmState, BanditState } from "./api-types.ts";
import { ContextsView } from "./contexts.ts";
import { h, numberCell, numberHead, show, table } from "./dom.ts";
import { besideFixed } from "./fixed.ts";
import { count, counted, moment, percent, reward } from "./format.ts";
import { shown } from "./load.ts";
import { alertOf } from "./notice.ts";
import type { BanditLoad, Session } from "./session.ts";

/** The section's element, drawn anew by `render`. */
export class BanditsView {
  readonly element: HTMLElement = h("section", { "aria-labelledby": "bandits-title" });

  readonly #contexts = new ContextsView(() => {
    if (this.#session !== undefined) this.render(this.#session);
  });
  #session: Session | undefined;

  render(session: Session): void {
    this.#session = session;
    const { bandits } = session;
    const list = shown(bandits);
    show(
      this.element,
      h("h2", { id: "bandits-title" }, "Bandits, live"),
      bandits.state === "failed" ? alertOf(bandits.error) : undefined,
      list?.length === 0 ? h("p", {}, "There are no bandits in this environment.") : undefined,
      ...(list ?? []).flatMap((one) => this.#parts(session, one)),
    );
  }

  #parts(session: Session, { key, state, contexts }: BanditLoad): readonly HTMLElement[] {
    const parts = [typeof state === "string" ? alertOf(`${key}: ${state}`) : allocation(state)];
    const found = typeof state === "string" ? undefined : state.besideFixed;
    if (typeof state !== "string" && found) parts.push(besideFixed(state, found));
    if (typeof contexts === "string") parts.push(alertOf(`${key}: ${contexts}`));
    else if (contexts !== undefined) parts.push(this.#contexts.element(session, contexts));
    return parts;
  }
}

function allocation(state: BanditState): HTMLElement {
  const mean = `Mean ${state.metric} per decision`;
  const counts = ["Decisions", "Rewarded"].map(numberHead);
  const heads = ["Action", "Share of traffic", ...counts, mean, numberHead("Best, probably")];
  const rows = state.arms.map((arm) => row(state, arm));
  return table(captionOf(state), heads, rows);
}

function captionOf({ bandit, policy, revision, snapshotAtMs, shards }: BanditState): string {
  const from = counted(shards, "shard");
  if (revision === undefined || revision === null) {
    return `${bandit} (${policy}): no policy yet, traffic is split evenly (heard from ${from})`;
  }
  const at = typeof snapshotAtMs === "number" ? ` of ${moment(snapshotAtMs)}` : "";
  return `${bandit} (${policy}): policy revision ${revision}${at}, learned from ${from}`;
}

function row(state: BanditState, arm: ArmState): readonly (Node | string)[] {
  const share = h("td", {});
  const bar = { min: "0", max: "1", value: String(arm.share), "aria-hidden": "true" };
  share.append(h("meter", bar), ` ${percent(arm.share)}`);
  const best = arm.probabilityBest;
  return [
    arm.action,
    share,
    numberCell(count(arm.decisions)),
    numberCell(count(arm.rewarded)),
    reward(state.rewardKind, arm.meanReward, arm.interval95),
    numberCell(best === undefined || best === null ? "unknown" : percent(best)),
  ];
}
