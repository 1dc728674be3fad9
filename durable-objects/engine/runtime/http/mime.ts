/** Content types by file ending. */
import { lookup } from "../../core/lookup.ts";
const types: Record<string, string> = lookup({
  html: "text/html",
  htm: "text/html",
  css: "text/css",
  txt: "text/plain",
  js: "application/javascript",
  json: "application/json",
  xml: "text/xml",
  svg: "image/svg+xml",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  ico: "image/x-icon",
  webp: "image/webp",
  wasm: "application/wasm",
  pdf: "application/pdf",
  zip: "application/zip",
});
export function mimeType(path: string, otherwise: string): string {
  const ending = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase();
  return (ending && types[ending]) ?? otherwise;
}
