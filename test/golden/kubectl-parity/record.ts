/**
 * Records what real kubectl says: `node test/golden/kubectl-parity/record.ts [LIST...]`, all lists without one. `KUBECTL` names
 * the binary (default: `kubectl` of PATH), whose release is the cluster's. `--sandbox` makes the cluster's snapshot anew first.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { execFileSync } from "node:child_process";
import type { AddressInfo } from "node:net";
import path from "node:path";
import type { EngineResponse } from "../../../durable-objects/engine/ports/request.ts";
import { World } from "../../helpers/world.ts";
import { frozen, labFiles, makeFrozen, sandboxFile } from "./frozen.ts";
import { moved, movedBody, shown } from "./moved-times.ts";
import { folder, keep, lists, linesOf, normal, type Said } from "./transcript.ts";

let world: World;
/** From the cluster's time to the machine's, ms: the real one reckons ages by the machine's clock. */
let shift = 0;

function headersOf({ rawHeaders }: IncomingMessage): Record<string, string> {
  const out: Record<string, string> = {};
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    const value = rawHeaders[i + 1] as string;
    const gap = name === "impersonate-group" ? "\n" : ", ";
    out[name] = name in out ? `${out[name]}${gap}${value}` : value;
  }
  delete out["authorization"];
  delete out["accept-encoding"];
  // Times can be moved in JSON alone.
  const accepts = (out["accept"] ?? "").split(/, */);
  const json = accepts.filter((type) => type !== "application/vnd.kubernetes.protobuf");
  if (json.length > 0) out["accept"] = json.join(",");
  return out;
}

function send(answer: EngineResponse, response: ServerResponse): void {
  if (answer.type === "reply") {
    response.writeHead(answer.status, answer.headers);
    response.end(movedBody(answer.body, answer.headers, shift));
  } else if (answer.type === "watch") {
    // Nothing happens while time stands: what there is, and the end.
    response.writeHead(200, answer.headers);
    response.end(moved(answer.lines.join(""), shift));
  } else if (answer.type === "follow") {
    response.writeHead(200, answer.headers);
    response.end(answer.text);
  } else response.writeHead(501).end();
}

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    const [pathname = "/", query = ""] = (request.url ?? "/").split("?");
    const body = Buffer.from(movedBody(Buffer.concat(parts), request.headers, -shift));
    world.engine.look(world.now);
    const answer = world.engine.handle(
      {
        method: request.method ?? "GET",
        path: pathname,
        query,
        headers: headersOf(request),
        ...(body.length ? { body: new Uint8Array(body) } : {}),
      },
      world.now,
    );
    send(answer, response);
  });
});

function kubeconfig(port: number): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "parity",
    clusters: [{ name: "parity", cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: "parity", user: {} }],
    contexts: [{ name: "parity", context: { cluster: "parity", user: "parity" } }],
  });
}

async function run(line: string, port: number): Promise<Said> {
  const begin = Math.ceil(Date.now() / 1000) * 1000;
  await new Promise((resolve) => setTimeout(resolve, begin - Date.now()));
  shift = begin - Math.floor(world.engine.virtualNow / 1000) * 1000;
  const home = mkdtempSync("/tmp/parity-");
  const work = path.join(home, "w");
  mkdirSync(work);
  mkdirSync(path.join(home, ".kube"));
  mkdirSync(path.join(home, "bin"));
  writeFileSync(path.join(home, ".kube/config"), kubeconfig(port));
  for (const { name, text } of labFiles()) writeFileSync(path.join(work, name), text);
  const binary = process.env["KUBECTL"] ?? execFileSync("which", ["kubectl"]).toString().trim();
  symlinkSync(binary, path.join(home, "bin/kubectl"));
  return new Promise((resolve) => {
    const child = spawn("bash", ["-c", line], {
      cwd: work,
      env: { PATH: `${home}/bin:/usr/bin:/bin`, HOME: home, TZ: "UTC" },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    // With all that the line has started: an editor's loop has no end.
    const limit = setTimeout(() => process.kill(-(child.pid as number), "SIGKILL"), 30_000);
    child.on("close", (code) => {
      clearTimeout(limit);
      rmSync(home, { recursive: true, force: true });
      const gone = (text: string): string => normal(text.replaceAll(`${home}/w`, "/tmp/w").replaceAll(home, "/root"));
      resolve({ line, stdout: shown(gone(stdout), shift), stderr: shown(gone(stderr), shift), code: code ?? 137 });
    });
  });
}

const args = process.argv.slice(2);
if (args.includes("--sandbox")) writeFileSync(sandboxFile, makeFrozen());
const wanted = args.filter((arg) => !arg.startsWith("--"));
mkdirSync(path.join(folder, "recorded"), { recursive: true });
server.listen(0, "127.0.0.1", async () => {
  const { port } = server.address() as AddressInfo;
  for (const list of wanted.length ? wanted : lists()) {
    const said: Said[] = [];
    world = frozen(list);
    let { rv } = world.engine.store;
    for (const line of linesOf(list)) {
      if (world.engine.store.rv !== rv) {
        world = frozen(list);
        ({ rv } = world.engine.store);
      }
      said.push(await run(line, port));
    }
    keep(list, said);
    process.stdout.write(`${list}: ${said.length} lines\n`);
  }
  server.close();
  server.closeAllConnections();
});
