/**
 * What Cloudflare would bill for an hour of a learner and for a month in which nobody comes, counted on workerd with metered bindings
 * (test/worker/metered-worker.ts) in virtual time: equal scripts count the same. Prints JSON.
 */
import { request, type IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import { bundleWorker } from "../../scripts/bundle.ts";
import { root, withHostedServer, type HostedServer } from "./hosted-server.ts";
import type { Meter } from "./meter.ts";
import type { Used } from "./prices.ts";

export interface Costs {
  hour: Used;
  month: Used;
  /** An hour of an open page that nobody touches. */
  page: Used & { alarms: number };
  /** Of the hour. */
  commands: number;
}

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;
const asTable = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
/** As the page does (web/api/tables.ts): it follows what changes, and lists Pods when some have, at most once in so long. */
const pageListsMs = second;
/** What was told is heard by then, by the wall: so long after the socket has answered, however busy the machine is. */
const heardMs = 3;
/** Between two commands. */
const thinksMs = 45 * second;
/** What a class would meet in production. */
const variables = {
  SANDBOX_TTL_HOURS: String(24 * 60),
  CREATES_PER_MINUTE_MAX: "10",
  CREATES_PER_HOUR_MAX: "2000",
};

interface Sent {
  body?: unknown;
  type?: string;
  accept?: string;
  cookie?: string;
}

function open(method: string, url: string, sent: Sent = {}): Promise<IncomingMessage> {
  const text = sent.body === undefined ? undefined : JSON.stringify(sent.body);
  const headers = {
    accept: sent.accept ?? "application/json",
    ...(text === undefined ? {} : { "content-type": sent.type ?? "application/json" }),
    ...(sent.cookie === undefined ? {} : { cookie: sent.cookie }),
  };
  return new Promise((resolve, reject) => {
    const opened = request(url, { method, headers, agent: false }, resolve);
    opened.on("error", reject);
    opened.end(text);
  });
}

async function read<T>(method: string, url: string, sent: Sent = {}): Promise<T> {
  const response = await open(method, url, sent);
  let text = "";
  response.setEncoding("utf8");
  for await (const chunk of response) text += chunk;
  if ((response.statusCode ?? 500) >= 400) {
    throw new Error(`${method} ${url}: ${response.statusCode} ${text.slice(0, 300)}`);
  }
  return (text.startsWith("{") || /^\d/.test(text) ? JSON.parse(text) : text) as T;
}

function answered(socket: WebSocket): Promise<unknown> {
  const pong = new Promise((resolve) => socket.once("pong", resolve));
  socket.ping();
  return pong;
}

/** Somebody with today's page open, and a terminal beside it. */
class Learner {
  readonly url: string;
  readonly id: string;
  readonly api: string;
  readonly cookie: string;
  #page: WebSocket | undefined;
  #podsChanged = false;
  commands = 0;

  constructor(url: string, made: { id: string; apiServer: string }, cookie: string) {
    this.url = url;
    this.id = made.id;
    this.api = made.apiServer;
    this.cookie = cookie;
  }

  static async come(url: string): Promise<Learner> {
    await read("GET", `${url}/`, { accept: "text/html" });
    const response = await open("POST", `${url}/api/sandboxes`, { body: {} });
    const cookie = response.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
    let text = "";
    for await (const chunk of response) text += String(chunk);
    const made = JSON.parse(text) as { id: string; apiServer: string };
    await read("GET", `${url}/s/${made.id}`, { accept: "text/html" });
    await read("GET", `${url}/api/sandboxes/${made.id}`, { cookie });
    await read("GET", `${url}/api/me`, { cookie });
    return new Learner(url, made, cookie);
  }

  /** Time passes, with the page open if it is. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0;) {
      const step = this.#page ? Math.min(left, pageListsMs) : left;
      await read("GET", `${this.url}/meter/pass?id=${this.id}&ms=${step}`);
      left -= step;
      if (!this.#page) continue;
      await answered(this.#page);
      await new Promise((resolve) => setTimeout(resolve, heardMs));
      if (this.#podsChanged) await this.#list();
    }
  }

  async #list(): Promise<void> {
    this.#podsChanged = false;
    const { cookie } = this;
    await read("GET", `${this.url}/sandboxes/${this.id}/api/v1/pods`, { accept: asTable, cookie });
  }

  /** The page is opened. */
  async look(): Promise<void> {
    const address = `${this.url}/api/sandboxes/${this.id}/changes`;
    const page = new WebSocket(address.replace(/^http/, "ws"), {
      headers: { cookie: this.cookie },
    });
    await new Promise((resolve, reject) => {
      page.once("message", resolve).once("error", reject);
    });
    page.on("message", (data: Buffer) => {
      const { changes = [] } = JSON.parse(data.toString()) as { changes?: { resource: string }[] };
      this.#podsChanged ||= changes.some(({ resource }) => resource === "pods");
    });
    this.#page = page;
    await this.#list();
  }

  /** The page is closed. */
  async leave(): Promise<void> {
    const page = this.#page;
    this.#page = undefined;
    if (!page) return;
    page.close();
    await new Promise((resolve) => page.once("close", resolve));
  }

  kube<T = unknown>(method: string, path: string, body?: unknown, type?: string): Promise<T> {
    return read<T>(method, `${this.api}${path}`, {
      ...(body === undefined ? {} : { body }),
      ...(type === undefined ? {} : { type }),
      ...(method === "GET" ? { accept: asTable } : {}),
    });
  }

  /** `kubectl get -w` or `rollout status`, for so long. */
  async watch(path: string, ms: number): Promise<void> {
    const stream = await open("GET", `${this.api}${path}`);
    stream.on("error", () => {}).resume();
    await this.pass(ms);
    stream.destroy();
  }

  /** `kubectl exec -it`: a shell that is open so long. */
  async exec(pod: string, command: string[], ms: number): Promise<void> {
    const query = command.map((word) => `command=${encodeURIComponent(word)}`).join("&");
    const address = `${this.api}${namespace}/pods/${pod}/exec?${query}&stdin=true&stdout=true&tty=true`;
    const socket = new WebSocket(address.replace(/^http/, "ws"), "v5.channel.k8s.io");
    await new Promise((resolve, reject) => {
      socket.once("open", resolve).once("error", reject);
    });
    await this.pass(ms);
    socket.close();
    await new Promise((resolve) => socket.once("close", resolve));
  }
}

const namespace = "/api/v1/namespaces/default";
const deployments = "/apis/apps/v1/namespaces/default/deployments";
const merge = "application/merge-patch+json";
const strategic = "application/strategic-merge-patch+json";

const web = (image: string): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image, ports: [{ containerPort: 80 }] }] },
    },
  },
});

const setImage = (image: string): object => ({
  spec: { template: { spec: { containers: [{ name: "web", image }] } } },
});

interface Pods {
  rows: { object: { metadata: { name: string } } }[];
}

/** What a learner types, again and again: each is what kubectl asks for it. */
const lesson: ((learner: Learner) => Promise<unknown>)[] = [
  (l) => l.kube("GET", "/api/v1/nodes"),
  (l) =>
    l
      .kube(
        "PATCH",
        `${deployments}/web?fieldManager=kubectl`,
        web("nginx:1.27"),
        "application/apply-patch+yaml",
      )
      .then(() =>
        l.watch(`${deployments}?watch=true&fieldSelector=metadata.name%3Dweb`, 8 * second),
      ),
  (l) => l.kube("GET", `${namespace}/pods`),
  (l) => l.kube("GET", `${namespace}/events`),
  (l) => l.kube("PATCH", `${deployments}/web/scale`, { spec: { replicas: 5 } }, merge),
  (l) => l.watch(`${namespace}/pods?watch=true`, 20 * second),
  async (l) => {
    const name = await firstPod(l);
    await l.kube("GET", `${namespace}/pods/${name}`);
    await l.kube("GET", `${namespace}/events?fieldSelector=involvedObject.name%3D${name}`);
  },
  async (l) => l.kube("DELETE", `${namespace}/pods/${await firstPod(l)}`),
  (l) => l.kube("PATCH", `${deployments}/web`, setImage("nginx:1.161"), strategic),
  (l) => l.kube("GET", `${namespace}/pods`),
  (l) => l.kube("PATCH", `${deployments}/web`, setImage("nginx:1.27"), strategic),
  (l) => l.watch(`${deployments}?watch=true&fieldSelector=metadata.name%3Dweb`, 10 * second),
  async (l) => read("GET", `${l.api}${namespace}/pods/${await firstPod(l)}/log`),
  async (l) => l.exec(await firstPod(l), ["sh"], 60 * second),
  (l) => read("GET", `${l.api}/openapi/v3`),
  (l) => l.kube("DELETE", `${deployments}/web`),
];

async function firstPod(learner: Learner): Promise<string> {
  const { rows } = await learner.kube<Pods>("GET", `${namespace}/pods`);
  const name = rows[0]?.object.metadata.name;
  if (name === undefined) throw new Error("there is no Pod");
  return name;
}

/** Returns the bytes of the snapshot that is taken at its end. */
async function hourOf(learner: Learner): Promise<number> {
  const { url, id, cookie } = learner;
  const sandbox = `${url}/api/sandboxes/${id}`;
  await learner.look();
  let left = 60 * minute;
  for (let i = 0; left > 0; i++, left -= thinksMs) {
    await lesson[i % lesson.length]?.(learner);
    learner.commands += 1;
    await learner.pass(thinksMs);
  }
  await read("GET", `${sandbox}/timeline`, { cookie });
  const taken = await read<{ bytes: number }>("POST", `${sandbox}/snapshots`, { body: {}, cookie });
  return taken.bytes;
}

const megabytes = (bytes: number): number => bytes / 1e6;

async function counted({ url, cpuMs }: HostedServer): Promise<Costs> {
  // The database is made, and the code compiled.
  await Learner.come(url);
  const meter = (): Promise<Meter> => read<Meter>("GET", `${url}/meter`);
  const [before, cpuBefore] = [await meter(), cpuMs() ?? 0];
  const learner = await Learner.come(url);
  const snapshotBytes = await hourOf(learner);
  const cpu = (cpuMs() ?? 0) - cpuBefore;
  await learner.leave();
  // Whoever leaves is still there for ten minutes, as far as the cluster knows.
  await learner.pass(60 * minute);
  const left = await meter();
  await learner.look();
  await learner.pass(60 * minute);
  const open = await meter();
  await learner.pass(60 * minute);
  const idle = await meter();
  await learner.leave();
  await learner.pass(60 * minute);
  const gone = await meter();
  await learner.pass(30 * day);
  const later = await meter();
  const bytes = await read<number>("GET", `${url}/meter/size?id=${learner.id}`);
  return {
    commands: learner.commands,
    hour: { ...used(before, left), cpuMs: cpu },
    page: { ...used(open, idle), alarms: idle.alarms - open.alarms },
    month: {
      ...used(gone, later),
      objectMbMonths: megabytes(bytes),
      bucketMbMonths: megabytes(snapshotBytes),
    },
  };
}

function used(from: Meter, to: Meter): Used {
  const count = (name: keyof Meter): number => to[name] - from[name];
  return {
    requests: count("requests"),
    objectRequests: count("objectRequests"),
    objectSeconds: count("objectMs") / second,
    objectRowsRead: count("objectRowsRead"),
    objectRowsWritten: count("objectRowsWritten"),
    databaseRowsRead: count("databaseRowsRead"),
    databaseRowsWritten: count("databaseRowsWritten"),
    bucketWrites: count("bucketWrites"),
    bucketReads: count("bucketReads"),
  };
}

const script = await bundleWorker("test/worker/metered-worker.ts");
const costs = await withHostedServer(root, counted, { script, variables });
console.log(JSON.stringify(costs));
process.exit(0);
