/**
 * Builds what a script tag loads into `dist/bandera/v1/`, the very paths the edge serves:
 * `bandera.js` (the client, small), and for whoever evaluates locally `engine.js` with its
 * `bandera_bg.wasm`, or where the ruleset takes more `engine-full.js` with `bandera-full_bg.wasm`.
 */

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

import { keepNames, shrink } from "../../scripts/lib/shrink.ts";

const here = import.meta.dirname;
const root = resolve(here, "..", "..");
const target = resolve(root, process.env["CARGO_TARGET_DIR"] ?? "target");
const dist = join(here, "dist", "bandera", "v1");

function call(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { cwd: root, stdio: "inherit" });
}

/** A tool named by its variable, else as installed. */
function tool(variable: string, otherwise: string): string {
  return process.env[variable] ?? otherwise;
}

const npmBin = join(root, "node_modules", ".bin");
const esbuild = tool("ESBUILD_BIN", join(npmBin, "esbuild"));
const wasmOpt = tool("WASM_OPT_BIN", join(npmBin, "wasm-opt"));
const wasmBindgen = tool("WASM_BINDGEN_BIN", "wasm-bindgen");
const triple = "wasm32-unknown-unknown";

/** The engine with those features of the crate: its script, and its wasm in a file of that name. */
async function buildEngine(script: string, name: string, features: readonly string[]): Promise<void> {
  const own = ["--no-default-features", ...features.flatMap((feature) => ["--features", feature])];
  const engine = ["--locked", "--profile", "page", "--package", "bandera-browser", "--lib", ...own];
  // Without the library for tests, whose functions would all stay.
  call("cargo", "rustc", ...engine, "--crate-type", "cdylib", "--target", triple);
  const compiled = join(target, triple, "page", "bandera_browser.wasm");
  const names = "--keep-debug";
  const shape = ["--target", "web", "--no-typescript", "--remove-producers-section", names];
  const glue = join(target, "bandera-browser", name);
  call(wasmBindgen, ...shape, "--out-dir", glue, "--out-name", name, compiled);
  const wasm = join(dist, `${name}_bg.wasm`);
  copyFileSync(join(glue, `${name}_bg.wasm`), wasm);
  // Its features are those that the module itself names: more than those not every browser reads.
  keepNames(join(here, "build", `${name}-functions.txt`), await shrink(wasmOpt, wasm, []));
  const written = join(glue, `${name}.js`);
  call(esbuild, written, "--format=esm", "--minify", `--outfile=${join(dist, script)}`);
}

function buildClient(): void {
  const entry = join(here, "ts", "main.ts");
  const shape = ["--bundle", "--format=iife", "--target=es2022", "--minify", "--legal-comments=none"];
  call(esbuild, entry, ...shape, `--outfile=${join(dist, "bandera.js")}`);
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
copyFileSync(join(here, "public", "_headers"), join(here, "dist", "_headers"));
await buildEngine("engine.js", "bandera", []);
await buildEngine("engine-full.js", "bandera-full", ["rare"]);
buildClient();
