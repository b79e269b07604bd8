// Ledger and Coordinator of the built edge under a clock that stands still until it is moved, and
// with a coordinator that can be lost. `POST /tell/<shard>` hands a command to a shard, `/advance/<ms>`
// moves the clock and rings every alarm on the way at its own time, `/lose` and `/find` decide whether
// coordinators answer, `/view/<bandit>` and `/snapshot/<bandit>` tell what they know and published.
// `/rows` tells how many rows SQLite has written and read since it was asked before.

import { Coordinator as RealCoordinator, Ledger as RealLedger } from "./engine.js";

/** Most alarms on the way of the clock; one that rings again at once would never end. */
const RINGS_MAX = 10_000;
const START_MS = 1_800_000_000_000;
let nowMs = START_MS;
globalThis.Date = class extends Date {
  constructor(...parts) {
    if (parts.length === 0) super(nowMs);
    else super(...parts);
  }

  static now() {
    return nowMs;
  }
};

let isLost = false;
let nRefused = 0;
const published = new Map();
/** Alarms that are set: when, and of which object, by its id. */
const alarms = new Map();

/** Statements that have run, each with the rows it has taken so far. */
let cursors = [];

function rows() {
  const sum = (name) => cursors.reduce((total, cursor) => total + cursor[name], 0);
  const seen = { written: sum("rowsWritten"), read: sum("rowsRead") };
  cursors = [];
  return seen;
}

function wrapped(target, replaced) {
  return new Proxy(target, {
    get(_, name) {
      if (name in replaced) return replaced[name];
      const member = target[name];
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/** The object's own state, but for its alarm; its statements are counted. */
function stateOf(state, binding) {
  const id = state.id.toString();
  const setAlarm = async (at) => void alarms.set(id, { atMs: Number(at), binding });
  const exec = (...statement) => {
    const cursor = state.storage.sql.exec(...statement);
    cursors.push(cursor);
    return cursor;
  };
  const sql = wrapped(state.storage.sql, { exec });
  return wrapped(state, { storage: wrapped(state.storage, { setAlarm, sql }) });
}

/** What objects reach: coordinators unless they are lost, and a place for snapshots. */
function bindingsOf(env) {
  const COORDINATOR = {
    getByName(name) {
      if (!isLost) return env.COORDINATOR.getByName(name);
      nRefused += 1;
      throw new Error("the coordinator is lost");
    },
  };
  const RULESETS = { put: async (key, value) => void published.set(key, value) };
  return { ...env, COORDINATOR, RULESETS, BANDERA_ENVIRONMENT: "test" };
}

function clocked(Engine, binding) {
  return class {
    constructor(state, env) {
      this.object = new Engine(stateOf(state, binding), bindingsOf(env));
    }

    async fetch(request) {
      if (new URL(request.url).pathname !== "/ring") return this.object.fetch(request);
      await this.object.alarm();
      return new Response("rung");
    }
  };
}

export const Ledger = clocked(RealLedger, "LEDGER");
export const Coordinator = clocked(RealCoordinator, "COORDINATOR");

/** Moves the clock, and rings each alarm when it is its time. */
async function advance(env, untilMs) {
  let rung = 0;
  for (;;) {
    const due = [...alarms].filter(([, { atMs }]) => atMs <= untilMs);
    const [next] = due.toSorted(([, a], [, b]) => a.atMs - b.atMs);
    if (next === undefined) break;
    const [id, { atMs, binding }] = next;
    nowMs = Math.max(nowMs, atMs);
    alarms.delete(id);
    const namespace = env[binding];
    await ask(namespace.get(namespace.idFromString(id)), "/ring", "");
    rung += 1;
    if (rung > RINGS_MAX) throw new Error(`${binding} rings without end`);
  }
  nowMs = untilMs;
  return String(rung);
}

async function ask(stub, path, body) {
  const reply = await stub.fetch(`https://object${path}`, { method: "POST", body });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${reply.status}: ${text}`);
  return text;
}

export default {
  async fetch(request, env) {
    try {
      return await answer(request, env);
    } catch (error) {
      return new Response(String(error), { status: 500 });
    }
  },
};

async function answer(request, env) {
  const [command, argument] = new URL(request.url).pathname.slice(1).split("/");
  const coordinator = (bandit) => env.COORDINATOR.getByName(`coordinator/test/${bandit}`);
  const view = (bandit) => ask(coordinator(bandit), "/", JSON.stringify("view"));
  switch (command) {
    case "ready":
      return new Response("ready");
    case "lose":
    case "find":
      isLost = command === "lose";
      return new Response(String(nRefused));
    case "tell":
      return new Response(
        await ask(env.LEDGER.getByName(`ledger/test/${argument}`), "/", await request.text()),
      );
    case "view":
      return new Response(await view(argument));
    case "rows":
      return Response.json(rows());
    case "snapshot":
      return new Response(published.get(`env/test/bandit/${argument}`) ?? "{}");
    default:
      return new Response(await advance(env, nowMs + Number(argument)));
  }
}
