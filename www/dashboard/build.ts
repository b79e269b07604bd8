/** Builds the page into `dist/`, which the admin Worker serves as static assets. */

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

const here = import.meta.dirname;
const root = resolve(here, "..", "..");
const dist = join(here, "dist");
const esbuild = process.env["ESBUILD_BIN"] ?? join(root, "node_modules", ".bin", "esbuild");

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
cpSync(join(here, "public"), dist, { recursive: true });
const entry = join(here, "src", "main.ts");
const shape = ["--bundle", "--format=esm", "--target=es2023", "--minify", "--legal-comments=none"];
const output = `--outfile=${join(dist, "dashboard.js")}`;
execFileSync(esbuild, [entry, ...shape, output], { cwd: root, stdio: "inherit" });
