/** Rulesets for tests of the edge, from small parts. */

/** A boolean flag that serves `on` to everybody. */
export function always(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    type: "string",
    status: "enabled",
    visibility: "client",
    variants: { on: { value: "on" }, off: { value: "off" } },
    offVariant: "off",
    defaultVariant: "on",
    ...more,
  };
}

/** A flag whose one variant changes pages. */
export function paging(page: unknown, more: Readonly<Record<string, unknown>> = {}): unknown {
  return always({ variants: { on: { value: "on", page }, off: { value: "off" } }, ...more });
}

/** An even split over two variants. */
export function test(more: Readonly<Record<string, unknown>> = {}): unknown {
  return always({
    status: "ab_test",
    variants: { a: { value: "a" }, b: { value: "b" }, off: { value: "off" } },
    offVariant: "off",
    defaultVariant: "off",
    experiment: { control: "off", weights: { a: 1, b: 1 } },
    ...more,
  });
}

/** A ruleset of these flags. */
export function ruleset(flags: Readonly<Record<string, unknown>>, more = {}): unknown {
  return { schemaVersion: 1, salt: "test", ...more, flags };
}

/** A bandit over two actions, and the flag that serves it. */
export const BANDIT = {
  hero: {
    actions: ["a", "b"],
    reward: { metric: "purchase", kind: "binary" },
    policy: { kind: "thompson", floor: 0.1 },
  },
};
export const LEARNED: unknown = always({
  variants: { a: { value: "a" }, b: { value: "b" }, off: { value: "off" } },
  defaultVariant: "off",
  rules: [{ id: "learn", serve: { bandit: "hero" } }],
});
