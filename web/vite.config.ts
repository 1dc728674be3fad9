import path from "node:path";
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  base: "/",
  publicDir: "public",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../dist/web",
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    // The policy takes files alone, no data: addresses.
    assetsInlineLimit: 0,
    rollupOptions: {
      input: {
        index: path.join(import.meta.dirname, "index.html"),
        embed: path.join(import.meta.dirname, "embed/element.ts"),
      },
      output: {
        // Pages elsewhere name it for ever.
        entryFileNames: ({ name }) => (name === "embed" ? "embed.js" : "assets/[name]-[hash].js"),
      },
    },
  },
  // `npx vite web` beside `npm start`, for work on the page.
  server: { proxy: { "/api": "http://localhost:8787", "/sandboxes": "http://localhost:8787" } },
});
