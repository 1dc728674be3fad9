import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough, Writable } from "node:stream";
import * as k8s from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { WebSocket } from "ws";
import { eventually, makeSandbox } from "../helpers/sandbox.ts";

/** Sessions by the official JavaScript client, and the older subprotocols by a bare WebSocket. */

let config: k8s.KubeConfig;
let core: k8s.CoreV1Api;
let server: string;
const namespace = "default";

beforeAll(async () => {
  const sandbox = await makeSandbox(inject("url"), { seed: 5, nodes: 1 });
  server = sandbox.apiServer;
  config = new k8s.KubeConfig();
  config.loadFromString(sandbox.kubeconfig);
  core = config.makeApiClient(k8s.CoreV1Api);
  await core.createNamespacedPod({
    namespace,
    body: { metadata: { name: "web" }, spec: { containers: [{ name: "c", image: "nginx" }] } },
  });
  await eventually(
    () => core.readNamespacedPod({ name: "web", namespace }),
    ({ status }) => status?.phase === "Running",
  );
});

class Sink extends Writable {
  text = "";
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

const exec = async (
  command: string[],
  stdin: PassThrough | null = null,
): Promise<[string, string, k8s.V1Status]> => {
  const [out, err] = [new Sink(), new Sink()];
  const status = await new Promise<k8s.V1Status>((resolve, reject) => {
    new k8s.Exec(config)
      .exec(namespace, "web", "c", command, out, err, stdin, false, resolve)
      .catch(reject);
  });
  return [out.text, err.text, status];
};

test("exec", async () => {
  const [out, err, status] = await exec(["sh", "-c", "echo out; echo err >&2; exit 4"]);
  expect([out, err]).toEqual(["out\n", "err\n"]);
  expect(status).toMatchObject({
    status: "Failure",
    reason: "NonZeroExitCode",
    details: { causes: [{ message: "4" }] },
  });
});

test("exec with standard input that ends", async () => {
  const stdin = new PassThrough();
  stdin.end("typed\n");
  const [out, , status] = await exec(["cat"], stdin);
  expect([out, status.status]).toEqual(["typed\n", "Success"]);
});

test("a terminal's size, at the beginning and when it changes", async () => {
  const out = Object.assign(new Sink(), { rows: 40, columns: 100 });
  const typed = new PassThrough();
  const status = new Promise<k8s.V1Status>((resolve, reject) => {
    new k8s.Exec(config)
      .exec(namespace, "web", "c", ["sh"], out, null, typed, true, resolve)
      .catch(reject);
  });
  const shows = async (size: string): Promise<void> => {
    await eventually(
      () => {
        typed.write("stty size\n");
        return Promise.resolve(out.text);
      },
      (text) => text.includes(size),
    );
  };
  await shows("40 100");
  Object.assign(out, { rows: 50, columns: 120 }).emit("resize");
  await shows("50 120");
  typed.write("exit\n");
  expect((await status).status).toBe("Success");
});

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

test("copies to a Pod and from it", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "podyard-cp-"));
  // The client still sets the file's mode when its bytes are there.
  folders.push(folder);
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
  mkdirSync(path.join(folder, "from/sub"), { recursive: true });
  writeFileSync(path.join(folder, "from/sub/file"), bytes);
  const cp = new k8s.Cp(config);
  await cp.cpToPod(namespace, "web", "c", path.join(folder, "from"), "/mnt");
  const sum = createHash("md5").update(bytes).digest("hex");
  await eventually(
    () => exec(["md5sum", "/mnt/sub/file"]),
    ([out]) => out === `${sum}  /mnt/sub/file\n`,
  );
  await cp.cpFromPod(namespace, "web", "c", "sub", path.join(folder, "to"), "/mnt");
  const copied = path.join(folder, "to/sub/file");
  await eventually(
    () => Promise.resolve(existsSync(copied) && readFileSync(copied).equals(bytes)),
    (same) => same,
  );
});

test("log", async () => {
  const sink = new Sink();
  await new k8s.Log(config).log(namespace, "web", "c", sink, { tailLines: 1 });
  await eventually(
    () => Promise.resolve(sink.text),
    (text) => text.endsWith("\n"),
  );
});

test("port-forward", async () => {
  const forward = new k8s.PortForward(config);
  const local = net.createServer(
    (socket) => void forward.portForward(namespace, "web", [80], socket, null, socket),
  );
  await new Promise<void>((done) => local.listen(0, "127.0.0.1", done));
  try {
    const { port } = local.address() as net.AddressInfo;
    const page = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
    expect(await page.text()).toContain("Welcome to nginx!");
  } finally {
    local.close();
  }
});

interface Heard {
  protocol: string;
  messages: (Buffer | string)[];
  code: number;
}

function talk(path: string, protocols: string[], say: (string | Buffer)[] = []): Promise<Heard> {
  const socket = new WebSocket(
    `${server.replace(/^http/, "ws")}/api/v1/namespaces/default/pods/web/${path}`,
    protocols,
  );
  const messages: (Buffer | string)[] = [];
  socket.on("open", () => say.forEach((message) => socket.send(message)));
  socket.on("message", (data, binary) =>
    messages.push(binary ? (data as Buffer) : (data as Buffer).toString()),
  );
  return new Promise((resolve, reject) => {
    socket.on("unexpected-response", (_request, response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => reject(new Error(`${response.statusCode} ${text}`)));
    });
    socket.on("error", reject);
    socket.on("close", (code) => resolve({ protocol: socket.protocol, messages, code }));
  });
}

const run = (script: string): string =>
  `exec?${["sh", "-c", script].map((w) => `command=${encodeURIComponent(w)}`).join("&")}&stdout=true&stderr=true`;
const texts = ({ messages }: Heard): string[] =>
  messages.map((m) => (typeof m === "string" ? m : m.toString("latin1")));

test.each(["v4.channel.k8s.io", "v5.channel.k8s.io"])(
  "%s: greeting, output, Status, close",
  async (protocol) => {
    const heard = await talk(run("echo hi; exit 2"), ["unknown", protocol]);
    expect(heard.protocol).toBe(protocol);
    expect(heard.code).toBe(1000);
    const [greeting, output, status] = texts(heard);
    expect([greeting, output]).toEqual(["\x01", "\x01hi\n"]);
    expect(JSON.parse(status!.slice(1))).toMatchObject({ reason: "NonZeroExitCode" });
    expect(status![0]).toBe("\x03");
  },
);

test("channel.k8s.io says nothing at a good end, and a text at a bad one", async () => {
  expect(texts(await talk(run("echo hi"), ["channel.k8s.io"]))).toEqual(["\x01", "\x01hi\n"]);
  const bad = texts(await talk(run("exit 2"), ["channel.k8s.io"]));
  expect(bad.at(-1)).toBe(
    "\x03command terminated with non-zero exit code: command terminated with exit code 2",
  );
});

test("base64: channels are digits in text messages", async () => {
  const input = `0${Buffer.from("word\n").toString("base64")}`;
  const heard = await talk(
    `${run("read x; echo $x")}&stdin=true`,
    ["v4.base64.channel.k8s.io"],
    [input],
  );
  expect(texts(heard).slice(0, 2)).toEqual(["1", `1${Buffer.from("word\n").toString("base64")}`]);
});

test("port-forward and exec without a subprotocol speak binary channels", async () => {
  const get = Buffer.from("\x00GET / HTTP/1.0\r\n\r\n");
  for (const protocols of [[], ["v4.channel.k8s.io"], ["v4.base64.channel.k8s.io"]]) {
    const base64 = protocols[0]?.includes("base64") ?? false;
    const heard = await forward(protocols, base64 ? `0${get.subarray(1).toString("base64")}` : get);
    const said = base64
      ? heard.map((message) => {
          const text = message.toString();
          return Buffer.concat([Buffer.of(Number(text[0])), Buffer.from(text.slice(1), "base64")]);
        })
      : heard;
    // Each channel's first message is its port, low byte first.
    expect(said.slice(0, 2)).toEqual([Buffer.of(0, 80, 0), Buffer.of(1, 80, 0)]);
    const page = Buffer.concat(said.slice(2).map((message) => message.subarray(1))).toString();
    expect(page).toContain("Welcome to nginx!");
  }
  const plain = await talk(run("echo hi"), []);
  expect([plain.protocol, ...texts(plain)]).toEqual(["", "\x01", "\x01hi\n"]);
});

function forward(protocols: string[], request: Buffer | string): Promise<Buffer[]> {
  const address = `${server.replace("http", "ws")}/api/v1/namespaces/${namespace}/pods/web/portforward?ports=80`;
  const socket = new WebSocket(address, protocols);
  const heard: Buffer[] = [];
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("message", (data: Buffer) => {
      heard.push(data);
      if (heard.length === 2) socket.send(request);
    });
    socket.on("close", () => resolve(heard));
  });
}

test("a log over binary.k8s.io", async () => {
  const heard = await talk("log?tailLines=1", ["binary.k8s.io"]);
  expect(texts(heard).join("")).toMatch(/\n$/);
  expect([heard.protocol, heard.code]).toEqual(["binary.k8s.io", 1000]);
});

test("what is not served is refused with a Status", async () => {
  await expect(talk(run("true"), ["v9.channel.k8s.io"])).rejects.toThrow("v9.channel.k8s.io");
  await expect(talk("portforward", ["v4.channel.k8s.io"])).rejects.toThrow(
    'query parameter \\"ports\\" is required',
  );
});

test("text messages are taken as binary ones are; what names no channel is passed over", async () => {
  const say = ["", "text", Buffer.from("\x09none"), "\0word\n"];
  const heard = await talk(`${run("read x; echo got $x")}&stdin=true`, ["v4.channel.k8s.io"], say);
  expect(texts(heard)[1]).toBe("\x01got word\n");
});

test("a bad half-close ends the session, and the sandbox lives on", async () => {
  const bad = await talk(run("sleep 100"), ["v5.channel.k8s.io"], [Buffer.of(255)]);
  expect(bad.code).toBe(1002);
  expect(texts(await talk(run("echo fine"), ["v5.channel.k8s.io"]))[1]).toBe("\x01fine\n");
});

test("the preview shows a Service, in an origin of its own", async () => {
  await core.createNamespacedService({
    namespace,
    body: { metadata: { name: "api" }, spec: { ports: [{ port: 80 }], selector: { app: "none" } } },
  });
  const [, id, secret] = /sandboxes\/([^/]+)\/k\/([^/]+)/.exec(server)!;
  const origin = new URL(server).origin;
  const asked = await fetch(`${origin}/api/sandboxes/${id}/preview`, {
    headers: { authorization: `Bearer ${secret}` },
  });
  const { url } = (await asked.json()) as { url: string };
  expect(url).not.toContain(secret);
  const page = await fetch(`${url}default/pods/web/proxy`);
  expect(await page.text()).toContain("Welcome to nginx!");
  const policy = page.headers.get("content-security-policy")!;
  expect(policy).toMatch(/^sandbox /);
  expect(policy).not.toContain("allow-same-origin");
  expect(page.headers.get("set-cookie")).toBeNull();
  const none = await fetch(`${url}default/services/api:80/proxy/`);
  expect([none.status, ((await none.json()) as { message: string }).message]).toEqual([
    503,
    'no endpoints available for service "api"',
  ]);
  const nowhere = await fetch(`${url}ingress/shop.example/`);
  expect([nowhere.status, nowhere.headers.get("content-security-policy")]).toEqual([404, policy]);
  expect(await nowhere.text()).toContain("nginx");
  const wrong = url.replace(/preview\/..../, "preview/0000");
  expect((await fetch(`${wrong}default/pods/web/proxy/`)).status).toBe(404);
  expect((await fetch(`${origin}/api/sandboxes/${id}/preview`)).status).toBe(401);
});
