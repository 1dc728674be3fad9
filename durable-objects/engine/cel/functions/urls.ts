/** URLs as Go's net/url reads them. k8s: apiserver/pkg/cel/library/urls.go */
import { decodeUtf8, encodeUtf8 } from "../../core/utf8.ts";
import { goQuote } from "../../machinery/field.ts";
import { parseIp } from "../../machinery/ip.ts";
import { structType } from "../types.ts";
import { Entries, lengthOf, OpaqueValue, type Value } from "../values.ts";
import { failed, type CelFunction, type CelFunctions } from "./function.ts";
import { listOfTexts } from "./operators.ts";

const urlType = structType("kubernetes.URL");

interface Url {
  scheme: string;
  host: string;
  /** As it was written. */
  path: string;
  query: string;
}

class UrlValue extends OpaqueValue {
  readonly type = urlType;
  readonly url: Url;
  readonly #text: string;
  constructor(url: Url, text: string) {
    super();
    this.url = url;
    this.#text = text;
  }
  override get size(): number {
    return lengthOf(this.#text);
  }
  equals(other: this): boolean {
    return this.#text === other.#text;
  }
  override toString(): string {
    return this.#text;
  }
}

/** Where `%` and two digits stand for a byte; undefined: they do not, and where not. */
function unescaped(text: string, plus: boolean): string | { bad: string } {
  const bad = /%(?![0-9a-fA-F]{2})/.exec(text);
  if (bad) return { bad: text.slice(bad.index, bad.index + 3) };
  const plain = plus ? text.replaceAll("+", " ") : text;
  if (!plain.includes("%")) return plain;
  const bytes: number[] = [];
  for (let i = 0; i < plain.length; i++) {
    if (plain[i] === "%") {
      bytes.push(Number.parseInt(plain.slice(i + 1, i + 3), 16));
      i += 2;
      continue;
    }
    const character = String.fromCodePoint(plain.codePointAt(i)!);
    bytes.push(...encodeUtf8(character));
    i += character.length - 1;
  }
  return decodeUtf8(Uint8Array.from(bytes));
}

const badEscape = (bad: string): string => `invalid URL escape ${goQuote(bad)}`;

const portOk = (port: string): boolean => port === "" || /^:[0-9]*$/.test(port);

function hostProblem(host: string): string | undefined {
  const open = host.lastIndexOf("[");
  if (open > 0) return "invalid IP-literal";
  if (open === 0) {
    const close = host.lastIndexOf("]");
    if (close < 0) return "missing ']' in host";
    const port = host.slice(close + 1);
    if (!portOk(port)) return `invalid port ${goQuote(port)} after host`;
    const inner = host.slice(1, close).split("%25", 1)[0]!;
    if (!inner.includes(":") || !parseIp(inner)) {
      return inner.includes(":")
        ? `invalid host: ParseAddr(${goQuote(inner)}): unable to parse IP`
        : "invalid IP-literal";
    }
    return undefined;
  }
  const colon = host.indexOf(":");
  const port = colon < 0 ? "" : host.slice(colon);
  if (!portOk(port)) return `invalid port ${goQuote(port)} after host`;
  const made = unescaped(host, false);
  if (typeof made !== "string") return badEscape(made.bad);
  const odd = /[ "<>\\^`{|}]/.exec(host);
  return odd ? `invalid character ${goQuote(odd[0])} in host name` : undefined;
}

/** The parts of a text, or what is wrong with it. Go: url.parse */
function parts(text: string): Url | string {
  if (/[\x00-\x1f\x7f]/.test(text)) return "net/url: invalid control character in URL";
  if (text === "") return "empty url";
  if (text === "*") return { scheme: "", host: "", path: "*", query: "" };
  if (text.startsWith(":")) return "missing protocol scheme";
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1] ?? "";
  let rest = scheme ? text.slice(scheme.length + 1) : text;
  let query = "";
  const mark = rest.indexOf("?");
  if (mark >= 0) {
    query = rest.slice(mark + 1);
    rest = rest.slice(0, mark);
  }
  if (!rest.startsWith("/")) {
    return scheme
      ? { scheme: scheme.toLowerCase(), host: "", path: "", query }
      : "invalid URI for request";
  }
  let host = "";
  if (scheme && rest.startsWith("//")) {
    const slash = rest.indexOf("/", 2);
    const authority = rest.slice(2, slash < 0 ? undefined : slash);
    rest = slash < 0 ? "" : rest.slice(slash);
    const at = authority.lastIndexOf("@");
    host = authority.slice(at + 1);
    const problem = hostProblem(host);
    if (problem) return problem;
    if (at >= 0 && !/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(authority.slice(0, at))) {
      return "net/url: invalid userinfo";
    }
  }
  const path = unescaped(rest, false);
  if (typeof path !== "string") return badEscape(path.bad);
  const shown = unescaped(host, false);
  return {
    scheme: scheme.toLowerCase(),
    host: typeof shown === "string" ? shown : host,
    path: rest,
    query,
  };
}

/** What `url.ParseRequestURI` complains of. */
export function requestUriProblem(text: string): string | undefined {
  const found = parts(text);
  return typeof found === "string" ? `parse ${goQuote(text)}: ${found}` : undefined;
}

const kept = /[A-Za-z0-9\-._~!$&'()*+,;=:@/[\]%]/;

/** The path as it was written where that is a way to write it, escaped otherwise. Go: URL.EscapedPath */
function escapedPath(path: string): string {
  let out = "";
  for (const c of path) {
    if (kept.test(c)) out += c;
    else
      for (const byte of encodeUtf8(c))
        out += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}

function hostname(host: string): string {
  if (host.startsWith("[")) return host.slice(1, host.indexOf("]"));
  const colon = host.lastIndexOf(":");
  return colon < 0 ? host : host.slice(0, colon);
}
function port(host: string): string {
  const from = host.startsWith("[") ? host.indexOf("]") : 0;
  const colon = host.lastIndexOf(":");
  return colon < from || colon < 0 ? "" : host.slice(colon + 1);
}

function query(text: string): Value {
  const out = new Entries();
  const values = new Map<string, string[]>();
  for (const pair of text.split("&")) {
    if (pair === "" || pair.includes(";")) continue;
    const equals = pair.indexOf("=");
    const key = unescaped(equals < 0 ? pair : pair.slice(0, equals), true);
    const value = equals < 0 ? "" : unescaped(pair.slice(equals + 1), true);
    if (typeof key !== "string" || typeof value !== "string") continue;
    const known = values.get(key);
    if (known) known.push(value);
    else values.set(key, [value]);
  }
  for (const [key, of] of values) out.set(key, listOfTexts(of));
  return out;
}

const ofUrl =
  (run: (url: Url) => Value): CelFunction =>
  ([a]) =>
    a instanceof UrlValue ? run(a.url) : undefined;

export const urlFunctions: CelFunctions = {
  url: ([text]) => {
    if (typeof text !== "string") return undefined;
    const problem = requestUriProblem(text);
    if (problem) return failed(`URL parse error during conversion from string: ${problem}`);
    // The second reading knows of fragments.
    const hash = text.indexOf("#");
    const found = parts(hash > 0 ? text.slice(0, hash) : text);
    return typeof found === "string" ? failed(found) : new UrlValue(found, text);
  },
  isURL: ([text]) => (typeof text === "string" ? requestUriProblem(text) === undefined : undefined),
  getScheme: ofUrl(({ scheme }) => scheme),
  getHost: ofUrl(({ host }) => host),
  getHostname: ofUrl(({ host }) => hostname(host)),
  getPort: ofUrl(({ host }) => port(host)),
  getEscapedPath: ofUrl(({ path }) => escapedPath(path)),
  getQuery: ofUrl((url) => query(url.query)),
};
