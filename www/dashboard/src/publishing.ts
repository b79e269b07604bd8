/** What differs from what is live, publishing it, and going back. */

import type { Diagnostic, Preview, Publication } from "./api-types.ts";
import { available, h, show, table } from "./dom.ts";
import { counted, moment } from "./format.ts";
import { shown } from "./load.ts";
import { alertOf } from "./notice.ts";
import type { Session } from "./session.ts";

/** Characters of a hash that tell rulesets apart. */
const HASH_CHARS = 12;

/** The bar with the button; its controls stay, so that a note being typed is never lost. */
export class PublishView {
  readonly element: HTMLElement;
  readonly #state: HTMLElement = h("div", { "aria-live": "polite" });
  readonly #note: HTMLInputElement = h("input", { id: "note", maxlength: "500" });
  readonly #button: HTMLButtonElement = h("button", { class: "primary" }, "Publish");
  #session: Session | undefined;
  #ready = false;

  constructor() {
    const note = h("label", { for: "note" }, "Note (why; optional)", this.#note);
    const submit = (event: Event): void => {
      event.preventDefault();
      void this.#submit();
    };
    const form = h("form", { class: "row", onsubmit: submit }, note, this.#button);
    const title = h("h2", { id: "draft-title" }, "Draft");
    const label = { "aria-labelledby": "draft-title" };
    this.element = h("section", label, title, this.#state, form);
  }

  render(session: Session): void {
    this.#session = session;
    const { preview } = session;
    const value = shown(preview);
    this.#ready =
      !session.busy &&
      preview.state === "ready" &&
      preview.value.valid &&
      preview.value.changes.length > 0 &&
      session.may("publisher");
    this.#button.ariaDisabled = this.#ready ? null : "true";
    show(
      this.#state,
      preview.state === "failed" ? alertOf(preview.error) : undefined,
      h("p", {}, value === undefined ? "Comparing with what is live…" : summary(value)),
      session.may("publisher")
        ? undefined
        : h("p", { class: "soft" }, `Your role is ${session.me.role}; this needs publisher.`),
      value === undefined ? undefined : remarks(value.diagnostics),
    );
  }

  async #submit(): Promise<void> {
    if (this.#session === undefined || !this.#ready) return;
    await this.#session.publish(this.#note.value);
    this.#note.value = "";
  }
}

function summary({ valid, changes, truncated, publication }: Preview): string {
  if (!valid) return "The draft has errors; it cannot go live before they are mended.";
  if (changes.length === 0) return `The draft is what is live (publication ${publication}).`;
  const documents = new Set(changes.map(({ document }) => `${document?.kind} ${document?.key}`));
  const places = `${truncated ? "more than " : ""}${counted(changes.length, "place")}`;
  const of = counted(documents.size, "document");
  return `The draft differs from what is live in ${places} of ${of}.`;
}

function remarks(diagnostics: readonly Diagnostic[]): HTMLElement | undefined {
  if (diagnostics.length === 0) return undefined;
  const items = diagnostics.map(({ severity, document, pointer, message }) => {
    const place = document ? `${document.kind} ${document.key} ${document.pointer}` : pointer;
    return h("li", {}, h("strong", {}, severity), ` ${place.trim()}: ${message}`);
  });
  return h("ul", {}, ...items);
}

/** The list of publications, newest first. */
export class PublicationsView {
  readonly element: HTMLElement = h("section", { "aria-labelledby": "publications-title" });

  render(session: Session): void {
    const { publications } = session;
    const value = shown(publications);
    show(
      this.element,
      h("h2", { id: "publications-title" }, "Publications"),
      publications.state === "failed" ? alertOf(publications.error) : undefined,
      value === undefined ? undefined : this.#list(session, value.items),
    );
  }

  #list(session: Session, items: readonly Publication[]): HTMLElement {
    if (items.length === 0) return h("p", {}, "Nothing is live in this environment yet.");
    const live = items[0];
    const caption = "Rolling back repeats former bytes under the next number; the draft stays.";
    const heads = ["Number", "When", "By", "Note", "Ruleset", "Delivery", "Action"];
    return table(
      caption,
      heads,
      items.map((item) => this.#row(session, item, live)),
    );
  }

  #row(
    session: Session,
    item: Publication,
    live: Publication | undefined,
  ): readonly (Node | string)[] {
    const note = [item.rollbackOf ? `repeats publication ${item.rollbackOf}` : "", item.note];
    return [
      String(item.number),
      h("td", { class: "tight" }, moment(item.atMs)),
      item.author,
      note.filter((part) => part !== "").join("; "),
      h("code", { title: item.hash }, item.hash.slice(0, HASH_CHARS)),
      delivery(item, live),
      action(session, item, live),
    ];
  }
}

function delivery(item: Publication, live: Publication | undefined): string {
  if (item.deliveredAtMs === undefined || item.deliveredAtMs === null) {
    return item.number === live?.number ? "pending" : "overtaken";
  }
  return item.number === live?.number ? "live" : "was live";
}

function action(session: Session, item: Publication, live: Publication | undefined): Node | string {
  if (item.hash === live?.hash) return item.number === live.number ? "live now" : "same as live";
  const id = `back-${item.number}`;
  const may = !session.busy && session.may("publisher");
  const attributes = { id, ...available(may, () => void session.rollBack(item)) };
  return h("button", attributes, `Roll back to ${item.number}`);
}
