import { defineConfig } from "vite";

/** The SDK as one module, without the page. */
export default defineConfig({
  publicDir: false,
  build: {
    outDir: "dist",
    lib: { entry: "src/sdk/index.ts", formats: ["es"], fileName: "esapr" },
    target: "es2022",
  },
});
