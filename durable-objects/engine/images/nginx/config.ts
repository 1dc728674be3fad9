/** As much of nginx's configuration language as a static server needs: server, listen, root, index, location, return. */
import { endOf } from "../../core/trim.ts";

import { Regex, regexFor, type NoRegex } from "../../regex/regex.ts";
import { MatchWork } from "../../runtime/match-work.ts";
import { keptLogs, LogFormats, type NginxLog } from "./access-log.ts";

export interface NginxLocation {
  path: string;
  exact?: true;
  /** `~` and `~*`: the path is a pattern; in either case with the second. */
  pattern?: "~" | "~*";
  /** `^~`: patterns are not looked at. */
  final?: true;
  root?: string;
  type?: string;
  returns?: { status: number; text: string };
  proxy?: NginxProxy;
  /** What try_files looks for, in order. */
  tries?: string[];
  /** Of its own. */
  access?: NginxAccess;
}

/** What access_log says: where and how requests are logged. */
interface NginxAccess {
  /** access_log off. */
  quiet?: true;
  /** Absent: as in the image's own configuration. */
  logs?: NginxLog[];
}

export interface NginxProxy {
  /** Name as the configuration has it, and servers it stands for (`host:port`). */
  name: string;
  servers: string[];
  /** Replaces the location's own path; absent: the request's path as it is. */
  uri?: string;
  /** proxy_set_header, values with variables. */
  headers?: Record<string, string>;
  /** Line it stands on. */
  line: number;
}

export interface NginxServer extends NginxAccess {
  ports: number[];
  names: string[];
  name: string;
  root: string;
  index: string[];
  locations: NginxLocation[];
}

interface Directive {
  words: string[];
  line: number;
  block?: Directive[];
}

/** Where a directive stands: the complaint's end. */
const inServer = (line: number): string => ` in /etc/nginx/conf.d/default.conf:${line}`;
const inMain = (line: number): string => ` in /etc/nginx/nginx.conf:${line}`;

/** The access_logs of a block; undefined: it has none. A complaint is one. */
function accessOf(
  block: Directive[],
  formats: LogFormats,
  place: (line: number) => string,
): { quiet?: true; given: NginxLog[] } | string | undefined {
  const given: NginxLog[] = [];
  let quiet = false;
  for (const { words, line } of block) {
    if (words[0] !== "access_log") continue;
    const read = formats.read(words.slice(1));
    if (read === "off") quiet = true;
    else if ("error" in read) return read.error + place(line);
    else given.push(read);
  }
  if (quiet) return { quiet, given: [] };
  return given.length > 0 ? { given } : undefined;
}

const keptAccess = ({ quiet, given }: { quiet?: true; given?: NginxLog[] }): NginxAccess => {
  const logs = quiet ? undefined : keptLogs(given);
  return { ...(quiet ? { quiet } : {}), ...(logs ? { logs } : {}) };
};

type Include = (path: string) => string[];

function tokens(text: string): { word: string; line: number; quoted?: true }[] {
  const out: { word: string; line: number; quoted?: true }[] = [];
  let line = 1;
  const pattern = /(\n)|#[^\n]*|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([{};])|([^\s{};"'#]+)/g;
  for (const match of text.matchAll(pattern)) {
    if (match[1]) line++;
    else if (match[2] !== undefined || match[3] !== undefined)
      out.push({ word: (match[2] ?? match[3] ?? "").replace(/\\(.)/g, "$1"), line, quoted: true });
    else if (match[4] ?? match[5]) out.push({ word: match[4] ?? match[5] ?? "", line });
  }
  return out;
}

function parseBlock(
  list: ReturnType<typeof tokens>,
  at: { i: number },
  top: boolean,
): Directive[] | string {
  const out: Directive[] = [];
  let words: string[] = [];
  let line = 0;
  while (at.i < list.length) {
    const token = list[at.i++];
    if (!token) break;
    if (!token.quoted && token.word === ";") {
      if (words.length) out.push({ words, line });
      words = [];
    } else if (!token.quoted && token.word === "{") {
      const block = parseBlock(list, at, false);
      if (typeof block === "string") return block;
      out.push({ words, line, block });
      words = [];
    } else if (!token.quoted && token.word === "}") {
      if (top || words.length) return `unexpected "}" in /etc/nginx/nginx.conf:${token.line}`;
      return out;
    } else {
      if (!words.length) line = token.line;
      words.push(token.word);
    }
  }
  if (!top || words.length)
    return `unexpected end of file, expecting "${words.length ? ";" : "}"}" in /etc/nginx/nginx.conf:${list.at(-1)?.line ?? 1}`;
  return out;
}

const known =
  /^(user|worker_\w+|error_log|pid|events|http|include|default_type|log_format|access_log|sendfile|tcp_\w+|keepalive_\w+|gzip\w*|server|listen|server_name|server_tokens|location|root|alias|index|error_page|return|add_header|proxy_\w+|upstream|expires|autoindex|try_files|client_\w+|types|charset|rewrite|set|if|allow|deny|limit_\w+|ssl\w*|stub_status|map|resolver\w*|fastcgi_\w+|daemon|use|multi_accept|types_hash\w*|absolute_redirect|port_in_redirect|sub_filter\w*|etag|auth_\w+|stream|load_module|env|send_timeout|internal|zone|keepalive|least_conn|ip_hash|hash)$/;

type Upstreams = Record<string, string[]>;

/** `host:port` of `host`, `host:port`. */
const withPort = (server: string, port: number): string =>
  /:\d+$/.test(server) ? server : `${server}:${port}`;

function readProxy(to: string, line: number, upstreams: Upstreams): NginxProxy | undefined {
  const match = /^(https?):\/\/([^/]+)(\/.*)?$/.exec(to);
  if (!match) return undefined;
  const [, scheme, name = "", uri] = match;
  const servers = upstreams[name] ?? [name];
  const port = scheme === "https" ? 443 : 80;
  return {
    name,
    servers: servers.map((server) => withPort(server, port)),
    ...(uri ? { uri } : {}),
    line,
  };
}

function readServer(
  block: Directive[],
  root: string,
  upstreams: Upstreams,
  accesses: ReadonlyMap<Directive[], NginxAccess>,
): NginxServer {
  const server: NginxServer = {
    ports: [],
    names: [],
    name: "",
    root,
    index: ["index.html"],
    locations: [],
  };
  for (const { words, block: inner } of block) {
    const [name, ...args] = words;
    if (name === "listen") {
      const port = Number(endOf(args[0] ?? "", "0123456789") || 80);
      if (!server.ports.includes(port)) server.ports.push(port);
    } else if (name === "server_name") {
      server.names = args;
      server.name = args[0] ?? "";
    } else if (name === "root") server.root = args[0] ?? root;
    else if (name === "index") server.index = args;
    else if (name === "return") server.locations.push({ path: "/", returns: returned(args) });
    else if (name === "location" && inner) {
      const access = accesses.get(inner);
      const location = readLocation(args, inner, upstreams);
      server.locations.push(access ? { ...location, access } : location);
    }
  }
  if (server.ports.length === 0) server.ports = [80];
  const first = server.locations.find((location) => location.path === "/" && location.root);
  if (first?.root && server.root === root) server.root = first.root;
  server.locations.sort(
    (a, b) =>
      Number(a.exact ?? false) - Number(b.exact ?? false) ||
      // Patterns stay in the order of the file.
      (a.pattern && b.pattern ? 0 : a.path.length - b.path.length),
  );
  return server;
}

const returned = (args: string[]): { status: number; text: string } =>
  /^\d{3}$/.test(args[0] ?? "")
    ? { status: Number(args[0]), text: args[1] ?? "" }
    : { status: 302, text: args[0] ?? "" };

/** The pattern of a location; nothing for other ones. ENOMEM where there are too many. */
export function locationPattern(
  { path, pattern }: NginxLocation,
  work: MatchWork,
): Regex | NoRegex | undefined {
  const options = { syntax: "perl", fold: pattern === "~*" } as const;
  return pattern && regexFor(work, `${pattern} ${path}`, path, options);
}

/** nginx' complaint about a location whose pattern is none. */
function badPattern([, kind, path = ""]: string[], work: MatchWork): string | undefined {
  if (kind !== "~" && kind !== "~*") return undefined;
  const made = locationPattern({ path, pattern: kind }, work);
  if (!made || made instanceof Regex) return undefined;
  return `pcre2_compile() failed: ${made.error} in "${path}" at offset ${made.at ?? 0}`;
}

function readLocation(args: string[], block: Directive[], upstreams: Upstreams): NginxLocation {
  const location: NginxLocation = { path: args.at(-1) ?? "/" };
  if (args[0] === "=") location.exact = true;
  if (args[0] === "^~") location.final = true;
  if (args.length > 1 && (args[0] === "~" || args[0] === "~*")) location.pattern = args[0];
  for (const { words, line } of block) {
    if (words[0] === "proxy_pass") {
      const proxy = readProxy(words[1] ?? "", line, upstreams);
      if (proxy) location.proxy = { ...location.proxy, ...proxy };
    }
    if (words[0] === "try_files") location.tries = words.slice(1);
    if (words[0] === "root") location.root = words[1] ?? "";
    if (words[0] === "default_type") location.type = words[1] ?? "";
    if (words[0] === "add_header" && words[1]?.toLowerCase() === "content-type")
      location.type = words[2] ?? "";
    if (words[0] === "return") location.returns = returned(words.slice(1));
  }
  const set = block.filter(({ words }) => words[0] === "proxy_set_header");
  if (location.proxy && set.length)
    location.proxy.headers = Object.fromEntries(
      set.map(({ words }) => [(words[1] ?? "").toLowerCase(), words[2] ?? ""]),
    );
  return location;
}

/** A configuration as it is read. */
class Reading {
  readonly servers: NginxServer[] = [];
  readonly #upstreams: Upstreams = {};
  readonly #formats = new LogFormats();
  readonly #work = new MatchWork();
  readonly #include: Include;
  /** Servers that say nothing of access logs: what holds for all is known at the end. */
  readonly #unsaid: NginxServer[] = [];
  #given: NginxLog[] | undefined;
  #quiet: true | undefined;

  constructor(include: Include) {
    this.#include = include;
  }

  /** A complaint. */
  file(source: string, root: string): string | undefined {
    const block = parseBlock(tokens(source), { i: 0 }, true);
    if (typeof block === "string") return block;
    return this.#block(block, root);
  }

  end(): string | undefined {
    const all = {
      ...(this.#quiet && { quiet: this.#quiet }),
      ...(this.#given && { given: this.#given }),
    };
    for (const server of this.#unsaid) Object.assign(server, keptAccess(all));
    return this.#formats.unknown;
  }

  #block(block: Directive[], root: string): string | undefined {
    let here = root;
    for (const { words, block: inner, line } of block) {
      const [name = "", ...args] = words;
      if (!known.test(name)) return `unknown directive "${name}"${inMain(line)}`;
      if (name === "root") here = args[0] ?? here;
      const error =
        this.#logs(name, args, line) ??
        (name === "http" && inner ? this.#block(inner, here) : undefined) ??
        (name === "server" && inner ? this.#server(inner, here) : undefined) ??
        (name === "include" ? this.#included(args[0] ?? "", here) : undefined);
      if (error !== undefined) return error;
      if (name === "upstream" && inner)
        this.#upstreams[args[0] ?? ""] = inner
          .filter((directive) => directive.words[0] === "server")
          .map((directive) => directive.words[1] ?? "");
    }
    return undefined;
  }

  /** A variable that a directive makes. */
  #names([name, ...args]: string[]): void {
    const made = { map: args[1], set: args[0] }[name ?? ""];
    if (made) this.#formats.made.add(made.slice(1));
  }

  /** What a directive of `http` says of logs. */
  #logs(name: string, args: string[], line: number): string | undefined {
    this.#names([name, ...args]);
    if (name === "log_format") {
      const error = this.#formats.define(args);
      return error && error + inMain(line);
    }
    if (name !== "access_log") return undefined;
    const read = this.#formats.read(args);
    if (read === "off") this.#quiet = true;
    else if ("error" in read) return read.error + inMain(line);
    else (this.#given ??= []).push(read);
    return undefined;
  }

  #included(path: string, here: string): string | undefined {
    if (/mime\.types$/.test(path)) return undefined;
    for (const part of this.#include(path)) {
      const error = this.file(part, here);
      if (error !== undefined) return error;
    }
    return undefined;
  }

  #server(block: Directive[], here: string): string | undefined {
    const odd = block.find(({ words }) => !known.test(words[0] ?? ""));
    if (odd) return `unknown directive "${odd.words[0]}"${inServer(odd.line)}`;
    for (const { words, line } of block) {
      const bad = words[0] === "location" ? badPattern(words, this.#work) : undefined;
      if (bad) return bad + inServer(line);
    }
    const accesses = new Map<Directive[], NginxAccess>();
    for (const inner of [
      block,
      ...block.flatMap((one) => (one.words[0] === "location" && one.block ? [one.block] : [])),
    ]) {
      for (const { words } of inner) this.#names(words);
      const access = accessOf(inner, this.#formats, inServer);
      if (typeof access === "string") return access;
      if (access) accesses.set(inner, keptAccess(access));
    }
    const server = readServer(block, here, this.#upstreams, accesses);
    const own = accesses.get(block);
    if (own) Object.assign(server, own);
    else this.#unsaid.push(server);
    this.servers.push(server);
    return undefined;
  }
}

/** The servers of a configuration, or the complaint (without its `[emerg]`). */
export function parseNginxConfig(
  text: string,
  include: Include,
): { servers: NginxServer[]; error?: string } {
  const reading = new Reading(include);
  const error = reading.file(text, "/etc/nginx/html") ?? reading.end();
  const { servers } = reading;
  return error === undefined ? { servers } : { servers, error };
}
