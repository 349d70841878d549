// Writes src/protocol.ts from protocol.schema.json; with --check it only says whether that is due.
import { readFile, writeFile } from "node:fs/promises";
import { compile } from "json-schema-to-typescript";

const source = new URL("../protocol.schema.json", import.meta.url);
const target = new URL("../src/protocol.ts", import.meta.url);

const schema = JSON.parse(await readFile(source, "utf8"));
const compiled = await compile(schema, "Protocol", {
  additionalProperties: false,
  bannerComment: "// Generated from protocol.schema.json by `npm run protocol`. Do not edit.",
  ignoreMinAndMaxItems: true,
  unreachableDefinitions: true,
});
// The generator says of every type that the schema holds it, and types the schema itself.
const types = compiled
  .replace(/\n?( \*\n)? \* This interface was referenced by[^/]*?\n(?= \*\/)/g, "\n")
  .replace(/\/\*\*\s*\*\/\n/g, "")
  .replace(/export interface ESAPRProtocolV1 \{[^}]*\}\n/, "");

if (process.argv.includes("--check")) {
  if ((await readFile(target, "utf8")) !== types) {
    console.error("src/protocol.ts is out of date: run `npm run protocol` and commit it");
    process.exit(1);
  }
} else {
  await writeFile(target, types);
}
