import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { bearer, edge, inside, kube, lineReader, make, post, stubOf, type Made } from "../edge.ts";

/** Sessions in workerd: what lives on when the object loses its memory, and what ends with a word. */

type Owned = Made & { secret: string };
const pods = "/api/v1/namespaces/default/pods";
let made: Owned;

const busybox = (name: string, script: string, more: object = {}): unknown => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: {
    restartPolicy: "Never",
    containers: [{ name: "c", image: "busybox", command: ["sh", "-c", script], ...more }],
  },
});

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_000 });
  made = await make({ seed: 21 });
});
afterEach(() => vi.useRealTimers());

/** Lets virtual time pass, alarm by alarm. */
async function pass(ms: number): Promise<void> {
  const stub = stubOf(made);
  const until = Date.now() + ms;
  for (let i = 0; i < 500; i++) {
    const due = await runInDurableObject(stub, (_object, state) => state.storage.getAlarm());
    if (due === null || due > until) break;
    if (due > Date.now()) vi.setSystemTime(due);
    await runDurableObjectAlarm(stub);
  }
  vi.setSystemTime(until);
}

async function running(name: string, script: string, more?: object): Promise<void> {
  expect((await kube(made, pods, post(busybox(name, script, more)))).status).toBe(201);
  await pass(10_000);
  const { status } = (await (await kube(made, `${pods}/${name}`)).json()) as {
    status: { phase: string };
  };
  expect(status.phase).toBe("Running");
}

interface Talk {
  socket: WebSocket;
  /** Channel and text of each message; `close CODE` last. */
  heard: string[];
  until(text: string): Promise<void>;
}

async function talk(path: string, protocol = "v5.channel.k8s.io"): Promise<Talk> {
  const response = await edge(`/sandboxes/${made.id}${pods}/${path}`, {
    headers: { ...bearer(made.secret), upgrade: "websocket", "sec-websocket-protocol": protocol },
  });
  const socket = response.webSocket;
  if (!socket) throw new Error(`${response.status} ${await response.text()}`);
  expect(response.headers.get("sec-websocket-protocol")).toBe(protocol);
  const heard: string[] = [];
  let wake = (): void => {};
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", ({ data }) => {
    const bytes = new Uint8Array(data as ArrayBuffer);
    heard.push(`${bytes[0]} ${new TextDecoder().decode(bytes.subarray(1))}`);
    wake();
  });
  socket.addEventListener("close", ({ code }) => {
    heard.push(`close ${code}`);
    wake();
  });
  socket.accept();
  const until = async (text: string): Promise<void> => {
    while (!heard.some((message) => message.includes(text)))
      await new Promise<void>((go) => (wake = go));
  };
  return { socket, heard, until };
}

const exec = (name: string, script: string, more = ""): string =>
  `${name}/exec?${["sh", "-c", script].map((w) => `command=${encodeURIComponent(w)}`).join("&")}&stdout=true${more}`;

test("output comes when virtual time passes, then the Status and a clean close", async () => {
  await running("p", "sleep 100000");
  const { heard, until } = await talk(exec("p", "echo a; sleep 5; echo b; exit 3"));
  await until("1 a");
  expect(heard).toEqual(["1 ", "1 a\n"]);
  await pass(6_000);
  await until("close");
  expect(heard[2]).toBe("1 b\n");
  expect(heard[3]).toContain('"reason":"NonZeroExitCode"');
  expect(heard[4]).toBe("close 1000");
});

test("input reaches the command, and [255, 0] ends it", async () => {
  await running("p", "sleep 100000");
  const { socket, until, heard } = await talk(exec("p", "cat; echo end", "&stdin=true"));
  socket.send(new TextEncoder().encode("\0typed\n"));
  await until("typed");
  socket.send(Uint8Array.of(255, 0));
  await until("close 1000");
  expect(heard.slice(1, 3)).toEqual(["1 typed\n", "1 end\n"]);
});

test("a followed log goes on through evictions and ends with its container", async () => {
  await running("p", "for i in 1 2 3 4; do echo line $i; sleep 20; done");
  const response = await edge(`/sandboxes/${made.id}${pods}/p/log?follow=true`, {
    headers: bearer(made.secret),
  });
  const lines = lineReader(response);
  expect(await lines.next()).toBe("line 1");
  for (const i of [2, 3, 4]) {
    await evictDurableObject(stubOf(made));
    await pass(20_000);
    expect(await lines.next()).toBe(`line ${i}`);
  }
  await pass(30_000);
  expect(await lines.next()).toBeUndefined();
});

test("a shell goes on where it stood, however often its object slept", async () => {
  await running("p", "sleep 100000");
  const { socket, heard, until } = await talk(exec("p", "exec sh", "&stdin=true&tty=true"));
  const type = (keys: string): void => socket.send(new TextEncoder().encode(`\0${keys}`));
  const sleep = (): Promise<unknown> =>
    evictDurableObject(stubOf(made), { webSockets: "hibernate" });
  type("x=41; echo $x is kept\r");
  await until("41 is kept");
  await sleep();
  // Another session is made and ended meanwhile: this one is nobody's orphan.
  await (await talk(exec("p", "echo beside"))).until("close 1000");
  await sleep();
  type("(sleep 20; echo late) & echo $((x+1))\r");
  await until("42");
  await sleep();
  await pass(25_000);
  await until("late");
  await sleep();
  type("exit 7\r");
  await until("close 1000");
  expect(heard.at(-2)).toContain('"message":"7"');
  expect(heard.filter((one) => one.includes("41 is kept\r\n")).length).toBe(1);
});

test("a client that goes away while the object sleeps takes its command along", async () => {
  await running("p", "sleep 100000");
  const first = await talk(exec("p", "exec sleep 4242", "&stdin=true&tty=true"));
  await first.until("1 ");
  await evictDurableObject(stubOf(made), { webSockets: "hibernate" });
  first.socket.close(1000);
  await first.until("close");
  const second = await talk(exec("p", "ps"));
  await second.until("close");
  expect(second.heard.join("")).not.toContain("4242");
});

test("input that its command has not read holds the object; what is read does not", async () => {
  await running("p", "sleep 100000");
  const isHeld = (): Promise<boolean> =>
    runInDurableObject(stubOf(made), (object) => {
      const { clients } = inside<{ clients: { sessions: { isHeld: boolean } } }>(object);
      return clients.sessions.isHeld;
    });
  const { socket, until } = await talk(exec("p", "sleep 100; cat | wc -c", "&stdin=true"));
  await until("1 ");
  expect(await isHeld()).toBe(false);
  for (let i = 0; i < 40; i++) socket.send(new Uint8Array(16 * 1024 + 1));
  socket.send(Uint8Array.of(255, 0));
  await vi.waitFor(async () => expect(await isHeld()).toBe(true));
  await pass(110_000);
  await until(`1 ${40 * 16 * 1024}`);
  await until("close 1000");
  expect(await isHeld()).toBe(false);
});

test("a session that says nothing for half an hour is ended, asleep or not", async () => {
  await running("p", "sleep 100000");
  const { heard, until } = await talk(exec("p", "exec sh", "&stdin=true&tty=true"));
  await until("1 ");
  await evictDurableObject(stubOf(made), { webSockets: "hibernate" });
  await pass(31 * 60_000);
  await until("close");
  expect(heard.at(-2)).toContain("the session was idle for 30 minutes");
});

test("when the sandbox is deleted a session hears why", async () => {
  await running("p", "sleep 100000");
  const { heard, until } = await talk(exec("p", "sleep 1000"));
  await edge(`/api/sandboxes/${made.id}`, { method: "DELETE", headers: bearer(made.secret) });
  await until("close");
  expect(heard.at(-2)).toContain("the sandbox was deleted");
});

test("a client that goes away takes its command along", async () => {
  await running("p", "sleep 100000");
  const first = await talk(exec("p", "exec sleep 4242", "&stdin=true&tty=true"));
  await first.until("1 ");
  first.socket.close(1000);
  await first.until("close");
  const second = await talk(exec("p", "ps"));
  await second.until("close");
  expect(second.heard.join("")).not.toContain("4242");
});

test("bytes that are no SPDY end a port-forward, and nothing else", async () => {
  await running("p", "sleep 100000");
  const { socket, until } = await talk("p/portforward", "SPDY/3.1+portforward.k8s.io");
  socket.send(new Uint8Array(64).fill(0xff));
  await until("close 1002");
  const { heard, until: ends } = await talk(exec("p", "echo fine"));
  await ends("close 1000");
  expect(heard[1]).toBe("1 fine\n");
});

test("a session ends with the object's memory, and so does what its terminal had started", async () => {
  await running("p", "i=0; while true; do echo $i; i=$((i+1)); sleep 1; done");
  const lost = await talk(exec("p", "exec sleep 4242", "&stdin=true&tty=true"));
  await lost.until("1 ");
  const before = await (await kube(made, `${pods}/p/log?tailLines=1`)).text();
  // A restart of the machine or a new version takes its memory, and the socket with it.
  await runInDurableObject(stubOf(made), (_object, state) => state.abort("restarted")).catch(
    () => {},
  );
  await lost.until("close");
  await pass(5_000);
  const after = await talk(exec("p", "ps; exit 0"));
  await after.until("close 1000");
  expect(after.heard.join("")).not.toContain("4242");
  // The container itself has counted on.
  expect(Number(await (await kube(made, `${pods}/p/log?tailLines=1`)).text())).toBe(
    Number(before) + 5,
  );
});
