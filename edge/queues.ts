/** The queues of events that are bound: `EVENTS`, `EVENTS_1`, `EVENTS_2`, ... */

const QUEUE = /^EVENTS(?:_([1-9]\d*))?$/;

/** A binding that texts can be sent to. */
export interface TextQueue {
  send(text: string, options: { readonly contentType: "text" }): Promise<unknown>;
}

/**
 * The queue for a shard's messages, as `edge/src/queue.rs` chooses it: a consumer that gets the
 * messages of few shards commits more of them at once. What names no shard takes the first queue.
 */
export function queueFor(env: object, shard = 0): TextQueue | undefined {
  const bound = Object.entries(env).flatMap(([name, queue]: [string, unknown]) => {
    const [found, number = "0"] = QUEUE.exec(name) ?? [];
    return found !== undefined && isQueue(queue) ? [{ number: Number(number), queue }] : [];
  });
  bound.sort((a, b) => a.number - b.number);
  return bound[shard % Math.max(bound.length, 1)]?.queue;
}

function isQueue(value: unknown): value is TextQueue {
  return typeof value === "object" && value !== null && "send" in value;
}
