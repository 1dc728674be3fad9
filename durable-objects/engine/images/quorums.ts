/**
 * Programs of the images of Kubernetes' StatefulSet tutorials: Cassandra's nodetool, and ZooKeeper's server and clients. A
 * client speaks to all of an ensemble's servers, and counts what most of them took.
 */
import { zookeeperBytesMax } from "../core/limits.ts";
import { fnv32a, uuidFrom } from "../core/random.ts";
import { decodeUtf8, encodeUtf8 } from "../runtime/bytes.ts";
import type { HttpRequest, HttpResponse } from "../runtime/kernel/state.ts";
import type { Program, Sys } from "../runtime/kernel/types.ts";
import { httpDate } from "../runtime/logs/times.ts";
import { lookUp } from "../runtime/net/socket.ts";
import { httpAskNames, pushAsk, type HttpAsk } from "./serving/http-ask.ts";
import { keptServer, type KeptState } from "./serving/kept-server.ts";
import { flagOf, json } from "./serving/small-server.ts";

/** Members are those of the headless Service that the seed's name ends with. */
function ring(sys: Sys): string {
  const seed = (sys.env.CASSANDRA_SEEDS ?? "").split(",")[0]!;
  const found = lookUp(sys, seed.slice(seed.indexOf(".") + 1));
  const ips = [...new Set([sys.kernel.pod.pod.ip, ...(Array.isArray(found) ? found : [])])];
  const center = `Datacenter: ${sys.env.CASSANDRA_DC ?? "datacenter1"}`;
  const width = Math.max(...ips.map((ip) => ip.length)) + 2;
  const owns = `${(Math.min(1, 2 / ips.length) * 100).toFixed(1)}%`;
  const lines = ips.map((ip) => `UN  ${ip.padEnd(width)}${(70 + (fnv32a(ip) % 4000) / 100).toFixed(2)} KiB  32           ${owns.padEnd(18)}${uuidFrom(1, fnv32a(ip))}  ${sys.env.CASSANDRA_RACK ?? "rack1"}\n`); // prettier-ignore
  return `${center}\n${"=".repeat(center.length)}\nStatus=Up/Down\n|/ State=Normal/Leaving/Joining/Moving\n--  ${"Address".padEnd(width)}Load       Tokens       Owns (effective)  Host ID                               Rack\n${lines.join("")}\n`; // prettier-ignore
}

const nodetool: Program<{ code: number }> = {
  name: "nodetool",
  start(sys) {
    const known = ["status", "drain"].includes(sys.argv[1] ?? "");
    if (sys.argv[1] === "status") sys.write(1, ring(sys));
    else if (!known) sys.complain("nodetool: this sandbox has status and drain\n");
    return { code: known ? 0 : 1 };
  },
  step: (_sys, { code }) => ({ exit: code }),
};

interface Znode {
  data: string;
  zxid: number;
  at: number;
}
type Tree = Record<string, Znode>;

const treeOf = (sys: Sys, file: string): Tree =>
  sys.peek(file) ? (JSON.parse(decodeUtf8(sys.readFile(file))) as Tree) : {};

/** Answers with the node as it was, and takes what it is given. */
function answer(sys: Sys, { file }: ServerState, request: HttpRequest): HttpResponse {
  const tree = treeOf(sys, file);
  const path = decodeURIComponent(request.path);
  const known = Object.hasOwn(tree, path) ? tree[path] : undefined;
  const last = Math.max(0, ...Object.values(tree).map((one) => one.zxid));
  const takes = request.method === (known ? "PUT" : "POST");
  if (takes && JSON.stringify(tree).length + request.body.length < zookeeperBytesMax) {
    tree[path] = { data: decodeUtf8(request.body), zxid: last + 1, at: sys.now };
    sys.writeFile(file, encodeUtf8(JSON.stringify(tree)));
  }
  return json(known ?? {});
}

interface ServerState extends KeptState {
  file: string;
}

const configFile = "/opt/zookeeper/conf/zoo.cfg";

const server = keptServer<ServerState>({
  program: "start-zookeeper",
  storedNames: { fields: { exitCode: "x" } },
  start(sys) {
    const flag = (name: string, otherwise: string): string => flagOf(sys, name) ?? otherwise;
    const folder = flag("data_dir", "/var/lib/zookeeper/data");
    const [, set = "zk", ordinal = "0"] = /^(.*)-(\d+)$/.exec(sys.container.hostname) ?? [];
    const domain = /\s(\S+)\s/.exec(sys.readFile("/etc/hosts").split(sys.kernel.pod.pod.ip)[1] ?? "")?.[1]?.replace(/^[^.]*\./, ""); // prettier-ignore
    const ports = ["client", "server", "election"].map((name, i) => Number(flag(`${name}_port`, ["2181", "2888", "3888"][i]!))); // prettier-ignore
    const members = Array.from({ length: Math.min(9, Number(flag("servers", "1"))) }, (_, i) => `server.${i + 1}=${set}-${i}.${domain}:${ports[1]}:${ports[2]}\n`); // prettier-ignore
    if (!sys.peek(folder)) sys.mkdir(folder);
    sys.writeFile(`${folder}/myid`, `${Number(ordinal) + 1}\n`);
    sys.writeFile(configFile, `clientPort=${ports[0]}\ndataDir=${folder}\ntickTime=${flag("tick_time", "2000")}\ninitLimit=${flag("init_limit", "10")}\nsyncLimit=${flag("sync_limit", "5")}\n${members.join("")}`); // prettier-ignore
    return { state: { file: `${folder}/snapshot.0` }, ports };
  },
  answer,
  memoryMib: 120,
  term: 143,
  idleCpuMilli: 4,
});

interface ClientState {
  asks: HttpAsk[];
  exitCode?: number;
}

function speak(sys: Sys): ClientState {
  const [name = "", verb = "", path = "", data = ""] = [sys.argv[0]!.replace(/^.*\//, ""), ...sys.argv.slice(1)]; // prettier-ignore
  const up = sys.kernel.pod.listeners["tcp/2181"] !== undefined;
  if (name !== "zkCli.sh") {
    if (name === "zkOk.sh" && up) sys.write(1, "imok\n");
    return { asks: [], exitCode: up ? 0 : 1 };
  }
  if (!/^(create|get|set)$/.test(verb)) {
    sys.complain("zkCli.sh: this sandbox has create, get and set, with a path behind them\n");
    return { asks: [], exitCode: 1 };
  }
  const config = sys.peek(configFile) ? sys.readFile(configFile) : "";
  const hosts = config.split("\n").flatMap((line) => line.startsWith("server.") ? line.split(/[=:]/)[1]! : []); // prettier-ignore
  return { asks: hosts.map((host) => ({ host, port: 2181, path: encodeURIComponent(path), method: verb === "get" ? "GET" : verb === "set" ? "PUT" : "POST", body: encodeUtf8(data), patienceMs: 3000 })) }; // prettier-ignore
}

const when = (ms: number): string =>
  httpDate(ms).replace(/^(\w+), (\d+) (\w+) (\d+) (\S+) GMT$/, "$1 $3 $2 $5 UTC $4");

function told(sys: Sys, asks: readonly HttpAsk[]): number {
  const [, verb, path = ""] = sys.argv;
  const answers = asks.flatMap((one) => (one.reply === undefined ? [] : [JSON.parse(one.reply) as Partial<Znode>])); // prettier-ignore
  sys.write(1, "Connecting to localhost:2181\n\nWATCHER::\n\nWatchedEvent state:SyncConnected type:None path:null\n"); // prettier-ignore
  const best = answers.reduce((a, b) => ((b.zxid ?? 0) > (a.zxid ?? 0) ? b : a), {});
  const { data, zxid = 0, at = 0 } = best;
  const few = answers.length * 2 <= asks.length;
  const problem = few ? "KeeperErrorCode = ConnectionLoss for" : verb === "create" && zxid ? "Node already exists:" : verb !== "create" && !zxid ? "Node does not exist:" : undefined; // prettier-ignore
  if (problem) sys.complain(`${problem} ${path}\n`);
  else if (verb === "create") sys.write(1, `Created ${path}\n`);
  else if (verb === "get") sys.write(1, `${encodeUtf8(data ?? "")}\ncZxid = 0x${zxid.toString(16)}\nctime = ${when(at)}\nmZxid = 0x${zxid.toString(16)}\nmtime = ${when(at)}\ndataLength = ${encodeUtf8(data ?? "").length}\nnumChildren = 0\n`); // prettier-ignore
  return problem ? 1 : 0;
}

const client: Program<ClientState> = {
  name: "zk",
  storedNames: { fields: { exitCode: "x" }, inside: { asks: { each: httpAskNames } } },
  start: speak,
  step(sys, { asks, exitCode }) {
    if (exitCode !== undefined) return { exit: exitCode };
    for (const ask of asks) {
      const wait = pushAsk(sys, ask);
      if (wait) return { wait };
    }
    return { exit: told(sys, asks) };
  },
  memoryBytes: () => 40_000_000,
};

export const quorumPrograms: Program[] = [nodetool, server, client] as Program[];
