/** TCP ports on the loopback interface: is one free, and which. */

import { type AddressInfo, createServer } from "node:net";

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

/** Listens for a moment; the port it got, or `undefined` when that is taken. */
function listen(host: string, port: number): Promise<number | undefined> {
  return new Promise((settle, refuse) => {
    const server = createServer();
    server.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") settle(undefined);
      // A machine without IPv6 cannot have the port taken there.
      else if (error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT") settle(port);
      else refuse(new TaskError(`port ${port} cannot be used: ${error.message}`));
    });
    server.listen({ host, port, exclusive: true }, () => {
      const { port: got } = server.address() as AddressInfo;
      server.close(() => settle(got));
    });
  });
}

/** Whether nobody listens on the port, on IPv4 and IPv6 loopback alike. */
export async function isFree(port: number): Promise<boolean> {
  if ((await listen("127.0.0.1", port)) === undefined) return false;
  return (await listen("::1", port)) !== undefined;
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

/** A port that is free now; for stacks whose port nobody needs to know beforehand. */
export async function freePort(): Promise<number> {
  const port = await listen("127.0.0.1", 0);
  if (port === undefined) throw new TaskError("no free TCP port on 127.0.0.1");
  return port;
}
