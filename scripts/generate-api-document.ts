import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { apiPage, pageStyle, type Document } from "./api-page.ts";
import { root } from "./root.ts";

/** Writes what describes the service's own API, and the headers of files that Cloudflare answers without the Worker, below web/public. */

/** The Worker's types are another project's than those of scripts (tsconfig.json), so it is loaded by a name that only Node follows. */
interface Described {
  apiDocument(version: string): Document;
  headersOfFiles: Record<string, Record<string, string>>;
}
const described = new URL("./api-document.ts", import.meta.url).href;
const { apiDocument, headersOfFiles } = (await import(described)) as Described;

const folder = path.join(root, "web/public");
const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
  version: string;
};

function write(name: string, content: string): void {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}

const document = apiDocument(version);
const style = `api-${createHash("sha256").update(pageStyle).digest("hex").slice(0, 8)}.css`;
rmSync(path.join(folder, "assets"), { recursive: true, force: true });
write(`assets/${style}`, pageStyle);
write("api/openapi.json", JSON.stringify(document));
write("api.html", apiPage(document, style));
write(
  "_headers",
  Object.entries(headersOfFiles)
    .map(([pattern, headers]) =>
      [pattern, ...Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`)].join(
        "\n",
      ),
    )
    .join("\n\n") + "\n",
);
