/** The steps of `npm test`, by part. Each is one thing a person can run and understand alone. */

import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";

import { build, stackArtefacts, type WasmName, wasmFiles } from "./build.ts";
import { type Browser, chromiumArguments } from "./chromium.ts";
import { ensureCompiler, fuzz } from "./fuzz.ts";
import { library } from "./library.ts";
import { at, cliDebug, limits, npmBin, root, targetDir } from "./paths.ts";
import { capture, cargo, run, runKeeping, say, TaskError } from "./run.ts";
import { exact, versions } from "./toolchain.ts";
import type { Tools } from "./tools.ts";

/** What the steps run with. */
export interface Equipment {
  readonly tools: Tools;
  readonly browser: Browser;
}

/** A step of `npm test`. */
export interface Check {
  readonly part: string;
  readonly name: string;
  /** Whether it may run beside the steps that call Cargo, which would only wait for each other. */
  readonly beside?: boolean;
  readonly work: (equipment: Equipment) => Promise<void>;
}

const wasmTarget = ["--target", "wasm32-unknown-unknown"];

/** Packages that are compiled to wasm, as `-p` arguments. */
const wasmPackages = [
  ...["shared", "import", "lab", "platform", "edge", "ledger", "admin", "browser"],
].flatMap((name) => ["-p", `bandera-${name}`]);

/** What every version of Rust sees differently: an error on the named version, else only shown. */
function lint(): Check[] {
  const rust = versions();
  const errors = exact(rust);
  const name = (what: string): string => {
    return errors ? what : `${what} (shown only: Rust ${rust.present} is not ${rust.named})`;
  };
  const lints = errors ? ["-D", "warnings"] : ["--cap-lints", "warn"];
  // A Worker's crate is private but for its entry; maintainers read, and link to, the rest.
  const docLints = `${lints.join(" ")} -A rustdoc::private-intra-doc-links`;
  const format = async (): Promise<void> => {
    const formatted = run("cargo", ["fmt", "--all", "--check"]);
    await (errors ? formatted : formatted.catch((error: Error) => say(error.message)));
  };
  const works = new Map<string, () => Promise<void>>([
    ["format", format],
    ["clippy, native", () => cargo(["clippy", "--workspace", "--all-targets", "--", ...lints])],
    ["clippy, wasm32", () => cargo(["clippy", ...wasmTarget, ...wasmPackages, "--", ...lints])],
    [
      "docs",
      () =>
        cargo(["doc", "--workspace", "--no-deps", "--document-private-items"], {
          env: { RUSTDOCFLAGS: docLints },
        }),
    ],
  ]);
  return [...works].map(([what, work]) => ({ part: "lint", name: name(what), work }));
}

/** The packages of the workspace, in the order of `Cargo.toml`. */
function workspacePackages(): string[] {
  const metadata = capture("cargo", ["metadata", "--locked", "--no-deps", "--format-version", "1"]);
  if (!metadata.ok) throw new TaskError(`cargo metadata: ${metadata.stderr.trim()}`);
  const { packages } = JSON.parse(metadata.stdout) as { packages: { name: string }[] };
  return packages.map(({ name }) => name);
}

/** Each package alone, since features that another one turns on would hide what is missing. */
function rust(): Check[] {
  const each = workspacePackages().map((name) => ({
    part: "rust",
    name: `tests: ${name}`,
    work: () => cargo(["test", "-p", name]),
  }));
  const features = ["--no-default-features", "--features", "rare,serving"];
  const asEdges = ["test", "-p", "bandera-shared", ...features];
  const golden = {
    part: "rust",
    name: "tests: bandera-shared, as edges read",
    work: () => cargo([...asEdges, "--test", "golden", "--test", "learning"]),
  };
  const ordinary = {
    part: "rust",
    name: "tests: bandera-shared, as ordinary pages read",
    work: () => cargo(["test", "-p", "bandera-shared", "--no-default-features", "--test", "rare"]),
  };
  return [...each, golden, ordinary];
}

/** Integration test targets of a crate that are written to run as wasm, as `--test` arguments. */
function wasmTargets(crate: string): string[] {
  const files = globSync("tests/*.rs", { cwd: at(crate) });
  const wasm = files.filter((file) => {
    return readFileSync(at(crate, file), "utf8").includes("wasm_bindgen_test");
  });
  if (wasm.length === 0) throw new TaskError(`${crate}/tests holds no wasm_bindgen_test`);
  return wasm.sort().flatMap((file) => ["--test", basename(file, ".rs")]);
}

/** Runs a crate's wasm tests; a runner that found no test is a failure, though it exits 0. */
async function wasmTestsOf(
  crate: string,
  tools: Tools,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const targets = wasmTargets(crate);
  const args = ["test", "--locked", ...wasmTarget, "-p", `bandera-${basename(crate)}`, ...targets];
  const path = `${dirname(npmBin("node"))}:${process.env["PATH"] ?? ""}`;
  const runner = { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: tools.wasmBindgenTestRunner };
  const output = await runKeeping("cargo", args, { env: { ...runner, PATH: path, ...env } });
  if (output.includes("no tests to run") || !/test result: ok\. [1-9]/.test(output)) {
    throw new TaskError(`the wasm test runner found no test of ${crate}`);
  }
}

async function wasmTests(tools: Tools, env: Readonly<Record<string, string>>): Promise<void> {
  for (const crate of ["shared", "www/browser"]) await wasmTestsOf(crate, tools, env);
}

/** WebDriver capabilities, so that the driver starts the very browser that set-up found. */
function capabilities(browser: Browser): string {
  const path = join(targetDir, "webdriver.json");
  const options = { binary: browser.chromium, args: chromiumArguments };
  mkdirSync(targetDir, { recursive: true });
  writeFileSync(path, JSON.stringify({ "goog:chromeOptions": options }));
  return path;
}

const wasm: readonly Check[] = [
  { part: "wasm", name: "wasm tests in Node", work: ({ tools }) => wasmTests(tools, {}) },
  {
    part: "wasm",
    name: "wasm tests in Chromium",
    work: ({ tools, browser }) =>
      wasmTests(tools, {
        WASM_BINDGEN_USE_BROWSER: "1",
        WASM_BINDGEN_TEST_WEBDRIVER_JSON: capabilities(browser),
        WASM_BINDGEN_TEST_TIMEOUT: "300",
        WASM_BINDGEN_TEST_DRIVER_TIMEOUT: "30",
        CHROMEDRIVER: browser.chromedriver,
      }),
  },
];

/** Files below the root that git tracks or would track. */
function listed(...patterns: readonly string[]): string[] {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "--", ...patterns];
  const files = capture("git", args);
  if (!files.ok) throw new TaskError(`git ls-files: ${files.stderr.trim()}`);
  return files.stdout.split("\n").filter((file) => file !== "");
}

const typescript: readonly Check[] = [
  {
    part: "typecheck",
    name: "types",
    beside: true,
    work: async () => {
      const bases = (file: string): boolean => !file.endsWith("tsconfig.base.json");
      const wrong: string[] = [];
      for (const project of listed(":(glob)**/tsconfig*.json").filter(bases)) {
        await run(npmBin("tsc"), ["-p", project]).catch(() => wrong.push(project));
      }
      if (wrong.length > 0) throw new TaskError(`type errors in ${wrong.join(", ")}`);
    },
  },
  {
    part: "scripts",
    name: "TypeScript unit tests",
    beside: true,
    work: async () => {
      const files = listed("scripts/*.test.ts", "www/*.test.ts", "edge/*.test.ts");
      if (files.length === 0) throw new TaskError("no *.test.ts was found");
      await run(npmBin("node"), ["--test", `--test-timeout=${limits.unitFileMsMax}`, ...files]);
    },
  },
];

/** Where a running edge and the tests that drive it find what they need. */
function endToEnd({ browser }: Equipment): Promise<void> {
  const files = globSync("tests/e2e/**/*.test.ts", { cwd: root }).sort();
  if (files.length === 0) throw new TaskError("tests/e2e holds no *.test.ts");
  // Files share nothing: each has its own stack, ports, state and browser. Half of their time they
  // wait for a period to pass, so two of them do one core no harm.
  const lanes = Math.min(Math.max(availableParallelism(), 2), limits.endToEndLanesMax);
  const bounds = [`--test-concurrency=${lanes}`, `--test-timeout=${limits.endToEndFileMsMax}`];
  const reporters = ["spec", at("scripts", "lib", "closing.ts")].flatMap((reporter) => {
    return [`--test-reporter=${reporter}`, "--test-reporter-destination=stdout"];
  });
  const args = ["--test", ...bounds, ...reporters, ...files];
  const env = { BANDERA_CHROMIUM: browser.chromium, CHROMEDRIVER: browser.chromedriver };
  return run(npmBin("node"), args, { env });
}

/** Compares the gzip size of each built wasm with its limit, and of what one Worker brings. */
function sizes(): void {
  const max = {
    edge: limits.edgeGzipBytesMax,
    ledger: limits.ledgerGzipBytesMax,
    admin: limits.adminGzipBytesMax,
    browser: limits.browserGzipBytesMax,
    "browser, full": limits.browserFullGzipBytesMax,
  };
  const files = wasmFiles();
  const room = library().readyMadeSince === undefined ? 1 : limits.readyMadeLibraryRatio;
  const over: string[] = [];
  const check = (name: string, bytes: number, bytesMax: number): void => {
    const line = `${name}: ${kib(bytes)} gzip of at most ${kib(bytesMax)}`;
    say(`  ${line}`);
    if (bytes > bytesMax) over.push(line);
  };
  const measured = (name: WasmName): number => {
    const path = files.get(name);
    if (path === undefined) throw new TaskError(`the wasm of ${name} was not built`);
    const bytes = gzipSync(readFileSync(path), { level: 9 }).length;
    check(name, bytes, room * max[name]);
    return bytes;
  };
  const edgeWorker = measured("edge") + measured("ledger");
  check("edge and ledger", edgeWorker, room * limits.edgeWorkerGzipBytesMax);
  measured("admin");
  measured("browser");
  measured("browser, full");
  if (over.length > 0) throw new TaskError(`too large: ${over.join("; ")}`);
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}

/** Other systems' own suites, where somebody has laid them beside the repository. */
async function conformance(): Promise<void> {
  const named = process.env["BANDERA_CONFORMANCE"];
  const folder = resolve(root, named ?? join("..", "shared", "conformance"));
  const runner = join(folder, "run.py");
  if (existsSync(runner)) {
    await run("python3", [runner, "--bandera", cliDebug, "--corpus", join(folder, "dev")]);
  } else if (named === undefined) {
    say("no suites of other systems here; BANDERA_CONFORMANCE names a folder that has them");
  } else {
    throw new TaskError(`BANDERA_CONFORMANCE: there is no ${runner}`);
  }
}

/** The contextual default on reference data, where somebody has laid that beside the repository. */
async function reference(): Promise<void> {
  const folder = at("..", "shared", "reference", "bandits");
  if (!existsSync(folder)) {
    say("no reference data here; `npm run replay -- --folder DIR --seed 0,1 --check` takes a folder");
    return;
  }
  const replay = [at("scripts", "replay.ts"), "--folder", folder, "--seed", "0,1", "--check"];
  await run(npmBin("node"), ["--no-warnings", ...replay]);
}

/** Every fuzz target for a moment; `npm run fuzz` has more time. */
const fuzzing: Check = {
  part: "fuzz",
  name: "fuzz targets",
  work: async () => {
    const manifest = ["--manifest-path", at("fuzz", "Cargo.toml")];
    if (exact(versions())) await run("cargo", ["fmt", ...manifest, "--check"]);
    await fuzz(await ensureCompiler(), { secondsMax: limits.fuzzSecondsMax, keeps: false });
  },
};

const product: readonly Check[] = [
  {
    part: "build",
    name: "build",
    work: async ({ tools }) => {
      await build(stackArtefacts, tools);
      await cargo(["build", "-p", "bandera-cli"]);
      await cargo(["build", "-p", "bandera-tests", "--bin", "bundle"]);
    },
  },
  { part: "conformance", name: "other systems' suites", work: conformance },
  { part: "reference", name: "contextual default on reference data", work: reference },
  { part: "size", name: "wasm sizes", work: async () => sizes() },
  { part: "e2e", name: "end to end", work: endToEnd },
];

/** Every step, in the order that tells soonest what is wrong. */
export function allChecks(): Check[] {
  return [...lint(), ...typescript, ...rust(), fuzzing, ...wasm, ...product];
}
