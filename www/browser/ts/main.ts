/** The script tag's entry: reads the page's state and puts `bandera` at the page's disposal. */

import { Bandera } from "./client.ts";
import { engineLoader } from "./engine.ts";
import type { EngineFiles } from "./engine.ts";
import { encodeBatch, sendTo } from "./events.ts";
import { BATCH_MAX, Outbox } from "./outbox.ts";
import { NO_STATE, STATE_ELEMENT, readState } from "./state.ts";
import { bestStore } from "./store.ts";

declare global {
  var bandera: Bandera | undefined;
}

/** `crypto.randomUUID` exists on secure pages only; these are its bits by hand. */
function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function install(script: URL): void {
  const element = document.getElementById(STATE_ELEMENT);
  const events = new URL("events", script).href;
  const outbox = new Outbox({
    store: bestStore(),
    send: sendTo(events),
    after: (waitMs, callback) => void setTimeout(callback, waitMs),
  });
  const state = element === null ? NO_STATE : readState(element.textContent ?? "");
  const engine = (module: string, wasm: string): EngineFiles => {
    return { module: new URL(module, script), wasm: new URL(wasm, script) };
  };
  globalThis.bandera = new Bandera({
    state,
    outbox,
    loadEngine: engineLoader({
      ordinary: engine("engine.js", "bandera_bg.wasm"),
      full: engine("engine-full.js", "bandera-full_bg.wasm"),
      ruleset: new URL("ruleset/compact", script),
      needsFull: state.needsFullEngine,
    }),
    newId,
    now: Date.now,
  });
  void outbox.flush();
  addEventListener("online", () => void outbox.flush());
  // The last chance on a page: nobody will read the answer, so the events stay in the outbox.
  addEventListener("pagehide", () => {
    const waiting = outbox.sending ? [] : outbox.pending().slice(0, BATCH_MAX);
    if (waiting.length > 0) navigator.sendBeacon(events, encodeBatch(waiting));
  });
}

const script = document.currentScript;
if (script instanceof HTMLScriptElement && script.src !== "") install(new URL(script.src));
