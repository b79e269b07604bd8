/** The queues of events that are bound: `EVENTS`, `EVENTS_1`, `EVENTS_2`, ... */

const QUEUE = /^EVENTS(?:_([1-9]\d*))?$/;

/** A binding that texts can be sent to. */
export interface TextQueue {
  send(text: string, options: { readonly contentType: "text" }): Promise<unknown>;
}

/**
 * The queues for a shard's messages, as `edge/src/queue.rs` chooses them: its own one, since a
 * consumer that gets the messages of few shards commits more of them at once, and those to turn to
 * when that refuses. What names no shard begins at the first queue.
 */
export function queuesFor(env: object, shard = 0): readonly TextQueue[] {
  const bound = Object.entries(env).flatMap(([name, queue]: [string, unknown]) => {
    const [found, number = "0"] = QUEUE.exec(name) ?? [];
    return found !== undefined && isQueue(queue) ? [{ number: Number(number), queue }] : [];
  });
  bound.sort((a, b) => a.number - b.number);
  const queues = bound.map(({ queue }) => queue);
  const own = shard % Math.max(queues.length, 1);
  return [...queues.slice(own), ...queues.slice(0, own)];
}

function isQueue(value: unknown): value is TextQueue {
  return typeof value === "object" && value !== null && "send" in value;
}
