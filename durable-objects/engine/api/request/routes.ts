/** Which paths and methods exist: what is no route is refused before any handler looks. k8s: apiserver/pkg/endpoints/installer.go */
import type { RequestInfo } from "./request-info.ts";
import type { Registry, Resource } from "../discovery/registry.ts";
import {
  notFound,
  StatusError,
  unknownPath,
  unsupportedMediaType,
} from "../../machinery/status.ts";

/** No route for the method. k8s: apiserver/pkg/server/handler.go serviceErrorHandler */
export const methodNotAllowed = (): StatusError =>
  new StatusError(
    405,
    "MethodNotAllowed",
    "the server does not allow this method on the requested resource",
    {},
  );

/** Subresources with a path of the client's own behind them. */
const openEnded = new Set(["proxy"]);

/** Throws 404 or 405 unless upstream has a route for this path and method. */
export function checkRoute(info: RequestInfo, resource: Resource, method: string): void {
  if (info.inNamespace && !resource.namespaced) throw unknownPath();
  if (info.rest && !openEnded.has(info.subresource)) throw unknownPath();
  if (info.watchPrefix) return checkWatchRoute(info, resource);
  if (resource.namespaced && !info.inNamespace) {
    if (info.name) throw unknownPath();
    if (!["list", "watch"].includes(info.verb) || !resource.verbs.includes("list")) {
      const isPath = resource.verbs.includes("list") && !resource.hooks.custom;
      throw isPath ? methodNotAllowed() : unknownPath();
    }
    return;
  }
  if (info.subresource) return checkSubresource(info, resource, method);
  if (info.name && !resource.verbs.includes("get")) throw unknownPath();
  const ofOne = ["get", "update", "patch", "delete"];
  const ofAll = ["list", "watch", "create", "deletecollection"];
  // A name was given to POST: info still says create.
  if (!(info.name && info.verb !== "watch" ? ofOne : ofAll).includes(info.verb))
    throw methodNotAllowed();
  if (!resource.verbs.includes(info.verb)) throw methodNotAllowed();
}

function checkWatchRoute(info: RequestInfo, resource: Resource): void {
  if (info.subresource || !resource.verbs.includes("watch")) throw unknownPath();
  if (info.name && resource.namespaced && !info.inNamespace) throw unknownPath();
  if (info.verb !== "watch") throw methodNotAllowed();
}

function checkSubresource(info: RequestInfo, resource: Resource, method: string): void {
  const declared = resource.subresources.find((s) => s.name === info.subresource);
  if (!declared && resource.hooks.custom) throw notFound(resource, info.name);
  if (!declared) throw unknownPath();
  // A method without a verb of its own, which the proxied server may know all the same.
  if (method === "OPTIONS" && openEnded.has(info.subresource)) return;
  if (!declared.verbs.includes(info.verb)) throw methodNotAllowed();
}

/** Whether anything is served below this path's group, so that what is missing there is a Status. */
export function withinApi(registry: Registry, path: string): boolean {
  const [first = "", group = ""] = path.split("/").filter(Boolean);
  if (first === "api" || first === "version") return true;
  return first === "apis" && registry.groupVersions.some((g) => g.group === group);
}

const patchTypes = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];

/** Nobody knows how to merge what only a schema describes. k8s: apiextensions-apiserver customresource_handler.go */
const customPatchTypes = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/apply-patch+yaml",
];

const objectTypes = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const streamTypes = [
  "application/json;stream=watch",
  "application/vnd.kubernetes.protobuf;stream=watch",
];

/**
 * A route takes and gives only some media types; the router refuses others in its own words.
 * k8s: go-restful jsr311.go detectRoute
 */
export function checkMediaTypes(
  info: RequestInfo,
  resource: Resource,
  headers: Readonly<Record<string, string>>,
): void {
  const given = bare(headers["content-type"] ?? "");
  const { custom } = resource.hooks;
  if (custom && info.verb === "patch" && !customPatchTypes.includes(given))
    throw unsupportedMediaType(customPatchTypes);
  if (
    info.verb === "patch" &&
    !info.subresource.startsWith("proxy") &&
    !patchTypes.includes(given)
  ) {
    throw new StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});
  }
  if (streamed.has(info.subresource)) return;
  const accept = headers["accept"]?.trim() || "*/*";
  const gives = ["list", "watch"].includes(info.verb)
    ? [...objectTypes, ...streamTypes]
    : objectTypes;
  if (accept.split(",").some((a) => bare(a) === "*/*" || gives.includes(bare(a)))) return;
  throw new StatusError(
    406,
    "NotAcceptable",
    `406: Not Acceptable\n\nAvailable representations: ${gives.join(", ")}`,
    {},
  );
}

/** These answer with the container's own bytes, whatever the Accept header. */
const streamed = new Set(["log", "exec", "attach", "portforward", "proxy"]);

const bare = (type: string): string => (type.split(";")[0] as string).trim();
