/** kubectl cluster-info dump. k8s: kubectl/pkg/cmd/clusterinfo/clusterinfo_dump.go */
import { podTimeout } from "./pod/logs.ts";
import { trimEndOf } from "../../core/trim.ts";
import { writeFile } from "../asks.ts";
import type { Command, Kubectl } from "../command.ts";
import { Failure } from "../errors.ts";
import type { KubeObject, ListObject } from "../objects.ts";
import type { PodObject } from "../pods.ts";
import { printerOf, type Printer } from "../printers/index.ts";
import { inGoOrder } from "../go/typed-json.ts";
import { structJson } from "../go/json.ts";
import { builtInType } from "../merge/local-patch.ts";
import { section, type Outcome, type Work } from "../work.ts";

/** Lists of a namespace, and the files that they go to. */
const lists: readonly [path: string, plural: string, kind: string, file: string][] = [
  ["/api/v1", "events", "EventList", "events"],
  ["/api/v1", "replicationcontrollers", "ReplicationControllerList", "replication-controllers"],
  ["/api/v1", "services", "ServiceList", "services"],
  ["/apis/apps/v1", "daemonsets", "DaemonSetList", "daemonsets"],
  ["/apis/apps/v1", "deployments", "DeploymentList", "deployments"],
  ["/apis/apps/v1", "replicasets", "ReplicaSetList", "replicasets"],
  ["/api/v1", "pods", "PodList", "pods"],
];

/** A list with its kind, its items without theirs, fields in their structs' order. */
function typed(list: ListObject, apiVersion: string, kind: string): ListObject {
  const type = builtInType(apiVersion, kind.replace(/List$/, ""));
  const items = list.items.map(({ kind: _kind, apiVersion: _version, ...item }) => {
    const { managedFields: _managed, ...metadata } = item.metadata ?? {};
    return inGoOrder({ ...item, metadata }, type) as KubeObject;
  });
  return { kind, apiVersion, metadata: list.metadata ?? {}, items };
}

interface Dump {
  k: Kubectl;
  print: Printer;
  /** "" or "-": standard output. */
  folder: string;
  extension: string;
}

/** Its file is there before anything is printed. */
function* put({ k, folder }: Dump, file: string, print: () => string): Work<void> {
  if (folder === "" || folder === "-") return k.out(print());
  const path = `${trimEndOf(folder, "/")}/${file}`;
  yield* writeFile(path, "", undefined, true);
  yield* writeFile(path, print());
}

function* dumpLogs(d: Dump, namespace: string, pod: PodObject): Work<void> {
  const client = yield* d.k.client();
  const name = pod.metadata?.name ?? "";
  let text = "";
  for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
    const border = `logs for container ${container.name} of pod ${namespace}/${name} ====\n`;
    text += `==== START ${border}`;
    try {
      const path = `/api/v1/namespaces/${namespace}/pods/${name}/log`;
      text += (yield* client.ok({ path, query: [["container", container.name]] })).text;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      text += `Request log error: ${error.message}\n`;
    }
    text += `==== END ${border}`;
  }
  yield* put(d, `${namespace}/${name}/logs.txt`, () => text);
}

function* dumpNamespace(d: Dump, namespace: string): Work<void> {
  const client = yield* d.k.client();
  for (const [root, plural, kind, file] of lists) {
    const list = yield* client.json<ListObject>({
      path: `${root}/namespaces/${namespace}/${plural}`,
    });
    const apiVersion = root.replace(/^\/apis?\//, "");
    yield* put(d, `${namespace}/${file}${d.extension}`, () =>
      d.print(typed(list, apiVersion, kind)),
    );
    if (plural !== "pods") continue;
    for (const pod of list.items) yield* section(() => dumpLogs(d, namespace, pod as PodObject));
  }
}

function* namespacesOf(k: Kubectl): Work<string[]> {
  const { flags } = k;
  if (flags.bool("all-namespaces")) {
    const client = yield* k.client();
    const list = yield* client.json<ListObject>({ path: "/api/v1/namespaces" });
    return list.items.map(({ metadata }) => metadata?.name ?? "");
  }
  const given = flags.list("namespaces");
  return given.length > 0 ? given : ["kube-system", yield* k.namespace()];
}

function* run(k: Kubectl): Work<Outcome> {
  const { flags } = k;
  const output = flags.string("output");
  const other = yield* printerOf(flags);
  const print: Printer = (object) => {
    if (output === "json") return `${structJson(object, "    ")}\n`;
    if (output !== "name") return other(object);
    throw new Failure(`list types are not supported by name printing: *v1.${object.kind}`);
  };
  const client = yield* k.client();
  podTimeout(k);
  yield* k.namespace();
  const extension = { json: ".json", yaml: ".yaml" }[output] ?? ".txt";
  const d: Dump = { k, print, folder: flags.string("output-directory"), extension };
  const nodes = yield* client.json<KubeObject>({ path: "/api/v1/nodes" });
  yield* put(d, `nodes${extension}`, () => print(typed(nodes as ListObject, "v1", "NodeList")));
  for (const namespace of yield* namespacesOf(k))
    yield* section(function* () {
      yield* dumpNamespace(d, namespace);
      return null;
    });
  if (d.folder && d.folder !== "-") k.out(`Cluster info dumped to ${d.folder}\n`);
  return 0;
}

export const clusterInfoDump: Command = { path: "cluster-info dump", run };
