import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { WebSocket } from "ws";
import { findKubectls, skipNote } from "../helpers/kubectl.ts";
import { eventually } from "../helpers/sandbox.ts";

/** What a member has open over real sockets ends when their role is made smaller, or they are removed; what others have goes on. */

const binaries = findKubectls();
if (binaries.length === 0) skipNote("no kubectl >= 1.30 was found: a member's kubectl was not cut");

type Headers_ = Record<string, string>;
const pod = "/api/v1/namespaces/default/pods/box";
const web = "/api/v1/namespaces/default/pods/web";
const folder = mkdtempSync(path.join(tmpdir(), "podyard-members-"));
let url: string;
let id: string;
/** The owner's cookie. */
let owner: Headers_;

const json = { "content-type": "application/json" };

async function asks<T>(path: string, init: RequestInit, status: number): Promise<T> {
  const response = await fetch(url + path, init);
  const text = await response.text();
  if (response.status !== status) throw new Error(`${path}: ${response.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** As a page of ours. */
const browser = (response: Response): Headers_ => ({
  ...json,
  origin: url,
  cookie: response.headers.getSetCookie()[0]!.split(";")[0]!,
});

beforeAll(async () => {
  url = inject("url");
  const response = await fetch(`${url}/api/sandboxes`, {
    method: "POST",
    headers: json,
    body: JSON.stringify({ seed: 6, nodes: 1 }),
  });
  owner = browser(response);
  ({ id } = (await response.json()) as { id: string });
  await run("box", {
    image: "busybox",
    command: ["sh", "-c", "while true; do echo tick; sleep 1; done"],
  });
  await run("web", { image: "nginx" });
});

async function run(name: string, container: object): Promise<void> {
  const kube = `/sandboxes/${id}/api/v1/namespaces/default/pods`;
  const made = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { containers: [{ name: "c", ...container }] },
  };
  await asks(kube, { method: "POST", headers: owner, body: JSON.stringify(made) }, 201);
  await eventually(
    () => asks<{ status: { phase: string } }>(`${kube}/${name}`, { headers: owner }, 200),
    ({ status }) => status.phase === "Running",
  );
}
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Editor {
  id: string;
  headers: Headers_;
  /** Of a key of theirs. */
  secret: string;
  kubeconfig: string;
}

async function editor(): Promise<Editor> {
  const invited = await asks<{ url: string }>(
    `/api/sandboxes/${id}/invitations`,
    { method: "POST", headers: owner, body: JSON.stringify({ role: "editor" }) },
    201,
  );
  const secret = invited.url.slice(invited.url.lastIndexOf("/") + 1);
  const response = await fetch(`${url}/api/invitations/${secret}/accept`, {
    method: "POST",
    headers: json,
    body: "{}",
  });
  const headers = browser(response);
  const me = await asks<{ id: string }>("/api/me", { headers }, 200);
  const made = await asks<{ kubeconfig: string; apiServer: string }>(
    `/api/sandboxes/${id}/keys`,
    { method: "POST", headers, body: "{}" },
    201,
  );
  const file = path.join(folder, `${me.id}.yaml`);
  writeFileSync(file, made.kubeconfig);
  const key = /\/k\/([\w-]+)/.exec(made.apiServer)![1]!;
  return { id: me.id, headers, secret: key, kubeconfig: file };
}

interface Open {
  name: string;
  /** Whether it still goes on. */
  live: () => boolean;
}

function opened(name: string, ended: Promise<void>): Open {
  let live = true;
  void ended.then(() => (live = false));
  return { name, live: () => live };
}

/** It says something by itself, for which is waited. */
async function socket(
  name: string,
  path: string,
  headers: Headers_,
  protocol: string,
): Promise<Open> {
  const ws = new WebSocket(url.replace("http", "ws") + path, protocol, {
    headers,
  });
  await new Promise<void>((resolve, reject) => {
    ws.once("error", reject);
    ws.once("message", () => resolve());
    setTimeout(() => reject(new Error(`${name} says nothing`)), 15_000).unref();
  });
  ws.on("message", () => {});
  // Once it hears that it is closed; the connection itself may linger.
  return { name, live: () => ws.readyState === WebSocket.OPEN };
}

/** An endless answer over HTTP. */
async function stream(name: string, path: string, headers: Headers_): Promise<Open> {
  const response = await fetch(`${url}/sandboxes/${id}${path}`, { headers });
  expect([name, response.status]).toEqual([name, 200]);
  const reader = response.body!.getReader();
  await reader.read();
  const rest = async (): Promise<void> => {
    for (;;) if ((await reader.read().catch(() => ({ done: true }))).done) return;
  };
  return opened(name, rest());
}

/** A command that runs while its asker waits. */
async function line(name: string, path: string, headers: Headers_): Promise<Open> {
  const answer = fetch(url + path, {
    method: "POST",
    headers: { ...headers, ...json },
    body: JSON.stringify({ command: "sleep 200", timeoutSeconds: 200 }),
  });
  return opened(
    name,
    answer.then((response) => response.arrayBuffer()).then(() => {}),
  );
}

const running: ChildProcess[] = [];
afterAll(() => running.forEach((child) => child.kill("SIGKILL")));

/** A real kubectl, which must say `word` first. */
async function kubectl(
  name: string,
  args: string[],
  { kubeconfig }: Editor,
  word: string,
): Promise<Open> {
  const env = {
    ...process.env,
    KUBECONFIG: kubeconfig,
    KUBECTL_PORT_FORWARD_WEBSOCKETS: "true",
  };
  const child = spawn(binaries[0]!.file, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  running.push(child);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let said = "";
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      if (said.includes(word)) resolve();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", () => reject(new Error(`${name}: ${said}`)));
  });
  return opened(name, ended);
}

const bearer = ({ secret }: Editor): Headers_ => ({ authorization: `Bearer ${secret}` });
const pods = "/api/v1/namespaces/default/pods?watch=true";
const shell = "command=sh&command=-c&command=echo+begun%3Bsleep+1000&stdout=true";

async function everything(one: Editor): Promise<Open[]> {
  const both = [
    ["cookie", one.headers],
    ["key", bearer(one)],
  ] as const;
  const open: Promise<Open>[] = [];
  const [kube, own] = [`/sandboxes/${id}`, `/api/sandboxes/${id}`];
  for (const [by, headers] of both) {
    const named = (what: string): string => `${what} by ${by}`;
    open.push(
      stream(named("watch"), pods, headers),
      socket(named("watch over a socket"), kube + pods, headers, "binary.k8s.io"),
      stream(named("log"), `${pod}/log?follow=true`, headers),
      socket(named("exec"), `${kube}${pod}/exec?${shell}`, headers, "v5.channel.k8s.io"),
      socket(named("attach"), `${kube}${pod}/attach?stdout=true`, headers, "v5.channel.k8s.io"),
      socket(
        named("terminal"),
        `${own}/terminals/t-${by}-${one.id.slice(0, 8)}`,
        headers,
        "terminal.podyard.dev",
      ),
      line(named("line"), `${own}/run`, headers),
      socket(
        named("port-forward"),
        `${kube}${web}/portforward?ports=80`,
        headers,
        "v4.channel.k8s.io",
      ),
    );
  }
  if (binaries.length > 0) {
    open.push(
      kubectl(
        "kubectl exec",
        ["exec", "box", "--", "sh", "-c", "echo begun; sleep 1000"],
        one,
        "begun",
      ),
      kubectl("kubectl attach", ["attach", "box"], one, "tick"),
      kubectl("kubectl port-forward", ["port-forward", "web", ":80"], one, "Forwarding"),
      kubectl("kubectl get -w", ["get", "pods", "-w"], one, "box"),
      kubectl("kubectl logs -f", ["logs", "-f", "box"], one, "tick"),
    );
  }
  return Promise.all(open);
}

const allEnded = (open: Open[]): Promise<string[]> =>
  eventually(
    () => Promise.resolve(open.filter(({ live }) => live()).map(({ name }) => name)),
    (left) => left.length === 0,
    20_000,
  );

const endings = {
  "is made a viewer": (one: Editor) =>
    asks(
      `/api/sandboxes/${id}/members/${one.id}`,
      { method: "PATCH", headers: owner, body: JSON.stringify({ role: "viewer" }) },
      204,
    ),
  "is removed": (one: Editor) =>
    asks(`/api/sandboxes/${id}/members/${one.id}`, { method: "DELETE", headers: owner }, 204),
  leaves: (one: Editor) =>
    asks(`/api/sandboxes/${id}/members/me`, { method: "DELETE", headers: one.headers }, 204),
};

describe.each(Object.entries(endings))("a member who %s", (what, end) => {
  test("has nothing open any more, and others have", { timeout: 60_000 }, async () => {
    const [one, other] = [await editor(), await editor()];
    const theirs = await everything(one);
    const others = await everything(other);
    expect(theirs.length).toBe(binaries.length > 0 ? 21 : 16);
    await end(one);
    await allEnded(theirs);
    expect(others.filter(({ live }) => !live()).map(({ name }) => name)).toEqual([]);
    const again = async (path: string, headers: Headers_): Promise<number> => {
      const response = await fetch(`${url}/sandboxes/${id}${path}`, { headers });
      await response.body?.cancel();
      return response.status;
    };
    const stays = what === "is made a viewer";
    expect(await again("/api/v1/pods", one.headers)).toBe(stays ? 200 : 404);
    expect(await again("/api/v1/secrets", one.headers)).toBe(stays ? 403 : 404);
    expect(await again("/api/v1/pods", bearer(one))).toBe(401);
    const refused = await socket(
      "exec",
      `/sandboxes/${id}${pod}/exec?${shell}`,
      one.headers,
      "v5.channel.k8s.io",
    ).catch((error: Error) => error.message);
    expect(refused).toBe(`Unexpected server response: ${stays ? 403 : 404}`);
    await asks(
      `/api/sandboxes/${id}/members/${other.id}`,
      { method: "DELETE", headers: owner },
      204,
    );
    await allEnded(others);
  });
});
