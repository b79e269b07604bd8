/** The list of flags, each with its switch. */

import type { Document } from "./api-types.ts";
import { available, h, show, table } from "./dom.ts";
import { moment } from "./format.ts";
import { shown } from "./load.ts";
import { alertOf } from "./notice.ts";
import { type Session, statusOf, statusWords } from "./session.ts";

/** The section's element, drawn anew by `render`. */
export class FlagsView {
  readonly element: HTMLElement = h("section", { "aria-labelledby": "flags-title" });

  render(session: Session): void {
    const { flags } = session;
    const rows = shown(flags);
    show(
      this.element,
      h("h2", { id: "flags-title" }, "Flags"),
      flags.state === "failed" ? alertOf(flags.error) : undefined,
      rows === undefined && flags.state === "loading" ? h("p", {}, "Loading…") : undefined,
      rows === undefined ? undefined : this.#list(session, rows),
    );
  }

  #list(session: Session, flags: readonly Document[]): HTMLElement {
    if (flags.length === 0) return h("p", {}, "There are no flags in this environment yet.");
    const caption = session.may("editor")
      ? "A switch changes the draft; nothing changes for visitors before it is published."
      : `Your role (${session.me.role}) may look; switching needs the role editor.`;
    const heads = ["Flag", "On", "Status", "Type", "Changed"];
    return table(
      caption,
      heads,
      flags.map((flag) => this.#row(session, flag)),
    );
  }

  #row(session: Session, flag: Document): readonly (Node | string)[] {
    const status = statusOf(flag.document);
    const on = status !== "disabled";
    const id = `flag-${flag.key}`;
    const { description, type } = described(flag.document);
    const name = h("th", { scope: "row" }, h("span", { id }, flag.key));
    if (description !== "") name.append(h("div", { class: "soft" }, description));
    const flip = h("button", {
      ...available(!session.busy && session.may("editor"), () => void session.toggle(flag, !on)),
      role: "switch",
      id: `switch-${flag.key}`,
      "aria-checked": String(on),
      "aria-labelledby": id,
    });
    const changed = h("td", { class: "tight" }, moment(flag.updatedAtMs));
    changed.append(h("div", { class: "soft" }, `v${flag.version} by ${flag.updatedBy}`));
    return [name, flip, statusWords(status), type, changed];
  }
}

function described(document: object): { readonly description: string; readonly type: string } {
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  return {
    description: "description" in document ? text(document.description) : "",
    type: "type" in document ? text(document.type) : "",
  };
}
