/** Building the page: elements from plain data, never from markup. */

type Child = Node | string | undefined;
type Attributes = Readonly<Record<string, string | boolean | ((event: Event) => void) | undefined>>;

/**
 * An element. Functions become listeners (`onclick` style names), `true` an empty attribute,
 * `false` and `undefined` none.
 */
export function h<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key.slice("on".length), value);
    else if (value === true) element.setAttribute(key, "");
    else if (typeof value === "string") element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** Replaces what a place shows. The focus stays on the element of the same id or, where that is
 *  gone, in the place; text that is being typed stays too. */
export function show(place: HTMLElement, ...children: readonly Child[]): void {
  const active = document.activeElement;
  const id = active !== null && active !== place && place.contains(active) ? active.id : "";
  const typed = active instanceof HTMLInputElement ? active.value : undefined;
  place.replaceChildren(...children.filter((child) => child !== undefined));
  if (id === "") return;
  const next = document.getElementById(id);
  if (next instanceof HTMLInputElement && typed !== undefined) next.value = typed;
  if (next === null) place.tabIndex = -1;
  (next ?? place).focus();
}

/** A button that stays where the keyboard is while it does nothing: a disabled one would lose the
 *  focus. `act` is not called while it is unavailable. */
export function available(yes: boolean, act: () => void): Attributes {
  return {
    type: "button",
    "aria-disabled": yes ? undefined : "true",
    onclick: () => {
      if (yes) act();
    },
  };
}

/** A table that scrolls by itself where the screen is narrow. Cells may be elements. */
export function table(
  caption: string,
  heads: readonly (string | HTMLElement)[],
  rows: readonly (readonly Child[])[],
): HTMLElement {
  const named = (one: string | HTMLElement): HTMLElement =>
    typeof one === "string" ? h("th", { scope: "col" }, one) : one;
  const head = h("tr", {}, ...heads.map(named));
  const body = rows.map(([first, ...rest]) =>
    h("tr", {}, asCell(first, "th"), ...rest.map((cell) => asCell(cell, "td"))),
  );
  const parts = [h("caption", {}, caption), h("thead", {}, head), h("tbody", {}, ...body)];
  return h("div", { class: "scroll" }, h("table", {}, ...parts));
}

function asCell(child: Child, name: "th" | "td"): Node {
  if (child instanceof HTMLTableCellElement) return child;
  return h(name, name === "th" ? { scope: "row" } : {}, child);
}

/** The head of a column of numbers. */
export function numberHead(text: string): HTMLElement {
  return h("th", { scope: "col", class: "number" }, text);
}

/** A cell with a number, aligned to the right. */
export function numberCell(text: string): HTMLElement {
  return h("td", { class: "number" }, text);
}
