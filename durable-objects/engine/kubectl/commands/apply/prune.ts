/** What apply --prune deletes. k8s: kubectl/pkg/cmd/apply/prune.go, kubectl/pkg/util/prune/prune.go */
import type { Kubectl } from "../../command.ts";
import { apiVersionOf, klogHead, pathOf } from "../../discovery.ts";
import { Failure } from "../../errors.ts";
import { deleteObject, donePrinter, lastApplied } from "../../changes.ts";
import type { KubeObject, ListObject } from "../../objects.ts";
import type { Work } from "../../work.ts";
import type { ApplyOptions, PruneType } from "./options.ts";

const namespaced =
  "ConfigMap Endpoints PersistentVolumeClaim Pod ReplicationController Secret Service batch/Job batch/CronJob networking.k8s.io/Ingress apps/DaemonSet apps/Deployment apps/ReplicaSet apps/StatefulSet";
const clusterWide = "Namespace PersistentVolume";

function* defaultTypes(k: Kubectl): Work<PruneType[]> {
  const mapper = yield* k.mapper();
  return `${namespaced} ${clusterWide}`.split(" ").map((one) => {
    const [kind = "", group] = one.split("/").toReversed();
    const version = group ? `${group}/v1` : "v1";
    try {
      return mapper.ofKind(version, kind);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const shown = `${group ?? ""}/v1, Kind=${kind}, Namespaced=${namespaced.split(" ").includes(one)}`;
      throw new Failure(
        `error retrieving RESTMappings to prune: invalid resource ${shown}: ${error.message}`,
      );
    }
  });
}

function* typesOf(k: Kubectl, list: readonly string[]): Work<PruneType[]> {
  const mapper = yield* k.mapper();
  return list.map((one) => {
    const [group, version = "", kind = "", ...more] = one.split("/");
    if (kind === "" || more.length > 0)
      throw new Failure(
        `invalid GroupVersionKind format: ${one}, please follow <group/version/kind>`,
      );
    return mapper.ofKind(group === "core" || group === "" ? version : `${group}/${version}`, kind);
  });
}

export const pruneTypes = (k: Kubectl, list: readonly string[]): Work<PruneType[]> =>
  typesOf(k, list);

/** What is pruned: of the types that are named, or of those that always are. k8s: util/prune/prune.go GetRESTMappings */
export function* prunedTypes(k: Kubectl, named: readonly PruneType[]): Work<readonly PruneType[]> {
  if (named.length > 0) return named;
  k.err(
    `${yield* klogHead("prune.go:71", "W")} Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.\n`,
  );
  return yield* defaultTypes(k);
}

/** Deletes what was applied once and is not in the files any more. */
export function* prune(o: ApplyOptions): Work<void> {
  const types = yield* prunedTypes(o.k, o.pruneTypes);
  for (const namespace of o.namespaces)
    for (const type of types.filter((one) => one.namespaced)) yield* pruneIn(o, type, namespace);
  for (const type of types.filter((one) => !one.namespaced)) yield* pruneIn(o, type, "");
}

/** What was applied once and is not in the files any more; `done` has each. */
export function* eachPruned(
  k: Kubectl,
  type: PruneType,
  { namespace, uids }: { namespace: string; uids: ReadonlySet<string> },
  done: (object: KubeObject) => Work<void>,
): Work<void> {
  const client = yield* k.client();
  try {
    const list = yield* client.json<ListObject>({
      path: pathOf(type, namespace),
      query: [["labelSelector", k.flags.string("selector")]],
    });
    for (const item of list.items ?? []) {
      if (lastApplied(item) === undefined || uids.has(item.metadata?.uid ?? "")) continue;
      yield* done({ ...item, apiVersion: apiVersionOf(type), kind: type.kind });
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const version = apiVersionOf(type).replace(/^([^/]+)$/, "/$1");
    const what = `${namespace ? "namespaced" : "nonNamespaced"} object ${version}, Kind=${type.kind}`;
    throw new Failure(`error pruning ${what}: ${error.message}`);
  }
}

function* pruneIn(o: ApplyOptions, type: PruneType, namespace: string): Work<void> {
  const { k, uids } = o;
  const client = yield* k.client();
  yield* eachPruned(k, type, { namespace, uids }, function* (object) {
    const name = object.metadata?.name ?? "";
    if (o.dryRun !== "client") yield* deleteObject(client, { type, namespace, name }, o);
    k.out((yield* donePrinter(k, "pruned", o.dryRun))(object));
  });
}
