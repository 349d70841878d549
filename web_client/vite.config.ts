import { defineConfig } from "vitest/config";

// `npm run dev` serves the sources and asks a running `esapr serve` for the rest.
const SERVER = "http://127.0.0.1:8000";

export default defineConfig({
  build: {
    outDir: "static",
    emptyOutDir: true,
    license: { fileName: "licences.md" },
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: ["index.html", "staff.html", "room.html", "report.html", "embed-check.html"],
    },
    target: "es2022",
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
