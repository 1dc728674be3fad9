/** etcdctl, as far as it asks how etcd is. etcd: etcdctl/ctlv3/command */
import { fnv32a, hex32 } from "../../../core/random.ts";
import type { KubeObject } from "../../../core/object.ts";
import type { Node } from "../../../kinds/node.ts";
import { internalIp } from "../../../kinds/node-machine.ts";
import type { Program } from "../../kernel/types.ts";
import { nodeContainers } from "../../node/containers.ts";
import { type Io, tool } from "../tool.ts";
import { nodeNamed } from "./ssh.ts";

interface Asked {
  endpoints: string[];
  flags: Record<string, string>;
  words: string[];
}

function asked(io: Io): Asked {
  const flags: Record<string, string> = {};
  const words: string[] = [];
  const args = [...io.args];
  while (args.length) {
    const word = args.shift() as string;
    const [, name, value] = /^--?([a-z][a-z-]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) words.push(word);
    else if (name === "cluster") flags[name] = "true";
    else flags[name === "w" ? "write-out" : name] = value ?? args.shift() ?? "";
  }
  for (const name of ["endpoints", "cacert", "cert", "key"])
    flags[name] ??= io.sys.env[`ETCDCTL_${name.toUpperCase()}`] ?? "";
  return { endpoints: (flags["endpoints"] || "127.0.0.1:2379").split(","), flags, words };
}

interface Member {
  id: string;
  node: string;
  ip: string;
  version: string;
}

/** Who answers at an endpoint: the etcd that runs on the node it names. */
function memberAt(io: Io, { flags }: Asked, endpoint: string): Member | undefined {
  const [, scheme, host = "", port] = /^(?:(https?):\/\/)?([^/:]+):(\d+)\/?$/.exec(endpoint) ?? [];
  if (scheme !== "https" || port !== "2379") return undefined;
  if (!flags["cacert"] || !flags["cert"] || !flags["key"]) return undefined;
  const node = nodeNamed(io.sys, host);
  if (node === undefined) return undefined;
  const { context } = io.sys.kernel;
  const etcd = nodeContainers(context, node).find(({ name, exit }) => name === "etcd" && !exit);
  if (!etcd) return undefined;
  const ip = internalIp(context.reader.get<Node>("nodes", "", node));
  const id = hex32(fnv32a(`member ${node}`)) + hex32(fnv32a(`${etcd.sandbox.uid} member`));
  const version = /:(\d+\.\d+\.\d+)/.exec(etcd.image)?.[1] ?? "";
  return { id, node, ip, version };
}

const stored = [
  "pods",
  "nodes",
  "services",
  "configmaps",
  "secrets",
  "events",
  "deployments.apps",
  "leases.coordination.k8s.io",
];

/** What the cluster holds: the newest revision, and bytes. */
function contents(io: Io): { revision: number; bytes: number } {
  let revision = 0;
  let bytes = 0;
  for (const resource of stored)
    for (const object of io.sys.kernel.context.reader.list<KubeObject>(resource)) {
      revision = Math.max(revision, Number(object.metadata.resourceVersion ?? 0));
      bytes += JSON.stringify(object).length;
    }
  return { revision, bytes };
}

function down(io: Io, endpoint: string): void {
  io.err(`${endpoint} is unhealthy: failed to commit proposal: context deadline exceeded\n`);
}

function health(io: Io, question: Asked): number {
  let code = 0;
  for (const endpoint of question.endpoints) {
    if (memberAt(io, question, endpoint)) {
      const took = (5 + 10 * io.sys.random()).toFixed(6);
      io.out(`${endpoint} is healthy: successfully committed proposal: took = ${took}ms\n`);
    } else {
      down(io, endpoint);
      code = 1;
    }
  }
  if (code) io.err("Error: unhealthy cluster\n");
  return code;
}

function status(io: Io, question: Asked): number {
  const rows = question.endpoints.map((endpoint) => {
    const member = memberAt(io, question, endpoint);
    if (!member) {
      io.err(`Failed to get the status of endpoint ${endpoint} (context deadline exceeded)\n`);
      return undefined;
    }
    const { revision, bytes } = contents(io);
    const size = bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
    return [
      endpoint,
      member.id,
      member.version,
      size,
      "true",
      "false",
      "2",
      String(revision),
      String(revision),
      "",
    ];
  });
  const shown = rows.flatMap((row) => (row ? [row] : []));
  const head = [
    "ENDPOINT",
    "ID",
    "VERSION",
    "DB SIZE",
    "IS LEADER",
    "IS LEARNER",
    "RAFT TERM",
    "RAFT INDEX",
    "RAFT APPLIED INDEX",
    "ERRORS",
  ];
  if (shown.length) print(io, question, head, shown);
  return shown.length < rows.length ? 1 : 0;
}

function print(io: Io, { flags }: Asked, head: string[], rows: string[][]): void {
  if (flags["write-out"] !== "table") {
    for (const row of rows) io.out(`${row.join(", ")}\n`);
    return;
  }
  const widths = head.map((cell, i) =>
    Math.max(cell.length, ...rows.map((row) => (row[i] ?? "").length)),
  );
  const rule = `+${widths.map((width) => "-".repeat(width + 2)).join("+")}+\n`;
  const line = (row: string[]): string =>
    `|${row.map((cell, i) => ` ${cell.padEnd(widths[i] ?? 0)} `).join("|")}|\n`;
  io.out(`${rule}${line(head)}${rule}${rows.map(line).join("")}${rule}`);
}

function members(io: Io, question: Asked): number {
  const member = memberAt(io, question, question.endpoints[0] ?? "");
  if (!member) {
    io.err("Error: context deadline exceeded\n");
    return 1;
  }
  const { id, node, ip } = member;
  const row = [id, "started", node, `https://${ip}:2380`, `https://${ip}:2379`, "false"];
  print(io, question, ["ID", "STATUS", "NAME", "PEER ADDRS", "CLIENT ADDRS", "IS LEARNER"], [row]);
  return 0;
}

export const etcdctl: Program = tool("etcdctl", (io) => {
  const question = asked(io);
  const [noun, verb] = question.words;
  for (const name of ["cacert", "cert", "key"]) {
    const file = question.flags[name];
    // kubeadm's own are taken to be there: nothing of TLS is simulated but its outcome.
    if (file && !file.startsWith("/etc/kubernetes/pki/") && !io.sys.peek(file)) {
      io.err(`Error: open ${file}: no such file or directory\n`);
      return 128;
    }
  }
  if (noun === "endpoint" && verb === "health") return health(io, question);
  if (noun === "endpoint" && verb === "status") return status(io, question);
  if (noun === "member" && verb === "list") return members(io, question);
  if (noun === "version") {
    io.out("etcdctl version: 3.6.8\nAPI version: 3.6\n");
    return 0;
  }
  io.err(
    "Error: Podyard keeps no etcd database to read, change or save: snapshots of a sandbox are taken by Podyard itself\n",
  );
  return 1;
});
