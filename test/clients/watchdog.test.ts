import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, expect, test, vi, type MockInstance } from "vitest";
import { bundleWorker, type WorkerModules } from "../../scripts/bundle.ts";
import { startServer, type Server } from "../../scripts/server.ts";
import { killRuntimeOf } from "../helpers/runtime-process.ts";
import { eventually, makeSandbox, type Sandbox } from "../helpers/sandbox.ts";

/** What hangs the whole process is stopped once it has done so twice: the third start opens the sandbox. */

let script: WorkerModules;
/** State of the server under test. */
let folder = "";
let said: MockInstance<typeof console.log>;
beforeEach(() => {
  said = vi.spyOn(console, "log");
});
afterEach(() => said.mockRestore());
beforeAll(async () => {
  script = await bundleWorker("test/worker/planted-faults.ts");
});

interface Running {
  server: Server;
  sandbox: Sandbox;
  /** Undefined where nobody answers within two seconds. */
  ask(url: string, body?: object): Promise<unknown>;
}

async function withServer(body: (running: Running) => Promise<void>): Promise<void> {
  const statePath = mkdtempSync(path.join(tmpdir(), "podyard-watchdog-"));
  folder = statePath;
  const server = await startServer({ port: 0, host: "127.0.0.1", statePath, script });
  try {
    const sandbox = await makeSandbox(server.url, { seed: 1 });
    const ask = async (url: string, object?: object): Promise<unknown> => {
      const init = object && {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(object),
      };
      const signal = AbortSignal.timeout(2_000);
      const answer = await fetch(`${sandbox.apiServer}${url}`, { ...init, signal }).catch(() => {});
      return answer?.ok ? answer.json().catch(() => {}) : undefined;
    };
    await body({ server, sandbox, ask });
  } finally {
    killRuntimeOf(statePath);
    await server.stop();
    rmSync(statePath, { recursive: true, force: true });
  }
}

const pods = "/api/v1/namespaces/default/pods";
/** Waits for the next planted hang; then somebody gives up, and ends the process. What starts it again is the starter. */
async function giveUp(deaths: number): Promise<void> {
  const hung = (): Promise<number> =>
    Promise.resolve(said.mock.calls.filter(([text]) => /planted fault/.test(String(text))).length);
  await eventually(hung, (times) => times === deaths);
  await pause(3_500);
  expect(killRuntimeOf(folder)).toBe(true);
}
const opens = ({ ask }: Running): Promise<unknown> => eventually(() => ask(pods), Boolean, 60_000);
const messages = async ({ ask }: Running, url: string): Promise<string> => {
  const { items } = (await ask(url)) as { items: { reason: string; message: string }[] };
  return items.map(({ reason, message }) => `${reason} ${message}`).join("\n");
};

const pod = (name: string, command: string[]): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { containers: [{ name: "c", image: "busybox", command }] },
});

test("a program that never returns is killed, and the sandbox opens", async () => {
  await withServer(async (running) => {
    const { ask } = running;
    await ask(pods, pod("good", ["sleep", "3600"]));
    await ask(pods, pod("bad", ["sleep", "4321"]));
    await giveUp(1);
    await giveUp(2);
    await opens(running);
    const bad = await eventually(
      () => ask(`${pods}/bad`) as Promise<Record<string, any> | undefined>,
      (p) => JSON.stringify(p?.status.containerStatuses ?? "").includes('"exitCode":139'),
    );
    expect(bad).toBeDefined();
    expect(await messages(running, "/api/v1/namespaces/default/events")).toMatch(
      /ProcessStopped Killed process 1 \(sleep 4321\) of container c as of a segmentation fault/,
    );
    // Started again by its kubelet, it dies again, and alone.
    await pause(15_000);
    const good = (await ask(`${pods}/good`)) as { status: { phase: string } };
    expect(good.status.phase).toBe("Running");
  });
});

test("a reconcile that never returns is held back, and the sandbox opens", async () => {
  await withServer(async (running) => {
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "planted-hang" } };
    await running.ask("/api/v1/namespaces", namespace);
    await giveUp(1);
    await giveUp(2);
    await opens(running);
    const events = await messages(running, "/api/v1/events");
    expect(events).toMatch(/WorkHeldBack The service-?account\S* leaves planted-hang\S* alone/);
  });
});
