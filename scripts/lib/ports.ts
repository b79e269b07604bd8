/** TCP ports on the loopback interface: is one free, and which. */

import { randomInt } from "node:crypto";
import { createServer } from "node:net";

import { TaskError } from "./run.ts";

/** A port a person may choose, with the environment variable that chooses it. */
export interface NamedPort {
  readonly owner: string;
  readonly variable: string;
  readonly port: number;
}

function read(owner: string, variable: string, otherwise: number): NamedPort {
  const text = process.env[variable] ?? String(otherwise);
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new TaskError(`${variable}=${text} is no port: give a number from 1 to 65535`);
  }
  return { owner, variable, port };
}

/** The ports of `npm start`, as the environment or the defaults say. */
export function chosenPorts(): { readonly edge: NamedPort; readonly admin: NamedPort } {
  const edge = read("the edge Worker", "BANDERA_EDGE_PORT", 8787);
  const admin = read("the admin Worker", "BANDERA_ADMIN_PORT", 8788);
  if (edge.port === admin.port) {
    throw new TaskError(`BANDERA_EDGE_PORT and BANDERA_ADMIN_PORT are both ${edge.port}`);
  }
  return { edge, admin };
}

/** Listens for a moment; false when the port is taken there. */
function canListen(host: string, port: number): Promise<boolean> {
  return new Promise((settle, refuse) => {
    const server = createServer();
    server.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") settle(false);
      // A machine without IPv6 cannot have the port taken there.
      else if (error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT") settle(true);
      else refuse(new TaskError(`port ${port} cannot be used: ${error.message}`));
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => settle(true));
    });
  });
}

/** Whether nobody listens on the port, on IPv4 and IPv6 loopback alike. */
export async function isFree(port: number): Promise<boolean> {
  return (await canListen("127.0.0.1", port)) && (await canListen("::1", port));
}

/**
 * Checks that a port can be had.
 *
 * @throws TaskError naming the port and the variable that changes it.
 */
export async function requireFree({ owner, variable, port }: NamedPort): Promise<void> {
  if (await isFree(port)) return;
  throw new TaskError(
    `port ${port} (${owner}) is in use. Stop what listens there, or choose another port: ` +
      `${variable}=${port + 1000} npm start`,
  );
}

// Below the ports that systems hand to outgoing connections: those may take a port between the
// moment we look and the moment a Worker listens, seconds later.
const FREE_PORT_MIN = 12_000;
const FREE_PORT_MAX = 32_000;

const handedOut = new Set<number>();

/** A port that is free now; for stacks whose port nobody needs to know beforehand. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(FREE_PORT_MIN, FREE_PORT_MAX);
    if (handedOut.has(port) || !(await isFree(port))) continue;
    handedOut.add(port);
    return port;
  }
  throw new TaskError("no free TCP port on 127.0.0.1");
}
