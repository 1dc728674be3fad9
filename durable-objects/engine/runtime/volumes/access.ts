/**
 * The volume through which a Pod's processes know the API (`kube-api-access-xxxxx`): token, CA, namespace. Every Pod has
 * one and few programs read it, so nothing of it is stored: its files are computed when read.
 * k8s: plugin/pkg/admission/serviceaccount/admission.go TokenVolumeSource, pkg/kubelet/token/token_manager.go
 */
import type { Pod, PodSpec, Volume } from "../../kinds/pod/types.ts";
import type { ConfigMap } from "../../kinds/config-map.ts";
import { claimsFor, issuer } from "../../api/auth/tokens.ts";
import { parseTime } from "../../core/clock.ts";
import type { KubeObject } from "../../core/object.ts";
import { fnv32a, uuidOf } from "../../core/random.ts";
import { encodeUtf8 } from "../bytes.ts";
import type { TokenSource } from "../runtime-port.ts";
import type { RuntimeContext } from "../kernel/types.ts";
import { buildLayer, type Layer, type LayerFile } from "../fs/layer.ts";

const rootConfigMap = "kube-root-ca.crt";

/** The user all containers run as, so far as the Pod says; tokens are its own. k8s: pkg/volume/util FsUserFrom */
export function volumeUser(spec: PodSpec): number | undefined {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec;
  const users = [...containers, ...initContainers, ...ephemeralContainers].map(
    (c) => c.securityContext?.runAsUser ?? spec.securityContext?.runAsUser,
  );
  return users.every((user) => user === users[0]) ? users[0] : undefined;
}

/** A token whose reader is known is nobody else's. k8s: pkg/volume/projected collectData */
export const tokenMode = (
  mode: number,
  user: number | undefined,
  group: number | undefined,
): number => (user === undefined && group === undefined ? mode : 0o600);

/** Whether a volume is the one that admission adds, as it adds it. */
export function isApiAccess(volume: Volume): boolean {
  const sources = volume.projected?.sources;
  return (
    volume.name.startsWith("kube-api-access-") &&
    sources?.length === 3 &&
    sources[0]?.serviceAccountToken?.path === "token" &&
    sources[1]?.configMap?.name === rootConfigMap &&
    sources[2]?.downwardAPI?.items?.[0]?.path === "namespace"
  );
}

/** The files of a Pod's API access volume; undefined when `volumeName` is none. */
export function accessLayer(
  context: RuntimeContext,
  namespace: string,
  podName: string,
  volumeName: string,
): Layer | undefined {
  const pod = context.reader.get<Pod>("pods", namespace, podName);
  const volume = pod?.spec.volumes?.find((v) => v.name === volumeName);
  if (!pod || !volume || !isApiAccess(volume)) return undefined;
  const root = context.reader.get<ConfigMap>("configmaps", namespace, rootConfigMap);
  const known = layers.get(pod);
  if (known && known.root === root) return known.layer;
  const layer = lazily(() => layerOf(pod, volume, root?.data?.["ca.crt"] ?? ""));
  layers.set(pod, { root, layer });
  return layer;
}

/** Built once per version of a Pod: objects of the store are immutable. */
const layers = new WeakMap<Pod, { root: KubeObject | undefined; layer: Layer }>();

/** A layer that is built on its first read. */
function lazily(make: () => Layer): Layer {
  let made: Layer | undefined;
  return {
    get entries() {
      return (made ??= make()).entries;
    },
    get children() {
      return (made ??= make()).children;
    },
  };
}

function layerOf(pod: Pod, volume: Volume, certificate: string): Layer {
  const { namespace = "", name: podName } = pod.metadata;
  const token: TokenSource = {
    namespace,
    serviceAccount: pod.spec.serviceAccountName ?? "default",
    podName,
    podUid: pod.metadata.uid,
    expirationSeconds:
      volume.projected?.sources?.[0]?.serviceAccountToken?.expirationSeconds ?? 3600,
    sinceMs: parseTime(pod.metadata.creationTimestamp),
  };
  const group = pod.spec.securityContext?.fsGroup;
  const user = volumeUser(pod.spec);
  const shared = group === undefined ? { mode: 0o644 } : { mode: 0o644, gid: group };
  const own = {
    mode: tokenMode(0o644, user, group) | (group === undefined ? 0 : 0o440),
    ...(user === undefined ? {} : { uid: user }),
    ...(group === undefined ? {} : { gid: group }),
  };
  const folder = `..${pod.metadata.creationTimestamp.replace(/[-:T]/g, "_").replace("Z", "")}.${String(fnv32a(pod.metadata.uid) % 1_000_000_000).padStart(9, "0")}`;
  const files: Record<string, LayerFile> = {
    "/": {
      dir: true,
      mode: group === undefined ? 0o1777 : 0o3777,
      ...(group === undefined ? {} : { gid: group }),
    },
    [`/${folder}`]: { dir: true, ...(group === undefined ? {} : { mode: 0o2755, gid: group }) },
    [`/${folder}/ca.crt`]: { text: certificate, ...shared },
    [`/${folder}/namespace`]: { text: namespace, ...shared },
    [`/${folder}/token`]: { dynamic: JSON.stringify(token), ...own },
    "/..data": { link: folder },
    "/ca.crt": { link: "..data/ca.crt" },
    "/namespace": { link: "..data/namespace" },
    "/token": { link: "..data/token" },
  };
  return buildLayer(files);
}

/**
 * A token as the kubelet would have it in the file now: made anew when 80 % of its life are over. Always the same text
 * within such a stretch.
 */
export function tokenText(context: RuntimeContext, source: TokenSource): string {
  const { namespace, serviceAccount, podName, podUid, audience, expirationSeconds } = source;
  const { tokens } = context;
  const account = context.reader.get("serviceaccounts", namespace, serviceAccount);
  if (!tokens || !account) return "";
  const lifeMs = expirationSeconds * 800;
  const stretch = Math.max(0, Math.floor((context.now - source.sinceMs) / lifeMs));
  const node = nodeOf(context, namespace, podName);
  const claims = claimsFor(account, source.sinceMs + stretch * lifeMs, {
    seconds: expirationSeconds,
    audiences: [audience ?? issuer],
    jti: uuidOf([0, 1, 2, 3].map((i) => fnv32a(`${i}${podUid}/${audience ?? ""}/${stretch}`))),
    bound: { pod: { name: podName, uid: podUid }, ...(node ? { node } : {}) },
  });
  return tokens.sign(claims);
}

function nodeOf(
  context: RuntimeContext,
  namespace: string,
  podName: string,
): { name: string; uid: string } | undefined {
  const name = context.reader.get<Pod>("pods", namespace, podName)?.spec.nodeName;
  const node = name === undefined ? undefined : context.reader.get("nodes", "", name);
  return node && { name: node.metadata.name, uid: node.metadata.uid };
}

/** Content of a computed file of a volume, as bytes. */
export const dynamicText = (context: RuntimeContext, what: string): string =>
  encodeUtf8(tokenText(context, JSON.parse(what) as TokenSource));
