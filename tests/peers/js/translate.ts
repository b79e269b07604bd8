/**
 * The workload of the benchmarks in the formats of other systems' JavaScript engines. It is read
 * from our own ruleset, which `tests/src/workload.rs` makes by rule.
 */

/** A condition of the workload. */
interface Condition {
  readonly attribute: string;
  readonly op: string;
  readonly value: string | number | readonly string[];
}

interface Rule {
  readonly when: { readonly all: readonly Condition[] };
  readonly serve: {
    readonly variant?: string;
    readonly split?: { readonly weights: Readonly<Record<string, number>> };
  };
}

interface Flag {
  readonly status: string;
  readonly variants: Readonly<Record<string, { readonly value: string | boolean }>>;
  readonly rules?: readonly Rule[];
}

/** The workload in our own format. */
export interface Workload {
  readonly flags: Readonly<Record<string, Flag>>;
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Variants and their percentages, 100 in all. */
function shares({ serve }: Rule): ReadonlyArray<readonly [string, number]> {
  return Object.entries(serve.split?.weights ?? { [serve.variant ?? ""]: 100 });
}

function valueOf(flag: Flag, variant: string): string | boolean {
  const value = flag.variants[variant]?.value;
  if (value === undefined) throw new Error(`the workload has no variant "${variant}"`);
  return value;
}

function listOf(value: Condition["value"]): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

function unknownOperator({ op }: Condition): never {
  throw new Error(`the workload has an operator that is not known here: ${op}`);
}

const literally = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

function growthbookTest(condition: Condition): Json {
  const { op, value } = condition;
  const text = String(value);
  switch (op) {
    case "in": return { $in: listOf(value) };
    case "equals": return text;
    case "versionGreaterOrEqual": return { $vgte: text };
    case "versionLessThan": return { $vlt: text };
    case "greaterOrEqual": return { $gte: Number(value) };
    case "startsWith": return { $regex: `^${literally(text)}` };
    case "endsWith": return { $regex: `${literally(text)}$` };
    default: return unknownOperator(condition);
  }
}

function growthbookRule(flag: Flag, rule: Rule): Json {
  const condition = Object.fromEntries(
    rule.when.all.map((one) => [one.attribute, growthbookTest(one)]),
  );
  const variations = shares(rule);
  const [[only = ""] = [], ...others] = variations;
  if (others.length === 0) return { condition, force: valueOf(flag, only) };
  return {
    condition,
    hashAttribute: "targetingKey",
    variations: variations.map(([variant]) => valueOf(flag, variant)),
    weights: variations.map(([, percentage]) => percentage / 100),
    coverage: 1,
  };
}

/** Features as GrowthBook's API delivers them. What is switched off has no rules. */
export function growthbook({ flags }: Workload): string {
  const rollout = { force: true, coverage: 0.5, hashAttribute: "targetingKey" };
  const features = Object.entries(flags).map(([key, flag]) => {
    const rules = flag.rules?.map((rule) => growthbookRule(flag, rule)) ?? [rollout];
    const defaultValue = valueOf(flag, "off");
    return [key, flag.status === "disabled" ? { defaultValue } : { defaultValue, rules }];
  });
  return JSON.stringify({ features: Object.fromEntries(features) });
}

function flagdTest(condition: Condition): Json {
  const { attribute, op, value } = condition;
  const it = { var: attribute };
  switch (op) {
    case "in": return { in: [it, listOf(value)] };
    case "equals": return { "===": [it, String(value)] };
    case "versionGreaterOrEqual": return { sem_ver: [it, ">=", String(value)] };
    case "versionLessThan": return { sem_ver: [it, "<", String(value)] };
    case "greaterOrEqual": return { ">=": [it, Number(value)] };
    case "startsWith": return { starts_with: [it, String(value)] };
    case "endsWith": return { ends_with: [it, String(value)] };
    default: return unknownOperator(condition);
  }
}

function flagdServe(key: string, served: ReadonlyArray<readonly [string, number]>): Json {
  const [[only = ""] = [], ...others] = served;
  if (others.length === 0) return only;
  return { fractional: [{ cat: [key, { var: "targetingKey" }] }, ...served] };
}

function flagdTargeting(key: string, { rules }: Flag): Json {
  if (rules === undefined) return flagdServe(key, [["on", 50], ["off", 50]]);
  return rules.reduceRight<Json>((otherwise, rule) => {
    const condition = { and: rule.when.all.map(flagdTest) };
    return { if: [condition, flagdServe(key, shares(rule)), otherwise] };
  }, null);
}

/** Flags as flagd reads them. */
export function flagd({ flags }: Workload): string {
  const entries = Object.entries(flags).map(([key, flag]) => {
    const variants = Object.keys(flag.variants).map((name) => [name, valueOf(flag, name)]);
    return [key, {
      state: flag.status === "disabled" ? "DISABLED" : "ENABLED",
      variants: Object.fromEntries(variants),
      defaultVariant: "off",
      targeting: flagdTargeting(key, flag),
    }];
  });
  return JSON.stringify({ flags: Object.fromEntries(entries) });
}

function unleashConstraint(condition: Condition): Json {
  const { attribute, op, value } = condition;
  const operators: Readonly<Record<string, string>> = {
    in: "IN",
    equals: "IN",
    versionGreaterOrEqual: "SEMVER_GTE",
    versionLessThan: "SEMVER_LT",
    greaterOrEqual: "NUM_GTE",
    startsWith: "STR_STARTS_WITH",
    endsWith: "STR_ENDS_WITH",
  };
  const operator = operators[op] ?? unknownOperator(condition);
  const common = { contextName: attribute, operator, caseInsensitive: false, inverted: false };
  const isSingle = operator.startsWith("SEMVER") || operator.startsWith("NUM");
  return isSingle
    ? { ...common, value: String(value), values: [] }
    : { ...common, values: listOf(value) };
}

function unleashStrategy(key: string, flag: Flag, rule: Rule | undefined): Json {
  const variants = rule === undefined ? [] : shares(rule).map(([name, percentage]) => ({
    name,
    weight: 10 * percentage,
    stickiness: "default",
    payload: { type: "string", value: String(valueOf(flag, name)) },
  }));
  const rollout = rule === undefined ? "50" : "100";
  return {
    name: "flexibleRollout",
    parameters: { rollout, stickiness: "default", groupId: key },
    constraints: rule?.when.all.map(unleashConstraint) ?? [],
    segments: [],
    variants,
  };
}

/** Features as Unleash's server sends them. */
export function unleash({ flags }: Workload): string {
  const features = Object.entries(flags).map(([name, flag]) => ({
    name,
    type: "release",
    project: "default",
    enabled: flag.status !== "disabled",
    stale: false,
    impressionData: false,
    variants: [],
    strategies: flag.rules?.map((rule) => unleashStrategy(name, flag, rule)) ??
      [unleashStrategy(name, flag, undefined)],
  }));
  return JSON.stringify({ version: 2, features });
}
