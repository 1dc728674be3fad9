/** As much of nginx's configuration language as a static server needs: server, listen, root, index, location, return. */
import { endOf } from "../../core/trim.ts";

import { Regex, regexFor, type NoRegex } from "../../regex/regex.ts";
import { MatchWork } from "../../runtime/match-work.ts";

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

export interface NginxServer {
  ports: number[];
  names: string[];
  name: string;
  root: string;
  index: string[];
  locations: NginxLocation[];
  /** access_log off. */
  quiet?: true;
}

interface Directive {
  words: string[];
  line: number;
  block?: Directive[];
}

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

function readServer(block: Directive[], root: string, upstreams: Upstreams): NginxServer {
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
    else if (name === "access_log" && args[0] === "off") server.quiet = true;
    else if (name === "return") server.locations.push({ path: "/", returns: returned(args) });
    else if (name === "location" && inner)
      server.locations.push(readLocation(args, inner, upstreams));
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

/** The servers of a configuration, or the complaint (without its `[emerg]`). */
export function parseNginxConfig(
  text: string,
  include: Include,
): { servers: NginxServer[]; error?: string } {
  const servers: NginxServer[] = [];
  const upstreams: Upstreams = {};
  const work = new MatchWork();
  const visit = (source: string, root: string): string | undefined => {
    const block = parseBlock(tokens(source), { i: 0 }, true);
    if (typeof block === "string") return block;
    return walk(block, root);
  };
  const walk = (block: Directive[], root: string): string | undefined => {
    let here = root;
    for (const { words, block: inner, line } of block) {
      const name = words[0] ?? "";
      if (!known.test(name)) return `unknown directive "${name}" in /etc/nginx/nginx.conf:${line}`;
      if (name === "root") here = words[1] ?? here;
      if (name === "http" && inner) {
        const error = walk(inner, here);
        if (error) return error;
      }
      if (name === "upstream" && inner)
        upstreams[words[1] ?? ""] = inner
          .filter((directive) => directive.words[0] === "server")
          .map((directive) => directive.words[1] ?? "");
      if (name === "server" && inner) {
        const odd = inner.find((directive) => !known.test(directive.words[0] ?? ""));
        if (odd)
          return `unknown directive "${odd.words[0]}" in /etc/nginx/conf.d/default.conf:${odd.line}`;
        for (const { words: given, line: at } of inner) {
          const bad = given[0] === "location" ? badPattern(given, work) : undefined;
          if (bad) return `${bad} in /etc/nginx/conf.d/default.conf:${at}`;
        }
        servers.push(readServer(inner, here, upstreams));
      }
      if (name === "include" && !/mime\.types$/.test(words[1] ?? ""))
        for (const part of include(words[1] ?? "")) {
          const error = visit(part, here);
          if (error) return error;
        }
    }
    return undefined;
  };
  const error = visit(text, "/etc/nginx/html");
  return error ? { servers, error } : { servers };
}
