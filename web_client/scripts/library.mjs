// Builds the package: one file an entry, each complete. What a page loads may weigh so much.
import { cp, mkdir, readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { BROWSERS } from "./browsers.mjs";

const LIMIT_KB = 60;
/** Entry, format, file; those that sites load by script are put beside the page, too. */
const FILES = [
  ["src/sdk/index.ts", "es", "esapr.js", false],
  ["src/widget/index.ts", "es", "widget.js", true],
  ["src/widget/script.ts", "iife", "widget.iife.js", true],
  ["src/live/index.ts", "es", "live.js", true],
  ["src/room/index.ts", "es", "room.js", true],
  ["src/check/index.ts", "es", "check.js", true],
  ["src/recommendations/index.ts", "es", "recommendations.js", true],
];

await mkdir("static/embed", { recursive: true });
for (const [entry, format, file, served] of FILES) {
  await build({
    configFile: false,
    publicDir: false,
    logLevel: "warn",
    build: {
      outDir: "dist",
      emptyOutDir: false,
      // The name would be that of a global; without an export there is none.
      lib: { entry, formats: [format], fileName: () => file, name: "none" },
      license: { fileName: `licences/${file}.md` },
      // Without this, files for bundlers keep their blanks, and pages that load them pay for it.
      rolldownOptions: { output: { minify: true } },
      target: "es2022",
      cssTarget: BROWSERS,
    },
  });
  const bytes = gzipSync(await readFile(`dist/${file}`)).length;
  console.log(`dist/${file} ${(bytes / 1000).toFixed(1)} kB gzip (limit ${LIMIT_KB} kB)`);
  if (bytes > LIMIT_KB * 1000) {
    console.error(`dist/${file} is over the limit`);
    process.exitCode = 1;
  }
  if (served) await cp(`dist/${file}`, `static/embed/${file}`);
}
