/**
 * `npm run types`: the API's description from the Rust code, and the page's types from that
 * description. Both are checked in; tests keep both equal to what this makes.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { compile } from "json-schema-to-typescript";

import { at } from "../../scripts/lib/paths.ts";
import { capture, TaskError } from "../../scripts/lib/run.ts";

const description = at("admin", "openapi.json");
export const typesFile: string = join(import.meta.dirname, "src", "api-types.ts");

const banner = "// Made by `npm run types` from the API's description. Do not edit.";

// What the generator adds to each description about its own way of finding the definition.
const noise = /(?:\n \*)?\n \* This interface was referenced by [^]*?via the `definition` "\w+"\./g;

/** A reference with a description beside it would become a type of its own: the reference stays. */
function bareReference(_key: string, value: unknown): unknown {
  const refers = typeof value === "object" && value !== null && "$ref" in value;
  return refers ? { $ref: value.$ref } : value;
}

/** What is needed of an OpenAPI document. */
interface Description {
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

/** The text of the types that the checked-in description comes to. */
export async function typesText(): Promise<string> {
  const text = readFileSync(description, "utf8").replaceAll("#/components/schemas/", "#/$defs/");
  const { components } = JSON.parse(text, bareReference) as Description;
  // Each definition becomes one exported type of its own name.
  const named = Object.entries(components.schemas).map(([title, schema]) => {
    return [title, { ...schema, title }];
  });
  const definitions: unknown = Object.fromEntries(named);
  const schema = { title: "ApiTypes", type: "object", $defs: definitions } as const;
  const types = await compile(schema as Parameters<typeof compile>[0], "ApiTypes", {
    additionalProperties: false,
    bannerComment: banner,
    enableConstEnums: false,
    format: true,
    style: { printWidth: 100 },
    unreachableDefinitions: true,
  });
  return types
    .replaceAll(noise, "")
    .replaceAll("/**\n */\n", "")
    .replaceAll(/\/\*\*\n +\* (.{1,90})\n +\*\//g, "/** $1 */");
}

if (import.meta.main) {
  const example = ["run", "--locked", "--quiet", "--package", "bandera-admin", "--example", "openapi"];
  const made = capture("cargo", example);
  if (!made.ok) throw new TaskError(`cargo ${example.join(" ")}: ${made.stderr.trim()}`);
  writeFileSync(description, made.stdout);
  writeFileSync(typesFile, await typesText());
}
