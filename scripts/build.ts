import { existsSync } from "node:fs";
import path from "node:path";
import { build } from "vite";
import { root } from "./bundle.ts";

/** `npm run build`: the page, and the OpenAPI documents with their descriptions, into dist/web. */

const openapi = path.join(root, "scripts/generate-openapi.ts");
if (existsSync(openapi)) await import(openapi);
await build({ configFile: path.join(root, "web/vite.config.ts"), logLevel: "warn" });
