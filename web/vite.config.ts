import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  base: "/",
  publicDir: "public",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: { outDir: "../dist/web", emptyOutDir: true, target: "es2022", sourcemap: false },
  // `npx vite web` beside `npm start`, for work on the page.
  server: { proxy: { "/api": "http://localhost:8787", "/sandboxes": "http://localhost:8787" } },
});
