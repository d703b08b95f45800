import { defineConfig } from "tsup";

// The four runtime libraries are bundled: docs/decisions/0001-bundle-dependencies.md
export default defineConfig({
  entry: { index: "src/index.ts", testing: "src/testing/index.ts" },
  format: "esm",
  target: "es2023",
  platform: "neutral",
  external: [/^node:/],
  // For `await using`: a consumer's own `lib` may not hold it.
  dts: { banner: '/// <reference lib="esnext.disposable" />' },
  clean: true,
});
