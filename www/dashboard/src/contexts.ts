/** What a contextual bandit does in one context, beside what it does on the whole. */

import type { ArmInContext, BanditContexts, ContextInput, ContextView } from "./api-types.ts";
import { h, numberCell, numberHead, table } from "./dom.ts";
import { count, counted, percent, reward } from "./format.ts";
import type { Session } from "./session.ts";

/** The choice of a context that was typed in. */
const ENTERED = "entered";

/** Which context of each bandit is looked at; it outlives drawing anew. */
export class ContextsView {
  readonly #chosen = new Map<string, string>();
  readonly #typed = new Map<string, string>();
  /** Draws the section anew. */
  readonly #redraw: () => void;

  constructor(redraw: () => void) {
    this.#redraw = redraw;
  }

  /** The choice of a context and the table of it; nothing before anything was learned. */
  element(session: Session, contexts: BanditContexts): HTMLElement {
    const { bandit, overall, segments, entered } = contexts;
    const chosen = this.#chosen.get(bandit) ?? "";
    const at = segments.findIndex(({ name }) => name === chosen);
    const fallback = chosen === ENTERED ? entered : segments[at];
    const looked = fallback ?? segments[0] ?? entered;
    return h(
      "div",
      { class: "context" },
      this.#picker(contexts, looked),
      this.#entry(session, contexts),
      looked === undefined || looked === null
        ? h("p", { class: "soft" }, "No context has been decided for yet.")
        : comparison(contexts, looked, overall),
    );
  }

  #picker({ bandit, segments, entered }: BanditContexts, looked: ContextView | null | undefined): HTMLElement {
    const id = `segment-${bandit}`;
    const options = segments.map(({ name, decisions }) => {
      const label = `${name} (${counted(decisions, "decision")})`;
      return h("option", { value: name, selected: name === looked?.name }, label);
    });
    const isEntered = entered !== undefined && entered !== null;
    const own = isEntered
      ? h("option", { value: ENTERED, selected: looked === entered }, "the context entered below")
      : undefined;
    const select = h("select", { id }, ...options, own);
    select.addEventListener("change", () => {
      this.#chosen.set(bandit, select.value);
      this.#redraw();
    });
    return h("label", { for: id }, `Context of ${bandit}`, select);
  }

  #entry(session: Session, { bandit, inputs }: BanditContexts): HTMLElement {
    const id = `context-${bandit}`;
    const example = exampleOf(inputs);
    const value = this.#typed.get(bandit);
    const field = h("input", { id, size: "40", value, placeholder: JSON.stringify(example) });
    const look = (event: Event): void => {
      event.preventDefault();
      this.#typed.set(bandit, field.value);
      this.#chosen.set(bandit, ENTERED);
      void session.lookInto(bandit, field.value);
    };
    const label = h("label", { for: id }, "or any context, as JSON", field);
    return h("form", { class: "row", onsubmit: look }, label, h("button", { id: `look-${bandit}` }, "Look"));
  }
}

/** What stands between the names of an attribute within an attribute. */
const WITHIN = " › ";

/** A context with a value for everything that a bandit looks at. */
function exampleOf(inputs: readonly ContextInput[]): object {
  const example: Record<string, unknown> = {};
  for (const { attribute, categories, min } of inputs) {
    const path = attribute.split(WITHIN);
    const last = path.pop() ?? "";
    let place = example;
    for (const name of path) place = place[name] = { ...Object(place[name]) };
    place[last] = categories?.[0] ?? min ?? "";
  }
  return example;
}

function comparison(contexts: BanditContexts, looked: ContextView, overall: ContextView): HTMLElement {
  const { metric, rewardKind } = contexts;
  const heads = [
    "Action",
    ...["Share here", "Share on the whole", "Decisions here"].map(numberHead),
    `Expected ${metric} here`,
    `Expected ${metric} on the whole`,
  ];
  const rows = looked.arms.map((arm, place) => {
    const whole = overall.arms[place];
    return [
      arm.action,
      numberCell(percent(arm.share)),
      numberCell(whole === undefined ? "unknown" : percent(whole.share)),
      numberCell(decisionsOf(arm)),
      reward(rewardKind, arm.mean, arm.interval95),
      reward(rewardKind, whole?.mean, whole?.interval95),
    ];
  });
  return table(`${contexts.bandit}, ${looked.name}`, heads, rows);
}

function decisionsOf({ decisions }: ArmInContext): string {
  return decisions === undefined || decisions === null ? "unknown" : count(decisions);
}
