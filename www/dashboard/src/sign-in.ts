/** Signing in with an API token. */

import { h, show } from "./dom.ts";
import { alertOf } from "./notice.ts";

/** The form. `enter` rejects when the token is not good. */
export function signInForm(enter: (token: string) => Promise<void>, failure: unknown): HTMLElement {
  const attributes = { id: "token", type: "password", autocomplete: "off", required: true };
  const field = h("input", { ...attributes, spellcheck: "false" });
  const button = h("button", { class: "primary" }, "Sign in");
  const outcome = h("div", { role: "alert" });
  if (failure !== undefined) show(outcome, alertOf(failure));
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    button.disabled = true;
    try {
      await enter(field.value.trim());
    } catch (error) {
      show(outcome, alertOf(error));
      field.select();
    } finally {
      button.disabled = false;
    }
  };
  const where = "Locally, npm start prints one. It is kept until this tab is closed.";
  const row = h("div", { class: "row" }, h("label", { for: "token" }, "Token", field), button);
  return h(
    "main",
    {},
    h("h1", {}, "Bandera"),
    h("form", { onsubmit: (event) => void submit(event) }, h("p", {}, where), row, outcome),
  );
}
