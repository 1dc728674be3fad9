/** `apply --prune --applyset`: a parent object that knows what was applied with it. k8s: kubectl/pkg/cmd/apply/{applyset,applyset_pruner}.go */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { goQuote } from "../../../machinery/field.ts";
import { binaryOf, toBase64 } from "../../../runtime/bytes.ts";
import { clientVersion } from "../../client-version.ts";
import { applyObject, deleteObject, donePrinter } from "../../changes.ts";
import type { Kubectl } from "../../command.ts";
import { apiVersionOf, fullNameOf, klogHead, pathOf, type ResourceType } from "../../discovery.ts";
import { Failure, isNotFound, isReason } from "../../errors.ts";
import { byText } from "../../go/json.ts";
import type { KubeObject, ListObject } from "../../objects.ts";
import type { Info } from "../../result.ts";
import { section, type Work } from "../../work.ts";
import type { ApplyOptions, ApplySet } from "./options.ts";

const prefix = "applyset.kubernetes.io";
const tooling = `${prefix}/tooling`;
const namespacesNote = `${prefix}/additional-namespaces`;
const kindsNote = `${prefix}/contains-group-kinds`;
const idLabel = `${prefix}/id`;
const memberLabel = `${prefix}/part-of`;
const parentTypeLabel = `${prefix}/is-parent-type`;

/** `Deployment.apps`, `Secret` */
const groupKind = ({ kind, group }: ResourceType): string => (group ? `${kind}.${group}` : kind);

const named = ({ parent: { type, name } }: ApplySet): string =>
  goQuote(`${type.plural}.${type.group}/${name}`);

const isBuiltIn = ({ group, plural }: ResourceType): boolean =>
  group === "" && ["secrets", "configmaps"].includes(plural);

/** The set that `--applyset` names: `[RESOURCE][.GROUP]/NAME`. */
export function* applySetOf(k: Kubectl, text: string, namespace: string): Work<ApplySet> {
  const slash = text.indexOf("/");
  const invalid = (why: string): Failure =>
    new Failure(`invalid parent reference ${goQuote(text)}: ${why}`);
  const name = text.slice(slash + 1);
  if (name === "") throw invalid("name cannot be blank");
  let type: ResourceType;
  try {
    type = (yield* k.mapper()).need(slash < 0 ? "secrets" : text.slice(0, slash));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const [resource = "", ...group] = (slash < 0 ? "secrets" : text.slice(0, slash)).split(".");
    throw invalid(`no matches for ${group.join(".")}/, Resource=${resource}`);
  }
  const within = type.namespaced ? namespace : "";
  const plain = [name, within, type.kind, type.group].join(".");
  const hash = toBase64(binaryOf(sha256(utf8ToBytes(plain))));
  const id = hash.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return {
    parent: { type, name, namespace: within },
    id: `applyset-${id}-v1`,
    kinds: new Map(),
    namespaces: new Set(),
    newKinds: new Map(),
    newNamespaces: new Set(),
  };
}

/** What cannot be a parent. */
export function* validateApplySet(
  k: Kubectl,
  { parent: { type, namespace } }: ApplySet,
): Work<void> {
  if (type.namespaced && namespace === "")
    throw new Failure("namespace is required to use namespace-scoped ApplySet");
  if (isBuiltIn(type)) return;
  const client = yield* k.client();
  let allowed: string[];
  try {
    const list = yield* client.json<ListObject>({
      path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
      query: [["labelSelector", parentTypeLabel]],
    });
    allowed = list.items.map(({ metadata }) => metadata?.name ?? "");
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`identifying allowed custom resource parent types: ${error.message}`);
  }
  if (!allowed.includes(fullNameOf(type)))
    throw new Failure(
      `resource ${goQuote(`${type.group}/${type.version}, Resource=${type.plural}`)} is not permitted as an ApplySet parent`,
    );
}

/** Marks objects as members. */
export function labelMembers({ id }: ApplySet, infos: readonly Info[]): void {
  for (const { object } of infos) {
    const labels = object?.metadata?.labels ?? {};
    if (memberLabel in labels)
      throw new Failure(`ApplySet label ${goQuote(memberLabel)} already set in input data`);
    if (object) object.metadata = { ...object.metadata, labels: { ...labels, [memberLabel]: id } };
  }
}

function* readParent(k: Kubectl, set: ApplySet): Work<void> {
  const { type, name, namespace } = set.parent;
  const client = yield* k.client();
  let object: KubeObject;
  try {
    object = yield* client.json<KubeObject>({ path: pathOf(type, namespace, name) });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (!isNotFound(error))
      throw new Failure(`failed to fetch ApplySet parent object ${named(set)}: ${error.message}`);
    if (!isBuiltIn(type))
      throw new Failure("custom resource ApplySet parents cannot be created automatically");
    return;
  }
  const { labels = {}, annotations = {} } = object.metadata ?? {};
  const about = `ApplySet parent object ${named(set)}`;
  const tool = annotations[tooling];
  if (tool === undefined)
    throw new Failure(
      `${about} already exists and is missing required annotation ${goQuote(tooling)}`,
    );
  const base = tool.includes("/") ? tool.slice(0, tool.lastIndexOf("/")) : tool;
  if (base !== "kubectl")
    throw new Failure(
      `${about} already exists and is managed by tooling ${goQuote(base)} instead of "kubectl"`,
    );
  const id = labels[idLabel];
  if (id === undefined)
    throw new Failure(`${about} exists and does not have required label ${idLabel}`);
  if (id !== set.id)
    throw new Failure(
      `${about} exists and has incorrect value for label ${goQuote(idLabel)} (got: ${id}, want: ${set.id})`,
    );
  yield* readKinds(k, set, annotations[kindsNote]);
  for (const one of (annotations[namespacesNote] ?? "").split(","))
    if (one) set.namespaces.add(one);
  if (type.namespaced) set.namespaces.add(namespace);
}

function* readKinds(k: Kubectl, set: ApplySet, text: string | undefined): Work<void> {
  const failed = (why: string): Failure =>
    new Failure(`parsing ApplySet annotation on ${named(set)}: ${why}`);
  if (text === undefined)
    throw failed(
      `kubectl requires the ${goQuote(kindsNote)} annotation to be set on all ApplySet parent objects`,
    );
  const { types } = yield* k.mapper();
  for (const one of text.split(",").filter(Boolean)) {
    const type = types.find((known) => groupKind(known) === one && known.preferred);
    if (!type) {
      const [kind = "", ...group] = one.split(".");
      throw failed(
        `could not find mapping for kind in ${goQuote(kindsNote)} annotation: no matches for kind ${goQuote(kind)} in group ${goQuote(group.join("."))}`,
      );
    }
    set.kinds.set(one, type);
  }
}

/** Writes down which kinds and namespaces belong to the set. */
function* updateParent(
  o: ApplyOptions,
  set: ApplySet,
  kinds: Iterable<string>,
  namespaces: Iterable<string>,
): Work<void> {
  if (o.dryRun === "client") return;
  const { type, name, namespace } = set.parent;
  const others = [...namespaces].filter((one) => one !== namespace).toSorted(byText);
  const object: KubeObject = {
    kind: type.kind,
    apiVersion: apiVersionOf(type),
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      labels: { [idLabel]: set.id },
      annotations: {
        [tooling]: `kubectl/${clientVersion.gitVersion}`,
        [kindsNote]: [...kinds].toSorted(byText).join(","),
        [namespacesNote]: others.join(","),
      },
    },
  };
  const client = yield* o.k.client();
  const change = {
    dryRun: o.dryRun,
    fieldManager: "kubectl-applyset",
    validation: o.validation,
    force: false,
  };
  const info = { type, name, namespace };
  try {
    try {
      yield* applyObject(client, info, object, change);
    } catch (error) {
      if (!isReason(error, "Conflict")) throw error;
      const head = yield* klogHead("applyset.go:466", "W");
      o.k.err(
        `${head} WARNING: failed to update ApplySet: ${(error as Failure).message}\nApplySet field manager kubectl-applyset should own these fields. Retrying with conflicts forced.\n`,
      );
      yield* applyObject(client, info, object, { ...change, force: true });
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`failed to update ApplySet: ${error.message}`);
  }
}

/** Before anything is applied the parent covers what is there and what will be. */
export function* beforeApply(o: ApplyOptions, set: ApplySet, infos: readonly Info[]): Work<void> {
  yield* readParent(o.k, set);
  for (const { type, namespace } of infos) {
    set.newKinds.set(groupKind(type), type);
    if (type.namespaced && namespace) set.newNamespaces.add(namespace);
  }
  yield* updateParent(
    o,
    set,
    new Set([...set.kinds.keys(), ...set.newKinds.keys()]),
    new Set([...set.namespaces, ...set.newNamespaces]),
  );
}

interface Member {
  type: ResourceType;
  namespace: string;
  object: KubeObject;
}

/** Members that were not applied this time. */
const leftOver = (o: ApplyOptions, set: ApplySet): Work<Member[]> =>
  section<Member[]>(function* () {
    const client = yield* o.k.client();
    const out: Member[] = [];
    for (const type of set.kinds.values())
      for (const namespace of type.namespaced ? set.namespaces : [""]) {
        try {
          const list = yield* client.json<ListObject>({
            path: pathOf(type, namespace),
            query: [["labelSelector", `${memberLabel}=${set.id}`]],
          });
          for (const item of list.items) {
            if (o.uids.has(item.metadata?.uid ?? "")) continue;
            const object = { ...item, apiVersion: apiVersionOf(type), kind: type.kind };
            out.push({ type, namespace, object });
          }
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          const what = `${apiVersionOf(type).replace(/^([^/]+)$/, "/$1")}, Kind=${type.kind}`;
          throw new Failure(`listing ${what} objects for pruning: ${error.message}`);
        }
      }
    return out;
  });

/** Deletes what is not in the set any more. */
export function* pruneSet(o: ApplyOptions, set: ApplySet): Work<void> {
  const { k } = o;
  const client = yield* k.client();
  for (const { type, namespace, object } of yield* leftOver(o, set)) {
    const name = object.metadata?.name ?? "";
    try {
      if (o.dryRun !== "client") yield* deleteObject(client, { type, namespace, name }, o);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const what = `${groupKind(type)} ${namespace ? `${namespace}/` : ""}${name}`;
      throw new Failure(`pruning ${what}: ${error.message}`);
    }
    k.out((yield* donePrinter(k, "pruned", o.dryRun))(object));
  }
  try {
    yield* updateParent(o, set, set.newKinds.keys(), set.newNamespaces);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`apply and prune succeeded, but ApplySet update failed: ${error.message}`);
  }
}
