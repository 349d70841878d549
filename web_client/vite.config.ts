import { defineConfig } from "vitest/config";
import { BROWSERS } from "./scripts/browsers.mjs";

// `npm run dev` serves the sources and asks a running `esapr serve` for the rest.
const SERVER = "http://127.0.0.1:8000";

export default defineConfig({
  build: {
    outDir: "static",
    emptyOutDir: true,
    license: { fileName: "licences.md" },
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: [
        "index.html",
        "analyze.html",
        "embed-check.html",
        "offline.html",
        "report.html",
        "room.html",
        "staff.html",
        "src/page/worker.ts",
      ],
      // A worker serves what lies beside it and below, under one name for good.
      output: {
        entryFileNames: ({ name }) => (name === "worker" ? "worker.js" : "assets/[name]-[hash].js"),
      },
    },
    target: "es2022",
    cssTarget: BROWSERS,
  },
  server: {
    // The report's words lie beside its documents.
    fs: { allow: [".."] },
    proxy: { "/v1": { target: SERVER, ws: true } },
  },
  test: {
    include: ["tests/**/*.test.ts"],
  },
});
