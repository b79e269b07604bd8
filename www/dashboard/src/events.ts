/** What events have come to, and those that nobody could deliver. */

import type { DeadLetterCounts, EventTotals } from "./api-types.ts";
import { available, h, numberCell, numberHead, show, table } from "./dom.ts";
import { count, counted, moment } from "./format.ts";
import { shown } from "./load.ts";
import { alertOf } from "./notice.ts";
import type { EventsSeen, Session } from "./session.ts";

/** The section's element, drawn anew by `render`. */
export class EventsView {
  readonly element: HTMLElement = h("section", { "aria-labelledby": "events-title" });

  render(session: Session): void {
    const { events } = session;
    const seen = shown(events);
    show(
      this.element,
      h("h2", { id: "events-title" }, "Events"),
      events.state === "failed" ? alertOf(events.error) : undefined,
      ...(seen === undefined ? [] : [sumsOf(seen.totals), ...dead(session, seen)]),
    );
  }
}

/** A count with its name and its meaning. */
type Line = readonly [string, number, string];

function deadLines({ letters, events, replayedEvents, lostEvents }: DeadLetterCounts): Line[] {
  return [
    ["Dead", events, `waiting in ${counted(letters, "dead letter")}`],
    ["Sent again", replayedEvents, "from dead letters"],
    ["Lost", lostEvents, "in dead letters that had to make room"],
  ];
}

function sumsOf(sums: EventTotals): HTMLElement {
  const { edges, deadLetters, shards, silentShards } = sums;
  const lines: readonly Line[] = [
    ["Exposures attempted", edges.attempted, "by middleware, as far as edges have reported"],
    ["Dropped", edges.dropped, "of these, before the queue took them"],
    ["Bandits' decisions seen", sums.exposures, "first exposures, counted once"],
    ["Other flags seen", sums.flagExposures, "first exposures, counted once"],
    ["Decisions rewarded", sums.rewards, `and ${counted(sums.rewardUpdates, "later correction")}`],
    ["Duplicates", sums.duplicates, "came again and changed nothing"],
    ["Refused", edges.rejected + sums.refused, "events that were not valid, or too many"],
    ...(deadLetters ? deadLines(deadLetters) : []),
  ];
  const silent = silentShards > 0 ? `; ${counted(silentShards, "shard")} gave no answer` : "";
  const caption = `Counted by ${counted(shards - silentShards, "shard")} of the ledger${silent}`;
  const rows = lines.map(([name, n, words]) => [name, numberCell(count(n)), words]);
  return table(caption, ["What", numberHead("Events"), "Meaning"], rows);
}

function dead(session: Session, { totals, letters }: EventsSeen): readonly HTMLElement[] {
  const { deadLetters } = totals;
  if (!deadLetters) return [h("p", {}, "The keeper of dead letters gave no answer.")];
  if (deadLetters.letters === 0) return [h("p", {}, "There are no dead letters.")];
  const may = !session.busy && session.may("publisher");
  const attributes = { id: "replay", ...available(may, () => void session.replay()) };
  const caption = `Dead letters: the oldest of ${count(deadLetters.letters)}`;
  const rows = letters.map(({ id, atMs, reason, events, bytes }) => [
    String(id),
    h("td", { class: "tight" }, moment(atMs)),
    reason,
    numberCell(count(events)),
    numberCell(count(bytes)),
  ]);
  const heads = ["Letter", "Kept at", "Why", numberHead("Events"), numberHead("Bytes")];
  return [table(caption, heads, rows), h("button", attributes, "Send dead letters again")];
}
