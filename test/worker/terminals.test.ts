import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import type { Ran } from "../../durable-objects/sessions/runs.ts";
import { bearer, edge, make, post, stubOf } from "./edge.ts";
import { key, owner } from "./people/persons.ts";

const encoder = new TextEncoder();

/** A screen: what it was shown, and where it stands. */
async function screen(
  made: { id: string; secret: string },
  query = "",
  name = "main",
): Promise<{
  socket: WebSocket;
  heads: {
    position: number;
    cols: number;
    rows: number;
    lost?: boolean;
    dropped?: number;
    exitCode?: number;
  }[];
  text(): string;
  position(): number;
  until(wanted: string | (() => boolean)): Promise<void>;
  type(keys: string): void;
}> {
  const size = query.includes("cols=") ? "" : "cols=80&rows=24";
  const response = await edge(`/api/sandboxes/${made.id}/terminals/${name}?${size}${query}`, {
    headers: { ...bearer(made.secret), upgrade: "websocket" },
  });
  if (response.status !== 101) throw new Error(`${response.status} ${await response.text()}`);
  const socket = response.webSocket!;
  socket.binaryType = "arraybuffer";
  const heads: Awaited<ReturnType<typeof screen>>["heads"] = [];
  let shown = "";
  let at = 0;
  const waiting = new Set<() => void>();
  socket.addEventListener("message", ({ data }) => {
    if (typeof data === "string") {
      heads.push(JSON.parse(data) as (typeof heads)[number]);
      at = heads.at(-1)!.position;
    } else {
      shown += new TextDecoder().decode(data as ArrayBuffer);
      at += (data as ArrayBuffer).byteLength;
    }
    for (const look of waiting) look();
  });
  socket.addEventListener("close", () => {
    for (const look of waiting) look();
  });
  socket.accept();
  return {
    socket,
    heads,
    text: () => shown,
    position: () => at,
    until: (wanted) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (typeof wanted === "string" ? !shown.includes(wanted) : !wanted()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    type: (keys) => socket.send(encoder.encode(keys)),
  };
}

const run = async (made: { id: string; secret: string }, body: unknown): Promise<Ran> => {
  const response = await edge(`/api/sandboxes/${made.id}/run`, {
    ...post(body),
    headers: { ...post(body).headers, ...bearer(made.secret) },
  });
  const said = await response.json<Ran & { detail?: string }>();
  if (response.status !== 200) throw new Error(`${response.status} ${said.detail}`);
  return said;
};

test("run answers what a line printed, with its input and its exit code", async () => {
  const made = await make();
  expect(await run(made, { command: "hostname; whoami; echo oops >&2; exit 3" })).toEqual({
    stdout: "control-plane\nroot\n",
    stderr: "oops\n",
    exitCode: 3,
  });
  const stdin = "b\na\n".repeat(20_000);
  expect(await run(made, { command: "sort | uniq -c", stdin })).toMatchObject({
    stdout: "  20000 a\n  20000 b\n",
    exitCode: 0,
  });
  expect(await run(made, { command: "sleep 0.05; echo late" })).toMatchObject({ stdout: "late\n" });
});

test("run ends what takes too long and what prints without end, and says so", async () => {
  const made = await make();
  const late = await run(made, { command: "echo begun; sleep 100", timeoutSeconds: 1 });
  expect(late).toMatchObject({ stdout: "begun\n", exitCode: 124 });
  const flood = await run(made, { command: "yes" });
  expect(flood.exitCode).toBe(137);
  expect(flood.stderr).toBe("printed more than 1048576 bytes: killed\n");
  expect(await run(made, { command: "ps -ef | grep -c [y]es" })).toMatchObject({ stdout: "0\n" });
  await expect(run(made, { command: 7 })).rejects.toThrow("400 command must be a text");
});

test("two screens show one terminal, and what was printed before", async () => {
  const made = await make();
  const first = await screen(made);
  await first.until(() => first.heads.length > 0);
  expect(first.heads[0]).toEqual({ position: 0, cols: 80, rows: 24 });
  first.type("echo $((6*7))\r");
  await first.until("42\r\n");
  const second = await screen(made);
  await second.until("42\r\n");
  second.type("echo from the second\r");
  await first.until("\x1b[?2004l\rfrom the second\r\n");
  await second.until(() => second.position() === first.position());
  expect(second.text()).toBe(first.text());
  first.socket.close();
  const third = await screen(made, `&position=${first.position()}`);
  await third.until(() => third.heads.length > 0);
  expect(third.text()).toBe("");
  expect(third.heads[0]?.position).toBe(first.position());
  second.socket.close();
  third.socket.close();
});

test("a terminal is as large as the smallest screen that shows it", async () => {
  const made = await make();
  const first = await screen(made);
  const second = await screen(made);
  second.socket.send(JSON.stringify({ resize: { cols: 60, rows: 30 } }));
  await first.until(() => first.heads.some(({ cols, rows }) => cols === 60 && rows === 24));
  first.type("stty size\r");
  await first.until("24 60\r\n");
  second.socket.send("no JSON");
  await new Promise((closed) => second.socket.addEventListener("close", closed));
});

test("a screen goes on where it stood when the object had lost its memory", async () => {
  const made = await make();
  const stub = stubOf(made);
  const shown = await screen(made);
  shown.type("for i in 1 2 3; do echo n$i; sleep 0.2; done; echo o");
  await shown.until("echo o");
  await evictDurableObject(stub, { webSockets: "hibernate" });
  shown.type("ver\r");
  await shown.until("n3\r\n");
  await evictDurableObject(stub, { webSockets: "hibernate" });
  shown.type("echo again\r");
  await shown.until("\x1b[?2004l\ragain\r\n");
  expect(shown.text()).toContain("n1\r\nn2\r\nn3\r\nover\r\n");
  expect(shown.text().split("n2\r\n").length).toBe(2);
});

test("terminals are listed and closed; the end of a shell is told, and it begins again", async () => {
  const made = await make();
  const headers = bearer(made.secret);
  const shown = await screen(made);
  await shown.until("# ");
  const list = await edge(`/api/sandboxes/${made.id}/terminals`, { headers });
  expect(await list.json()).toMatchObject({
    terminals: [{ name: "main", machine: "node/control-plane", cols: 80, rows: 24 }],
  });
  shown.type("exit 3\r");
  await shown.until(() => shown.heads.some(({ exitCode }) => exitCode === 3));
  const again = await screen(made, `&position=${shown.position()}`);
  await again.until("# ");
  const path = `/api/sandboxes/${made.id}/terminals/main`;
  const closed = new Promise((resolve) => again.socket.addEventListener("close", resolve));
  expect((await edge(path, { method: "DELETE", headers })).status).toBe(204);
  await closed;
  expect((await edge(path, { method: "DELETE", headers })).status).toBe(404);
});

test("a screen that shows nothing is held back, and others are not", async () => {
  const made = await make();
  const slow = await screen(made);
  await slow.until("# ");
  slow.type("seq 1 200000\r");
  const quick = await screen(made);
  const acknowledge = setInterval(
    () => quick.socket.send(JSON.stringify({ shown: quick.position() })),
    5,
  );
  await quick.until("\r\n200000\r\n");
  clearInterval(acknowledge);
  expect(slow.text().length).toBeLessThan(300_000);
  slow.socket.send(JSON.stringify({ shown: slow.position() }));
  await slow.until("\r\n200000\r\n");
  expect(slow.heads.at(-1)).toMatchObject({ lost: true });
});

test("whoever may not use the sandbox sees no terminal, and what was open ends with the key", async () => {
  const { person, made } = await owner();
  const viewer = await key(person.headers, made.id, "viewer");
  await expect(screen({ id: made.id, secret: viewer.secret })).rejects.toThrow("403");
  const editor = await key(person.headers, made.id, "editor");
  const shown = await screen({ id: made.id, secret: editor.secret });
  await shown.until("# ");
  const closed = new Promise<CloseEvent>((resolve) =>
    shown.socket.addEventListener("close", resolve),
  );
  const path = `/api/sandboxes/${made.id}/keys/${editor.id}`;
  await edge(path, { method: "DELETE", headers: person.headers });
  expect(await closed).toMatchObject({ code: 1008, reason: "this access has ended" });
  await runInDurableObject(stubOf(made), (_object, state) => {
    expect(state.getWebSockets().filter(({ readyState }) => readyState === 1)).toEqual([]);
  });
});

test("what is going on at a terminal goes on when the object has lost its memory behind every step", async () => {
  const made = await make();
  const stub = stubOf(made);
  const shown = await screen(made);
  await shown.until("# ");
  const steps: [keys: string, until: string][] = [
    ["cat <<E\r", "> "],
    ["one\rtw", "> tw"],
    ["o\rE\r", "\x1b[?2004l\rone\r\ntwo\r\n"],
    ["ssh node-1\r", "root@node-1:~# "],
    ["x=hi; host", "host"],
    ["name; echo $x\r", "\x1b[?2004l\rnode-1\r\nhi\r\n"],
    ["exit\r", "Connection to node-1 closed.\r\n"],
    ["kubectl get nodes -w\r", "node-2 "],
    ["\x03", "^C"],
    ["echo $((40+", "40+"],
    ["2))\r", "\x1b[?2004l\r42\r\n"],
  ];
  for (const [keys, until] of steps) {
    const before = shown.text().length;
    shown.type(keys);
    await shown.until(() => shown.text().slice(before).includes(until));
    await evictDurableObject(stub, { webSockets: "hibernate" });
  }
  const again = await screen(made);
  await again.until(() => again.position() >= shown.position());
  expect(again.text().slice(0, shown.text().length)).toBe(shown.text());
});

test("sizes, terminals and pastes beyond what there is are refused, and said", async () => {
  const made = await make();
  await expect(screen(made, "&cols=10000&rows=10000")).rejects.toThrow("400 ");
  const first = await screen(made, "&cols=1&rows=1");
  await first.until(() => first.heads.length > 0);
  for (let i = 1; i < 20; i++) await screen(made, "", `t${i}`);
  await expect(screen(made, "", "t20")).rejects.toThrow(
    "a sandbox has at most 20 terminals: close one",
  );
  const other = await screen(made, "", "t1");
  await other.until("# ");
  other.type("sleep 100\r");
  for (let i = 0; i < 60; i++) other.type("n\n".repeat(25_000));
  await other.until(() => other.heads.some(({ dropped }) => (dropped ?? 0) > 0));
  const neighbour = await screen(made, "", "t2");
  await neighbour.until("# ");
  neighbour.type("echo o\r");
  await neighbour.until("\x1b[?2004l\ro\r\n");
});
