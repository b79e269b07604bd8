/** What went wrong or well, in words, where screen readers hear it. */

import { Refused } from "./api.ts";
import { h, show } from "./dom.ts";

/** An error in words that help. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Refused)) return error instanceof Error ? error.message : String(error);
  const { status, title, pointer } = error.problem;
  const place = typeof pointer === "string" && pointer !== "" ? ` (at ${pointer})` : "";
  const detail = error.message === title ? "" : `: ${error.message}`;
  const advice = status === 412 ? " The page now shows the present state: try again." : "";
  return `${title}${detail}${place}.${advice}`;
}

/** A failure, to be put where it concerns. */
export function alertOf(error: unknown): HTMLElement {
  return h("p", { class: "alert" }, wordsOf(error));
}

/** One place for the outcome of the latest action. */
export class Notice {
  readonly element: HTMLElement = h("div", { "aria-live": "polite", role: "status" });

  done(text: string): void {
    show(this.element, h("p", { class: "done" }, text));
  }

  failed(error: unknown): void {
    show(this.element, alertOf(error));
  }

  clear(): void {
    show(this.element);
  }
}
