/** What a path and a method ask for. k8s: apiserver/pkg/endpoints/request/requestinfo.go */
import { lookup } from "../../core/lookup.ts";
import type { ApiRequest } from "../../ports/request.ts";

export interface RequestInfo {
  isResource: boolean;
  verb: string;
  /** `api` or `apis`. */
  prefix: string;
  group: string;
  version: string;
  namespace: string;
  resource: string;
  subresource: string;
  name: string;
  /** The path goes through `/namespaces/NAME/`. */
  inNamespace: boolean;
  /** The deprecated `/watch/` stands before the resource. */
  watchPrefix: boolean;
  /** For authorisation: a collection request that selects one name counts as one for that name. */
  selectedName: string;
  /** What follows the subresource: the path behind `/proxy/`. */
  rest: string;
  path: string;
  query: URLQuery;
}

/** Parsed query: all values of a key, in order. */
export class URLQuery {
  readonly #values = new Map<string, string[]>();
  constructor(text: string) {
    for (const part of text.split("&")) {
      if (!part) continue;
      const eq = part.indexOf("=");
      const key = decode(eq < 0 ? part : part.slice(0, eq));
      const value = eq < 0 ? "" : decode(part.slice(eq + 1));
      const values = this.#values.get(key);
      if (values) values.push(value);
      else this.#values.set(key, [value]);
    }
  }
  get(key: string): string {
    return this.#values.get(key)?.[0] ?? "";
  }
  all(key: string): string[] {
    return this.#values.get(key) ?? [];
  }
  has(key: string): boolean {
    return this.#values.has(key);
  }
  /** A bare key counts as true. k8s: apimachinery/pkg/runtime/converter.go Convert_Slice_string_To_bool */
  flag(key: string): boolean {
    if (!this.has(key)) return false;
    const value = this.get(key).toLowerCase();
    return value !== "false" && value !== "0";
  }
}

function decode(text: string): string {
  const plain = text.replaceAll("+", " ");
  if (!plain.includes("%")) return plain;
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}

const verbs: Record<string, string> = lookup({
  GET: "get",
  HEAD: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
});

/** Subresources of namespaces that are not resources within them. */
const namespaceSubresources = new Set(["status", "finalize"]);

/**
 * What a path and its query mean: resource, verb, namespace, name. A path of no resource says so. k8s:
 * apiserver/pkg/endpoints/request/requestinfo.go NewRequestInfo
 */
export function requestInfo(request: ApiRequest): RequestInfo {
  const query = new URLQuery(request.query);
  const info: RequestInfo = {
    isResource: false,
    verb: request.method.toLowerCase(),
    prefix: "",
    group: "",
    version: "",
    namespace: "",
    resource: "",
    subresource: "",
    name: "",
    inNamespace: false,
    watchPrefix: false,
    selectedName: "",
    rest: "",
    path: request.path,
    query,
  };
  const raw = request.path.split("/").filter((p) => p !== "");
  const parts = raw.map(decode);
  if (parts[0] === "api" ? parts.length < 3 : parts[0] !== "apis" || parts.length < 4) return info;
  info.prefix = parts[0] as string;
  info.isResource = true;
  let rest = parts.slice(1);
  if (info.prefix === "apis") info.group = rest.shift() as string;
  info.version = rest.shift() as string;
  info.verb = verbs[request.method] ?? "";
  if (rest[0] === "watch") {
    info.watchPrefix = true;
    rest.shift();
  }
  if (rest[0] === "namespaces") {
    if (rest.length > 1) {
      info.namespace = rest[1] as string;
      if (rest.length > 2 && !namespaceSubresources.has(rest[2] as string)) {
        info.inNamespace = true;
        rest = rest.slice(2);
      }
    }
  }
  info.resource = rest[0] ?? "";
  info.name = rest[1] ?? "";
  info.subresource = rest[2] ?? "";
  info.rest = rest.slice(3).join("/");
  if (info.resource === "namespaces" && info.name) info.namespace = info.name;
  setCollectionVerb(info);
  info.selectedName ||= info.name;
  return info;
}

function setCollectionVerb(info: RequestInfo): void {
  const { watchPrefix } = info;
  if (info.name === "" && info.verb === "get") {
    info.verb = info.query.flag("watch") || watchPrefix ? "watch" : "list";
  } else if (info.name === "" && info.verb === "delete") {
    info.verb = "deletecollection";
  } else if (info.verb === "get" && watchPrefix) {
    info.verb = "watch";
  }
  if (info.verb !== "list" && info.verb !== "watch") return;
  const byName = /^metadata\.name==?([^,=!]+)$/.exec(info.query.get("fieldSelector"));
  if (byName && info.name === "") info.selectedName = byName[1] as string;
}
