/** Something that comes from the API: never a value, an error and a spinner at once. */

/** What is known of it now. While it is loaded again, what was known before stays on screen. */
export type Load<T> =
  | { readonly state: "idle" }
  | { readonly state: "loading"; readonly former: T | undefined }
  | { readonly state: "ready"; readonly value: T }
  | { readonly state: "failed"; readonly error: unknown; readonly former: T | undefined };

/** Nothing has been asked yet. */
export const idle: Load<never> = { state: "idle" };

/** What can be shown: the value, or the one from before. */
export function shown<T>(load: Load<T>): T | undefined {
  switch (load.state) {
    case "idle":
      return undefined;
    case "ready":
      return load.value;
    case "loading":
    case "failed":
      return load.former;
  }
}

/** Loads, and tells each step of it. A later call overtakes an earlier one still under way. */
export class Loader<T> {
  #load: Load<T> = idle;
  #latest = 0;
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get load(): Load<T> {
    return this.#load;
  }

  /** Resolves when the outcome is told, never rejects: a failure is a state. */
  async run(work: () => Promise<T>): Promise<void> {
    this.#latest += 1;
    const mine = this.#latest;
    this.#tell({ state: "loading", former: shown(this.#load) });
    let outcome: Load<T>;
    try {
      outcome = { state: "ready", value: await work() };
    } catch (error) {
      outcome = { state: "failed", error, former: shown(this.#load) };
    }
    if (mine === this.#latest) this.#tell(outcome);
  }

  #tell(load: Load<T>): void {
    this.#load = load;
    this.#changed();
  }
}
