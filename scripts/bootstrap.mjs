// The door of every npm task. It runs on whatever Node the machine has (20 or newer), brings
// `node_modules` up to the lock file, and then hands over to the Node 24 among them, which runs
// TypeScript natively. It must not import anything that needs an installation.

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MAJOR_MIN = 20;
const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const packages = join(root, "node_modules");
const stamp = join(packages, ".bandera-installed");
const runtime = join(packages, ".bin", "node");

function fail(message) {
  console.error(`bandera: ${message}`);
  process.exit(1);
}

/**
 * Installs the npm packages when what is wanted differs from what was installed last. `npm ci`
 * takes the lock file's word, and fails where package.json says otherwise.
 */
function install() {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  const wanted = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .update(JSON.stringify({ dependencies, devDependencies }))
    .digest("hex");
  const present = existsSync(stamp) ? readFileSync(stamp, "utf8") : "";
  if (present === wanted && existsSync(runtime)) return;
  // A work tree may link to another one's packages. npm would empty the folder behind the link, and
  // with it the ground under whoever works there: only the link goes.
  if (lstatSync(packages, { throwIfNoEntry: false })?.isSymbolicLink()) unlinkSync(packages);
  console.log("▸ npm packages (npm ci; half a minute the first time)");
  const started = Date.now();
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: "inherit",
  });
  if (npm.error) fail(`npm could not be started: ${npm.error.message}`);
  if (npm.status !== 0) fail("npm ci failed (its message is above); nothing was started");
  if (!existsSync(runtime)) {
    fail("the npm package `node` brought no binary: allow its install script and try again");
  }
  writeFileSync(stamp, wanted);
  console.log(`✓ npm packages (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}

const PARENT_POLL_MS = 500;

/** Runs the script under the installed Node; signals reach it, and its exit becomes ours. */
function handOver(script, args) {
  const child = spawn(runtime, [join(root, script), ...args], { cwd: root, stdio: "inherit" });
  // A terminal's Ctrl-C reaches the child by itself as well; scripts take repeated signals as one.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => child.kill(signal));
  }
  // When npm alone is ended, the shell between us passes nothing on: we notice that it is gone.
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && child.kill("SIGTERM"), PARENT_POLL_MS).unref();
  child.on("error", (error) => fail(`${runtime} could not be started: ${error.message}`));
  child.on("exit", (code, signal) => {
    process.exit(signal === null ? (code ?? 1) : 128 + constants.signals[signal]);
  });
}

if (Number(process.versions.node.split(".")[0]) < NODE_MAJOR_MIN) {
  fail(`Node ${NODE_MAJOR_MIN} or newer is needed; this is ${process.version}`);
}
const [script, ...args] = process.argv.slice(2);
if (script === undefined) fail("usage: node scripts/bootstrap.mjs scripts/NAME.ts [ARGUMENT...]");
install();
handOver(script, args);
