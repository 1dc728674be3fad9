/**
 * Stands between Playwright and a Firefox that lacks commands of WebDriver BiDi which Playwright sends to each context, whatever it
 * is asked for: those are answered here, as if done. Run in the place of the browser: FIREFOX ARGUMENTS...
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { WebSocket, WebSocketServer } from "ws";

/** Firefox ESR 153 does not know it. */
const unknown = ["emulation.setMediaFeaturesOverride"];
const listens = /^WebDriver BiDi listening on ws:\/\/127\.0\.0\.1:(\d+)/;

const [file, ...options] = process.argv.slice(2);
const firefox = spawn(file!, options, { stdio: ["inherit", "inherit", "pipe"] });
firefox.on("exit", (code) => process.exit(code ?? 1));
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => firefox.kill(signal));

createInterface(firefox.stderr).on("line", (line) => {
  const port = listens.exec(line)?.[1];
  if (port === undefined) return void console.error(line);
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 }, () => {
    const address = server.address() as { port: number };
    console.error(`WebDriver BiDi listening on ws://127.0.0.1:${address.port}`);
  });
  server.on("connection", (client, { url = "/" }) =>
    join(client, new WebSocket(`ws://127.0.0.1:${port}${url}`)),
  );
});

function join(client: WebSocket, browser: WebSocket): void {
  const early: string[] = [];
  browser.on("open", () => early.splice(0).forEach((text) => browser.send(text)));
  client.on("message", (data) => {
    const text = (data as Buffer).toString();
    const { id, method } = JSON.parse(text) as { id: number; method: string };
    if (unknown.includes(method)) {
      client.send(JSON.stringify({ type: "success", id, result: {} }));
    } else if (browser.readyState === WebSocket.OPEN) browser.send(text);
    else early.push(text);
  });
  browser.on("message", (data) => client.send((data as Buffer).toString()));
  browser.on("close", () => client.close());
  client.on("close", () => browser.close());
}
