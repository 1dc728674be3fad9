import { beforeAll, expect, inject, test } from "vitest";
import { WebSocket } from "ws";
import { decodeProtobuf } from "../../durable-objects/engine/schema/protobuf.ts";
import { eventually, makeSandbox } from "../helpers/sandbox.ts";

/** Watches and logs over WebSockets by a bare client: what a Java client's informers and a browser's live views hear. */

let server: string;
let secret: string;
const configMaps = "/api/v1/namespaces/default/configmaps";

beforeAll(async () => {
  const sandbox = await makeSandbox(inject("url"), { seed: 6, nodes: 1 });
  server = sandbox.apiServer;
  secret = sandbox.url.slice(sandbox.url.indexOf("#k=") + 3);
  for (const name of ["one", "two"]) await create(name);
});

const create = (name: string): Promise<Response> =>
  fetch(`${server}${configMaps}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ metadata: { name }, data: { name } }),
  });

interface Heard {
  socket: WebSocket;
  messages: (string | Buffer)[];
  closed: Promise<number>;
  protocol: Promise<string>;
  refused: Promise<number>;
}

function listen(
  path: string,
  protocols: string[] = [],
  headers: Record<string, string> = {},
): Heard {
  const socket = new WebSocket(`${server.replace("http", "ws")}${path}`, protocols, { headers });
  const messages: (string | Buffer)[] = [];
  socket.on("message", (data: Buffer, binary: boolean) =>
    messages.push(binary ? data : data.toString()),
  );
  const closed = new Promise<number>((resolve) => socket.on("close", resolve));
  const protocol = new Promise<string>((resolve, reject) => {
    socket.on("open", () => resolve(socket.protocol));
    socket.on("error", reject);
  });
  protocol.catch(() => {});
  const refused = new Promise<number>((resolve) =>
    socket.on("unexpected-response", (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    }),
  );
  return { socket, messages, closed, protocol, refused };
}

interface Event {
  type: string;
  object: {
    kind: string;
    metadata: { name?: string };
    code?: number;
    columnDefinitions?: unknown[];
    rows?: { cells: unknown[] }[];
  };
}
const event = (message: string | Buffer): Event => JSON.parse(message as string) as Event;
const names = ({ messages }: Heard): string[] =>
  messages.map(event).map(({ type, object }) => `${type} ${object.metadata.name ?? object.kind}`);
const seen = (heard: Heard, ...want: string[]): Promise<unknown> =>
  eventually(
    async () => names(heard),
    (all) => want.every((name) => all.includes(name)),
  );

test("an event is a text message of its own, and the time-out ends the watch", async () => {
  const watch = listen(`${configMaps}?watch=true&timeoutSeconds=3`);
  expect(await watch.protocol).toBe("");
  await seen(watch, "ADDED one", "ADDED two");
  // Nobody listens to what a client says.
  watch.socket.send("podyard");
  watch.socket.ping();
  await create("three");
  await seen(watch, "ADDED three");
  expect(await watch.closed).toBe(1000);
  expect(new Set(names(watch)).size).toBe(watch.messages.length);
});

test("whatever single subprotocol is offered comes back, and means nothing", async () => {
  for (const name of ["base64.binary.k8s.io", "binary.k8s.io", "v1.something"]) {
    const watch = listen(`${configMaps}?watch=1&timeoutSeconds=60`, [name]);
    expect(await watch.protocol).toBe(name);
    await seen(watch, "ADDED one");
    watch.socket.close();
    expect(await watch.closed).toBeGreaterThan(999);
  }
  const two = listen(`${configMaps}?watch=1`, ["binary.k8s.io", "base64.binary.k8s.io"]);
  expect(await two.refused).toBe(400);
});

test("the deprecated paths and spellings of a watch are served alike", async () => {
  for (const path of [
    "/api/v1/watch/namespaces/default/configmaps?timeoutSeconds=60",
    `${configMaps}?%77atch=true&timeoutSeconds=60`,
  ]) {
    const watch = listen(path, [], { "podyard-edge": "%7B%22bridge%22%3A%22websocket%22%7D" });
    await seen(watch, "ADDED one", "ADDED two");
    watch.socket.terminate();
    const answer = await fetch(`${server}${path}`);
    expect(answer.status).toBe(200);
    await answer.body?.cancel();
  }
});

test("bookmarks, a forgotten revision and Tables", async () => {
  const options = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=1";
  const list = listen(`${configMaps}?watch=true&${options}`);
  await seen(list, "ADDED one", "ADDED two", "BOOKMARK ConfigMap");
  list.socket.close();
  const future = listen(`${configMaps}?watch=true&resourceVersion=99999999&${options}`);
  const code = (): number | undefined => future.messages.map(event)[0]?.object.code;
  await eventually(async () => code(), Boolean);
  expect([names(future), code()]).toEqual([["ERROR Status"], 504]);
  expect(await future.closed).toBe(1000);
  const table = listen(`${configMaps}?watch=true&timeoutSeconds=60`, [], {
    accept: "application/json;as=Table;v=v1;g=meta.k8s.io",
  });
  await eventually(
    async () => table.messages.length,
    (count) => count >= 2,
  );
  const [first, second] = table.messages.map((message) => event(message).object);
  expect(first?.kind).toBe("Table");
  expect([first?.columnDefinitions?.length, second?.columnDefinitions]).toEqual([3, null]);
  table.socket.close();
});

test("a watch in protobuf: frames after their lengths over HTTP, a binary message each over WebSocket", async () => {
  const accept = "application/vnd.kubernetes.protobuf;stream=watch";
  const path = `${configMaps}?watch=true&timeoutSeconds=2&fieldSelector=metadata.name=one`;
  const answer = await fetch(`${server}${path}`, { headers: { accept: accept.split(";")[0]! } });
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, accept]);
  const [first, ...rest] = frames(Buffer.from(await answer.arrayBuffer()));
  // WatchEvent: field 1 the type, field 2 a RawExtension, whose field 1 is a whole body.
  expect(first?.subarray(0, 7).toString()).toBe("\n\x05ADDED");
  const body = first?.subarray(first.indexOf("k8s\0"));
  expect(decodeProtobuf(body!).value).toMatchObject({ kind: "ConfigMap", data: { name: "one" } });
  expect(rest).toEqual([]);
  const socket = listen(path, [], { accept: accept.split(";")[0]! });
  await socket.closed;
  expect(socket.messages).toEqual([first]);
});

function frames(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) {
    found.push(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at)));
  }
  return found;
}

test("what is refused is refused as over plain HTTP", async () => {
  expect(await listen("/api/v1/namespaces/default/nonsense?watch=true").refused).toBe(404);
  expect(await listen(`${configMaps}?watch=true&fieldSelector=a=b`).refused).toBe(400);
});

test("a page's token stands in a subprotocol, which is not said back", async () => {
  const { origin, pathname } = new URL(server);
  const id = pathname.split("/")[2];
  const encoded = Buffer.from("not a token").toString("base64url");
  const wrong = `base64url.bearer.authorization.k8s.io.${encoded}`;
  // Beside the key in the path a token is the cluster's: one that it does not know opens nothing.
  const path = `${configMaps}?watch=true&timeoutSeconds=60`;
  expect(await listen(path, ["base64.binary.k8s.io", wrong]).refused).toBe(401);
  const key = `base64url.bearer.authorization.k8s.io.${Buffer.from(secret).toString("base64url")}`;
  const right = listen(path, ["base64.binary.k8s.io", key]);
  expect(await right.protocol).toBe("base64.binary.k8s.io");
  right.socket.close();
  const bare = new WebSocket(`${origin.replace("http", "ws")}/sandboxes/${id}${path}`, [
    key,
    "base64.binary.k8s.io",
  ]);
  const protocol = await new Promise((resolve, reject) => {
    bare.on("open", () => resolve(bare.protocol));
    bare.on("error", reject);
  });
  expect(protocol).toBe("base64.binary.k8s.io");
  bare.close();
});

test("a log over a WebSocket: binary without a subprotocol, base64 where asked, ended with the container", async () => {
  await fetch(`${server}/api/v1/namespaces/default/pods`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      metadata: { name: "say" },
      spec: {
        restartPolicy: "Never",
        containers: [
          { name: "c", image: "busybox", command: ["sh", "-c", "echo a; sleep 6; echo ü"] },
        ],
      },
    }),
  });
  const pod = "/api/v1/namespaces/default/pods/say";
  await eventually(
    async () => (await fetch(`${server}${pod}`)).json() as Promise<{ status?: { phase?: string } }>,
    ({ status }) => status?.phase === "Running",
  );
  const plain = listen(`${pod}/log?follow=true`);
  const base64 = listen(`${pod}/log?follow=true`, ["base64.binary.k8s.io"]);
  expect(await listen(`${pod}/log?follow=true`, ["nonsense"]).refused).toBe(403);
  expect(await listen(`${pod}/log`, ["nonsense"]).refused).toBe(403);
  expect([await plain.protocol, await base64.protocol]).toEqual(["", "base64.binary.k8s.io"]);
  await Promise.all([plain.closed, base64.closed]);
  expect(Buffer.concat(plain.messages as Buffer[]).toString()).toBe("a\nü\n");
  const decoded = base64.messages.map((text) => Buffer.from(text as string, "base64"));
  expect(Buffer.concat(decoded).toString()).toBe("a\nü\n");
  const whole = listen(`${pod}/log`);
  await whole.closed;
  expect(Buffer.concat(whole.messages as Buffer[]).toString()).toBe("a\nü\n");
});
