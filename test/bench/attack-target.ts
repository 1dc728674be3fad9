/** Whom an attack is sent to, and how. */
import { request } from "node:http";

export interface Target {
  /** The server; the sandbox; its API's address; its key. */
  url: string;
  id: string;
  api: string;
  secret: string;
}

export interface Attack {
  name: string;
  /** What must be there first; not measured. */
  prepare?(target: Target): Promise<unknown>;
  /** Resolves when all is sent and answered with what came of it. */
  run(target: Target): Promise<string>;
  /** How long its consequences are watched. */
  afterMs?: number;
}

export const core = "/api/v1/namespaces/default";

/** Status and the answer's beginning: an attack may well be refused. */
export function send(
  { api }: Target,
  method: string,
  to: string,
  body: unknown,
  type = "application/json",
): Promise<string> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const length = Buffer.byteLength(text);
  const headers = { "content-type": type, "content-length": length, accept: "application/json" };
  return new Promise((resolve, reject) => {
    const sent = request(`${api}${to}`, { method, headers }, (answer) => {
      let heard = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => {
        if (heard.length < 2_000) heard += chunk;
      });
      const message = (): string => /"message":"((?:[^"\\]|\\.){0,80})/.exec(heard)?.[1] ?? "";
      answer.on("end", () => resolve(`${answer.statusCode} ${message()}`.trim()));
    });
    sent.on("error", reject);
    sent.end(text);
  });
}
