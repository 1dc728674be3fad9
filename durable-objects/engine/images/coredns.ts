/** CoreDNS as its Corefile says: the plugins that answer, and those that change nothing a client sees. k8s: coredns Corefile */
import { sha512 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { lookup } from "../core/lookup.ts";
import type { DnsReply, DnsRecord } from "../runtime/net/network-port.ts";
import { Errno, errnoTexts } from "../runtime/errno.ts";
import type { Program, Sys } from "../runtime/kernel/types.ts";

interface Directive {
  name: string;
  args: string[];
  block: string[][];
}
/** A server block: the zones it is asked for, without their last dots. */
interface Server {
  zones: string[];
  port: number;
  directives: Directive[];
}
interface State {
  servers: Server[];
  /** Exit code: the Corefile could not be used. */
  exitCode?: number;
}

/** Known, and of no consequence to what is answered. */
const silent = new Set(
  "whoami errors log health ready loop reload cache prometheus loadbalance bind debug pprof bufsize cancel minimal".split(
    " ",
  ),
);
const answering = new Set(["hosts", "forward", "kubernetes", "template", "rewrite"]);
const version = (sys: Sys): string => sys.container.image.version.replace(/^v/, "");

/** Words of a line, quotes taken off; what follows `#` is a comment. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [, quoted, plain] of line.matchAll(/"([^"]*)"|([^\s"]+)/g)) {
    if (plain?.startsWith("#")) break;
    words.push(quoted ?? plain ?? "");
  }
  return words;
}

/** The server blocks of a Corefile; a text: CoreDNS' error. */
export function parseCorefile(text: string, path: string): Server[] | string {
  const servers: Server[] = [];
  let server: Server | undefined;
  let directive: Directive | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const words = wordsOf(line);
    if (words.length === 0) continue;
    const opens = words.at(-1) === "{";
    if (opens) words.pop();
    if (words[0] === "}") {
      if (directive) directive = undefined;
      else server = undefined;
    } else if (directive) directive.block.push(words);
    else if (server) {
      const [name = "", ...args] = words;
      if (!silent.has(name) && !answering.has(name)) {
        return `${path}:${index + 1} - Error during parsing: Unknown directive '${name}'`;
      }
      const added: Directive = { name, args, block: [] };
      server.directives.push(added);
      if (opens) directive = added;
    } else {
      server = serverOf(words);
      servers.push(server);
    }
  }
  return servers;
}

function serverOf(keys: readonly string[]): Server {
  const server: Server = { zones: [], port: 53, directives: [] };
  for (const key of keys) {
    const [zone = "", port] = key.replace(/^dns:\/\//, "").split(":");
    server.zones.push(zoneOf(zone));
    if (port) server.port = Number(port);
  }
  return server;
}

const zoneOf = (name: string): string => name.toLowerCase().replace(/\.$/, "");
const inZone = (name: string, zone: string): boolean =>
  zone === "" || name === zone || name.endsWith(`.${zone}`);

/** The most particular server block of a name. */
function serverFor(servers: readonly Server[], name: string, port: number): Server | undefined {
  let best: Server | undefined;
  let length = -1;
  for (const server of servers) {
    if (server.port !== port) continue;
    for (const zone of server.zones) {
      if (zone.length > length && inZone(name, zone)) [best, length] = [server, zone.length];
    }
  }
  return best;
}

type Type = DnsRecord["type"];
const typeOf = (ip: string): Type => (ip.includes(":") ? "AAAA" : "A");

/** undefined: the next plugin is asked. */
type Plugin = (
  sys: () => Sys,
  directive: Directive,
  name: string,
  type: Type,
) => DnsReply | undefined;

const fallsThrough = ({ block }: Directive): boolean =>
  block.some(([word]) => word === "fallthrough");

/** The address that a name of in-addr.arpa is about. */
const addressIn = (name: string): string | undefined =>
  /^(\d+\.\d+\.\d+\.\d+)\.in-addr\.arpa$/.exec(name)?.[1]?.split(".").reverse().join(".");

const pointers = (name: string, hosts: readonly string[], ttlSeconds: number): DnsRecord[] =>
  hosts.map((host) => ({ name: `${name}.`, type: "PTR", ttlSeconds, data: `${zoneOf(host)}.` }));

/** Lines of a hosts file, or of the block itself. */
const hosts: Plugin = (sys, directive, name, type) => {
  const { args, block } = directive;
  const file = args[0]?.includes("/") ? args[0] : undefined;
  const zones = (file === undefined ? args : args.slice(1)).map(zoneOf);
  if (zones.length > 0 && !zones.some((zone) => inZone(name, zone))) return undefined;
  const lines = [...(file === undefined ? [] : linesOf(sys, file)), ...block];
  const ttl = Number(block.find(([word]) => word === "ttl")?.[1] ?? 3600);
  const reverse = type === "PTR" ? addressIn(name) : undefined;
  const named = lines.filter(([ip]) => ip === reverse).flatMap((words) => words.slice(1));
  if (named.length > 0) return { status: "NOERROR", records: pointers(name, named, ttl) };
  const ips = lines.filter((words) => words.slice(1).some((host) => zoneOf(host) === name));
  if (ips.length === 0) {
    return fallsThrough(directive) ? undefined : { status: "NXDOMAIN", records: [] };
  }
  const records = ips
    .map(([ip = ""]) => ip)
    .filter((ip) => typeOf(ip) === type)
    .map((data) => ({ name: `${name}.`, type, ttlSeconds: ttl, data }));
  return { status: "NOERROR", records };
};

function linesOf(sys: () => Sys, path: string): string[][] {
  try {
    return sys().readFile(path).split("\n").map(wordsOf);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return [];
  }
}

const forward: Plugin = (sys, { args: [from = ".", ...to] }, name) => {
  if (!inZone(name, zoneOf(from))) return undefined;
  const [target = ""] = to;
  if (!target.startsWith("/"))
    return { forward: target.replace(/^(dns|tls):\/\//, "").replace(/:\d+$/, "") };
  const server = linesOf(sys, target).find(([word]) => word === "nameserver")?.[1];
  return server === undefined ? undefined : { forward: server };
};

const kubernetes: Plugin = (_sys, { args }, name) => {
  const zones = args.length > 0 ? args.map(zoneOf) : [""];
  return zones.some((zone) => inZone(name, zone)) ? "cluster" : undefined;
};

/** Without `match` each name of the zone is answered; patterns are not looked at, so that such a template answers nothing. */
const template: Plugin = (_sys, { args: [, type = "ANY", ...zones], block }, name, asked) => {
  if (type !== "ANY" && type !== asked) return undefined;
  if (zones.length > 0 && !zones.some((zone) => inZone(name, zoneOf(zone)))) return undefined;
  if (block.some(([word]) => word === "match")) return undefined;
  const rcode = block.find(([word]) => word === "rcode")?.[1] ?? "NOERROR";
  const records: DnsRecord[] = [];
  for (const [word, text = ""] of block) {
    const parts = word === "answer" ? text.replaceAll("{{ .Name }}", `${name}.`).split(/\s+/) : [];
    const at = parts.indexOf("IN");
    const [own = "", ttl = "60"] = parts;
    if (at < 0) continue;
    const data = parts.slice(at + 2).join(" ");
    records.push({ name: own, type: parts[at + 1] as Type, ttlSeconds: Number(ttl) || 60, data });
  }
  const status = rcode === "NXDOMAIN" || rcode === "SERVFAIL" ? rcode : "NOERROR";
  return { status, records };
};

const plugins: Record<string, Plugin> = lookup({ hosts, forward, kubernetes, template });
/** Which is asked first does not depend on the file. k8s: coredns plugin.cfg */
const order = ["template", "hosts", "kubernetes", "forward"];

/** `rewrite [name] [exact] FROM TO`, the simple form. */
function rewritten({ directives }: Server, name: string): string {
  for (const { name: directive, args } of directives) {
    if (directive !== "rewrite") continue;
    const [from = "", to = ""] = args.filter((word) => !["name", "exact", "stop"].includes(word));
    if (zoneOf(from) === name) return zoneOf(to);
  }
  return name;
}

/** Names that the plugin hands on where it knows nothing of them: all of its own, or those of the zones that are given. */
function handsOn({ block }: Directive, name: string): boolean {
  const given = block.find(([word]) => word === "fallthrough");
  if (!given) return false;
  const zones = given.slice(1).map(zoneOf);
  return zones.length === 0 || zones.some((zone) => inZone(name, zone));
}

const reloads = (servers: readonly Server[]): boolean =>
  servers.some(({ directives }) => directives.some(({ name }) => name === "reload"));

/** Upstream's hash is of the file as it was parsed, ours of its text: nobody can tell but by a change. k8s: coredns plugin/reload */
const running = (servers: readonly Server[], text: string): string =>
  reloads(servers)
    ? `[INFO] plugin/reload: Running configuration SHA512 = ${bytesToHex(sha512(utf8ToBytes(text)))}\n`
    : "";

/** With `reload` a Corefile that has changed is what counts, unless it cannot be used. k8s: coredns plugin/reload */
function reload(sys: Sys, state: State): void {
  if (!reloads(state.servers)) return;
  const path = corefilePath(sys);
  try {
    const text = sys.readFile(path);
    const servers = parseCorefile(text, path);
    if (typeof servers === "string") {
      sys.write(
        1,
        `[INFO] Reloading\n[ERROR] Restart failed: ${servers}\n[ERROR] plugin/reload: Corefile changed but reload failed: ${servers}\n`,
      );
      return;
    }
    // Files of the volume are written anew now and then as they were.
    if (JSON.stringify(servers) === JSON.stringify(state.servers)) return;
    state.servers = servers;
    sys.write(1, `[INFO] Reloading\n${running(servers, text)}[INFO] Reloading complete\n`);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
  }
}

function ask(sys: () => Sys, state: State, asked: string, type: Type, port: number): DnsReply {
  const name = zoneOf(asked);
  const server = serverFor(state.servers, name, port);
  const nobody: DnsReply = { status: "SERVFAIL", records: [] };
  if (!server) return nobody;
  const wanted = rewritten(server, name);
  const inOrder = order.flatMap((plugin) => server.directives.filter((d) => d.name === plugin));
  const from = (at: number): DnsReply => {
    for (const [i, directive] of inOrder.slice(at).entries()) {
      const answer = plugins[directive.name]?.(sys, directive, wanted, type);
      if (answer === "cluster" && handsOn(directive, wanted)) return { cluster: from(at + i + 1) };
      if (answer !== undefined) return answer;
    }
    return nobody;
  };
  return from(0);
}

function corefilePath(sys: Sys): string {
  const args = sys.argv.slice(1);
  const at = args.findIndex((word) => /^--?conf(=|$)/.test(word));
  if (at < 0) return "Corefile";
  const word = args[at] ?? "";
  return word.includes("=") ? word.slice(word.indexOf("=") + 1) : (args[at + 1] ?? "");
}

/** Pages for probes and metrics, and where they are without a word. */
const pages: Record<string, number> = lookup({ health: 8080, ready: 8181, prometheus: 9153 });

function listen(sys: Sys, servers: readonly Server[]): void {
  for (const port of new Set(servers.map((server) => server.port))) {
    sys.listen(port, "u");
    sys.listen(port, "t");
  }
  const opened = new Set<number>();
  for (const { name, args } of servers.flatMap(({ directives }) => directives)) {
    const usual = pages[name];
    if (usual === undefined) continue;
    const port = Number(args[0]?.split(":").at(-1) ?? usual);
    if (!opened.has(port)) sys.listen(port, "h");
    opened.add(port);
  }
}

function begin(sys: Sys): State {
  const fail = (text: string): State => {
    sys.write(2, `${text}\n`);
    return { servers: [], exitCode: 1 };
  };
  const path = corefilePath(sys);
  let servers: Server[] | string;
  let text: string;
  try {
    text = sys.readFile(path);
    servers = parseCorefile(text, path);
    if (typeof servers === "string") return fail(servers);
    listen(sys, servers);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    if (error.code === "EADDRINUSE" || error.code === "EACCES") {
      return fail(`Listen: listen tcp :53: bind: ${errnoTexts[error.code].toLowerCase()}`);
    }
    return fail(
      `loading Caddyfile via flag: open ${path}: ${errnoTexts[error.code].toLowerCase()}`,
    );
  }
  for (const { zones, port } of servers) {
    for (const zone of zones) sys.write(1, `${zone}.:${port}\n`);
  }
  sys.write(1, `${running(servers, text)}CoreDNS-${version(sys)}\nlinux/amd64, go1.24.6, \n`);
  return { servers };
}

export const corednsProgram: Program<State> = {
  name: "coredns",
  storedNames: { fields: { exitCode: "x" } },
  start: begin,
  step: (_sys, state) => (state.exitCode === undefined ? { wait: {} } : { exit: state.exitCode }),
  handles: (_state, signal) => signal === 15 || signal === 2,
  signal: () => ({ exit: 0 }),
  dns: (sys, state, { name, type, port }) => ask(sys, state, name, type, port),
  filesChanged: reload,
  http: (_sys, _state, { path }) => {
    const known = /^\/(health|ready|metrics)\b/.test(path);
    const headers = { "content-type": "text/plain; charset=utf-8" };
    const body = !known ? "404 page not found\n" : path.startsWith("/metrics") ? "" : "OK";
    return { response: { status: known ? 200 : 404, headers, body } };
  },
  memoryBytes: () => 14 * 1024 * 1024,
  idleCpuMilli: () => 2,
};
