/** Numbers and times as a person reads them, each with its unit. */

const whole = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });

/** A count: `12,345`. */
export function count(n: number): string {
  return whole.format(n);
}

/** A count of things: `1 place`, `2 places`. */
export function counted(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
}

/** A share of 0 to 1 in percent: `12.3 %`. What is nearly nothing or nearly all says so. */
export function percent(share: number): string {
  if (share > 0 && share < 0.0005) return "< 0.1 %";
  if (share < 1 && share > 0.9995) return "> 99.9 %";
  return `${percentage(share)} %`;
}

function percentage(share: number): string {
  return (share * 100).toFixed(1);
}

/** Unix milliseconds as date and time in UTC. */
export function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** A mean reward with its interval; binary rewards are shares of decisions. */
export function reward(
  kind: string,
  mean: number | null | undefined,
  interval: readonly number[] | null | undefined,
): string {
  if (mean === null || mean === undefined) return "no decisions yet";
  const binary = kind === "binary";
  const value = binary ? percent(mean) : short.format(mean);
  const [low, high] = interval ?? [];
  if (low === undefined || high === undefined) return value;
  const bounds = binary
    ? `${percentage(low)} to ${percentage(high)} %`
    : `${short.format(low)} to ${short.format(high)}`;
  return `${value} (95 % interval ${bounds})`;
}

const signed = new Intl.NumberFormat("en", {
  maximumSignificantDigits: 4,
  signDisplay: "exceptZero",
});
const points = new Intl.NumberFormat("en", {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
  signDisplay: "exceptZero",
});

/** A difference of mean rewards with its interval; of binary rewards in percentage points. */
export function difference(kind: string, value: number, interval: readonly number[]): string {
  const binary = kind === "binary";
  const said = (n: number): string => (binary ? points.format(n * 100) : signed.format(n));
  const bounds = interval.map(said).join(" to ");
  return `${said(value)}${binary ? " points" : ""} (95 % interval ${bounds})`;
}
