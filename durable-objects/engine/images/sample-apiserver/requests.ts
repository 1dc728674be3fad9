/** Requests for objects of the sample server. k8s: apiserver/pkg/endpoints/handlers, pkg/registry/generic/registry/store.go */
import { rfc3339 } from "../../core/clock.ts";
import type { KubeObject } from "../../core/object.ts";
import {
  alreadyExists,
  badRequest,
  modifiedConflict,
  notFound,
  StatusError,
  unsupportedMediaType,
} from "../../machinery/status.ts";
import { parseLabelSelector } from "../../machinery/selectors.ts";
import { dns1123Subdomain, invalidEach } from "../../machinery/names.ts";
import { invalidObject, required } from "../../machinery/field.ts";
import { hex32 } from "../../core/random.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import {
  checkFlunder,
  group,
  shown,
  stored,
  type Fischer,
  type Flunder,
  type ServedKind,
} from "./kinds.ts";
import type { Storage } from "./storage.ts";

export interface Asked {
  sys: Sys;
  storage: Storage;
  method: string;
  version: string;
  kind: ServedKind;
  namespace: string;
  name: string;
  query: ReadonlyMap<string, string>;
  accept: string;
  type: string;
  body: string;
}
export interface Outcome {
  status: number;
  body: object;
}

const nameOf = ({ plural }: ServedKind): { group: string; plural: string } => ({ group, plural });

/** k8s: apiserver/pkg/endpoints/handlers/negotiation NegotiateInputSerializer */
const readable = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];

function whole(asked: Asked): Flunder {
  if (asked.type && !readable.includes(asked.type)) throw unsupportedMediaType(readable);
  return parsed(asked);
}

function parsed(asked: Asked): Flunder {
  try {
    const object = JSON.parse(asked.body) as Flunder;
    if (typeof object === "object" && object !== null && !Array.isArray(object)) return object;
  } catch {
    // Told below, like anything else that is no object.
  }
  throw badRequest("the object provided is unrecognized (must be of type " + asked.kind.kind + ")");
}

function uuid(sys: Sys): string {
  const hex = [0, 1, 2, 3].map(() => hex32(Math.floor(sys.random() * 2 ** 32))).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

const letters = "bcdfghjklmnpqrstvwxz2456789";
const suffix = (sys: Sys): string =>
  Array.from({ length: 5 }, () => letters[Math.floor(sys.random() * letters.length)]).join("");

const isDry = ({ query }: Asked): boolean => query.get("dryRun") === "All";

/** The object as it is stored then, or would be. */
function put(asked: Asked, object: Flunder): Flunder {
  if (!isDry(asked)) return asked.storage.put(asked.kind.plural, object);
  const { resourceVersion, ...metadata } = object.metadata;
  return { ...object, metadata: resourceVersion ? object.metadata : metadata } as Flunder;
}

function takeAway(asked: Asked, object: KubeObject): void {
  if (!isDry(asked)) asked.storage.delete(asked.kind.plural, object);
}

function create(asked: Asked): Outcome {
  const { kind, namespace, storage, sys } = asked;
  const given = whole(asked);
  const metadata = (given.metadata ?? {}) as Partial<Flunder["metadata"]>;
  const base = (metadata as { generateName?: string }).generateName ?? "";
  const name = metadata.name || (base && base + suffix(sys));
  if (!name) refuse(kind, "", [required("metadata.name", "name or generateName is required")]);
  if (kind.namespaced && metadata.namespace && metadata.namespace !== namespace)
    throw badRequest(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  const object = stored(kind, {
    ...given,
    metadata: {
      resourceVersion: "",
      ...metadata,
      name,
      ...(kind.namespaced ? { namespace } : {}),
      uid: uuid(sys),
      creationTimestamp: rfc3339(sys.now),
    },
  });
  ban(asked, name);
  check(kind, object);
  if (storage.get(kind.plural, namespace, name)) throw alreadyExists(nameOf(kind), name);
  return { status: 201, body: shown(kind, asked.version, put(asked, object)) };
}

/** k8s: sample-apiserver/pkg/admission/plugin/banflunder */
function ban({ kind, storage }: Asked, name: string): void {
  if (kind.kind !== "Flunder") return;
  for (const fischer of storage.list("fischers", "").items as Fischer[])
    if (fischer.disallowedFlunders?.includes(name))
      throw new StatusError(
        403,
        "Forbidden",
        `flunders.${group} "${name}" is forbidden: this name may not be used, please change the resource name`,
        { name, group, kind: "flunders" },
      );
}

function refuse(kind: ServedKind, name: string, errors: ReturnType<typeof checkFlunder>): void {
  if (errors.length > 0) throw invalidObject(group, kind.kind, name, errors);
}

function check(kind: ServedKind, object: Flunder): void {
  const { name } = object.metadata;
  const errors = invalidEach("metadata.name", name, dns1123Subdomain(name));
  refuse(kind, name, kind.kind === "Flunder" ? [...errors, ...checkFlunder(object)] : errors);
}

function existing({ storage, kind, namespace, name }: Asked): KubeObject {
  const found = storage.get(kind.plural, namespace, name);
  if (!found) throw notFound(nameOf(kind), name);
  return found;
}

function replace(asked: Asked, next: Flunder, before: KubeObject): Outcome {
  const { kind, version } = asked;
  const { name, namespace, uid, creationTimestamp } = before.metadata;
  const { resourceVersion } = next.metadata ?? {};
  if (resourceVersion && resourceVersion !== before.metadata.resourceVersion)
    throw modifiedConflict(nameOf(kind), name);
  const metadata = {
    ...next.metadata,
    name,
    ...(namespace ? { namespace } : {}),
    ...(uid ? { uid } : {}),
    creationTimestamp,
  };
  const object = stored(kind, { ...next, metadata });
  check(kind, object);
  return { status: 200, body: shown(kind, version, put(asked, object)) };
}

/** RFC 7386 */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const isMap = typeof target === "object" && target !== null && !Array.isArray(target);
  const out = new Map<string, unknown>(isMap ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) out.delete(key);
    else out.set(key, merged(out.get(key), value));
  }
  return Object.fromEntries(out);
}

const mergePatch = "application/merge-patch+json";

function patch(asked: Asked): Outcome {
  const { kind, type, version } = asked;
  if (type !== mergePatch)
    throw new StatusError(
      415,
      "UnsupportedMediaType",
      `the body of the request was in an unknown format - accepted media types include: ${mergePatch}`,
    );
  const before = existing(asked);
  const next = merged(shown(kind, version, before), parsed(asked)) as Flunder;
  return replace(asked, next, before);
}

function selected({ storage, kind, namespace, query }: Asked): {
  items: KubeObject[];
  revision: string;
} {
  const { items, revision } = storage.list(kind.plural, namespace);
  const selector = parseLabelSelector(query.get("labelSelector") ?? "");
  const fields = (query.get("fieldSelector") ?? "").split(",").filter(Boolean);
  const fits = ({ metadata }: KubeObject): boolean =>
    selector.matches(metadata.labels) &&
    fields.every((one) => {
      const [, field, not, value] = /^metadata\.(name|namespace)(!?)==?(.*)$/.exec(one) ?? [];
      if (!field) throw badRequest(`field label not supported: ${one}`);
      return (metadata[field as "name"] === value) === (not === "");
    });
  return { items: items.filter(fits), revision };
}

function remove(asked: Asked): Outcome {
  const { kind, version, name } = asked;
  if (name) {
    const before = existing(asked);
    takeAway(asked, before);
    return { status: 200, body: deleted(kind, before) };
  }
  const { items, revision } = selected(asked);
  for (const one of items) takeAway(asked, one);
  return { status: 200, body: listOf(kind, version, items, revision) };
}

const deleted = ({ plural }: ServedKind, { metadata: { name, uid } }: KubeObject): object => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Success",
  details: { name, group, kind: plural, uid },
});

const listOf = (
  kind: ServedKind,
  version: string,
  items: readonly KubeObject[],
  resourceVersion: string,
): object => ({
  apiVersion: `${group}/${version}`,
  items: items.map((one) => shown(kind, version, one)),
  kind: `${kind.kind}List`,
  metadata: { resourceVersion },
});

/** k8s: apiserver/pkg/registry/rest/table.go NewDefaultTableConvertor */
const tableOf = (items: readonly KubeObject[], resourceVersion: string): object => ({
  kind: "Table",
  apiVersion: "meta.k8s.io/v1",
  metadata: { resourceVersion },
  columnDefinitions: [
    {
      name: "Name",
      type: "string",
      format: "name",
      description: "Name must be unique within a namespace.",
      priority: 0,
    },
    {
      name: "Created At",
      type: "date",
      format: "",
      description: "When it was made.",
      priority: 0,
    },
  ],
  rows: items.map(({ metadata }) => ({
    cells: [metadata.name, metadata.creationTimestamp],
    object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata },
  })),
});

function read(asked: Asked): Outcome {
  const { kind, version, name, accept } = asked;
  const asTable = /as=Table/.test(accept);
  if (name) {
    const found = existing(asked);
    const { resourceVersion = "" } = found.metadata;
    return {
      status: 200,
      body: asTable ? tableOf([found], resourceVersion) : shown(kind, version, found),
    };
  }
  const { items, revision } = selected(asked);
  return {
    status: 200,
    body: asTable ? tableOf(items, revision) : listOf(kind, version, items, revision),
  };
}

const methods: ReadonlyMap<string, (asked: Asked) => Outcome> = new Map([
  ["GET", read],
  ["POST", create],
  ["PUT", (asked: Asked) => replace(asked, whole(asked), existing(asked))],
  ["PATCH", patch],
  ["DELETE", remove],
]);

export function serveObjects(asked: Asked): Outcome {
  const run = methods.get(asked.method);
  if (!run || (asked.method === "POST") !== (asked.name === "" && asked.method === "POST"))
    throw new StatusError(
      405,
      "MethodNotAllowed",
      "the server does not allow this method on the requested resource",
    );
  return run(asked);
}
