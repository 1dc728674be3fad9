/**
 * What the kubelet writes into a Pod's volumes: ConfigMaps, Secrets, the downward API, projections. Laid out as
 * upstream's atomic writer does: a dated folder, `..data` pointing at it, and a link per name.
 * k8s: pkg/volume/{configmap,secret,downwardapi,projected}, pkg/volume/util/atomic_writer.go
 */
import type { Secret } from "../../kinds/secret.ts";
import type { ConfigMap } from "../../kinds/config-map.ts";
import { calendar, parseTime } from "../../core/clock.ts";
import { encodeUtf8 } from "../../core/utf8.ts";
import { fnv32a } from "../../core/random.ts";
import type { Reader } from "../../ports/controller.ts";
import { fromBase64 } from "../../machinery/base64.ts";
import type { VolumeFile } from "../../runtime/runtime-port.ts";
import { tokenMode, volumeUser } from "../../runtime/volumes/access.ts";
import {
  type DownwardInput,
  fieldText,
  findContainer,
  resourceText,
} from "../environment/downward.ts";
import type { Pod, Volume } from "../../kinds/pod/types.ts";

interface Item {
  key: string;
  path: string;
  mode?: number;
}
interface FieldItem {
  path: string;
  mode?: number;
  fieldRef?: { fieldPath: string };
  resourceFieldRef?: { containerName?: string; resource: string; divisor?: string | number };
}
type Entry = Exclude<VolumeFile, { link: string }>;

export interface FillInput extends DownwardInput {
  reader: Reader;
}

const defaultMode = 0o644;

function picked(
  content: Record<string, Uint8Array>,
  items: readonly Item[] | undefined,
  mode: number,
): Entry[] {
  if (!items || items.length === 0) {
    return Object.keys(content)
      .sort()
      .map((path) => ({ path, data: content[path] as Uint8Array, mode }));
  }
  return items.flatMap((item) => {
    const data = content[item.key];
    return data ? [{ path: item.path, data, mode: item.mode ?? mode }] : [];
  });
}

function contentOf(
  object: (ConfigMap & Secret) | undefined,
  secret: boolean,
): Record<string, Uint8Array> {
  const content: Record<string, Uint8Array> = {};
  for (const [key, text] of Object.entries(object?.data ?? {})) {
    content[key] = secret ? fromBase64(text) : encodeUtf8(text);
  }
  for (const [key, text] of Object.entries(object?.binaryData ?? {}))
    content[key] = fromBase64(text);
  return content;
}

function fromObject(
  input: FillInput,
  resource: "configmaps" | "secrets",
  name: string,
  items: readonly Item[] | undefined,
  mode: number,
): Entry[] {
  const namespace = input.pod.metadata.namespace ?? "";
  const object = input.reader.get<ConfigMap & Secret>(resource, namespace, name);
  return picked(contentOf(object, resource === "secrets"), items, mode);
}

function fromFields(input: FillInput, items: readonly FieldItem[], mode: number): Entry[] {
  return items.map((item) => {
    let told: { text: string } | { error: string } = { text: "" };
    if (item.fieldRef) told = fieldText(item.fieldRef.fieldPath, input);
    else if (item.resourceFieldRef) {
      const { containerName = "", resource, divisor } = item.resourceFieldRef;
      const container = findContainer(input.pod, containerName);
      if (container) told = resourceText(container, resource, divisor, input);
    }
    const text = "text" in told ? told.text : "";
    return { path: item.path, data: encodeUtf8(text), mode: item.mode ?? mode };
  });
}

function fromToken(
  input: FillInput,
  source: { path: string; audience?: string; expirationSeconds?: number },
  mode: number,
): Entry[] {
  const { metadata, spec } = input.pod;
  const token = {
    namespace: metadata.namespace ?? "",
    serviceAccount: spec.serviceAccountName ?? "default",
    podName: metadata.name,
    podUid: metadata.uid,
    ...(source.audience ? { audience: source.audience } : {}),
    expirationSeconds: source.expirationSeconds ?? 3600,
    sinceMs: parseTime(metadata.creationTimestamp),
  };
  const user = volumeUser(spec);
  return [
    {
      path: source.path,
      token,
      mode: tokenMode(mode, user, spec.securityContext?.fsGroup),
      ...(user === undefined ? {} : { uid: user }),
    },
  ];
}

/** Files of a volume the kubelet fills; undefined for all others. */
function entriesOf(input: FillInput, volume: Volume): Entry[] | undefined {
  if (volume.configMap) {
    const { name = "", items, defaultMode: mode } = volume.configMap;
    return fromObject(input, "configmaps", name, items, mode ?? defaultMode);
  }
  if (volume.secret) {
    const { secretName = "", items, defaultMode: mode } = volume.secret;
    return fromObject(input, "secrets", secretName, items, mode ?? defaultMode);
  }
  if (volume.downwardAPI) {
    const { items, defaultMode: mode } = volume.downwardAPI;
    return fromFields(input, (items ?? []) as FieldItem[], mode ?? defaultMode);
  }
  if (!volume.projected) return undefined;
  const mode = volume.projected.defaultMode ?? defaultMode;
  return (volume.projected.sources ?? []).flatMap((source) => {
    if (source.configMap) {
      return fromObject(
        input,
        "configmaps",
        source.configMap.name ?? "",
        source.configMap.items,
        mode,
      );
    }
    if (source.secret) {
      return fromObject(input, "secrets", source.secret.name ?? "", source.secret.items, mode);
    }
    if (source.downwardAPI) {
      return fromFields(input, (source.downwardAPI.items ?? []) as FieldItem[], mode);
    }
    return source.serviceAccountToken ? fromToken(input, source.serviceAccountToken, mode) : [];
  });
}

const two = (n: number): string => String(n).padStart(2, "0");

/** The atomic writer's layout of these files as of `nowMs`. */
export function volumeFiles(
  input: FillInput,
  volume: Volume,
  nowMs: number,
): VolumeFile[] | undefined {
  const entries = entriesOf(input, volume);
  if (!entries) return undefined;
  const at = calendar(nowMs);
  const date = [at.year, two(at.month), two(at.day), two(at.hour), two(at.minute), two(at.second)];
  const folder = `..${date.join("_")}.${String(nowMs % 1000).padStart(3, "0")}000000`;
  const tops = new Set(entries.map((e) => e.path.split("/")[0] ?? e.path));
  return [
    ...entries.map((e) => ({ ...e, path: `${folder}/${e.path}` })),
    { path: "..data", link: folder },
    ...[...tops].map((top) => ({ path: top, link: `..data/${top}` })),
  ];
}

/** Names the state of everything a volume is filled from: another text, other files. */
export function volumeVersion(reader: Reader, pod: Pod, volume: Volume): string {
  const namespace = pod.metadata.namespace ?? "";
  const { labels, annotations } = pod.metadata;
  const own = (): string => fnv32a(JSON.stringify([labels, annotations])).toString(36);
  if (volume.downwardAPI) return own();
  const rv = (resource: "configmaps" | "secrets", name: string | undefined): string =>
    reader.get(resource, namespace, name ?? "")?.metadata.resourceVersion ?? "-";
  if (volume.configMap) return rv("configmaps", volume.configMap.name);
  if (volume.secret) return rv("secrets", volume.secret.secretName);
  return (volume.projected?.sources ?? [])
    .map((s) =>
      s.configMap
        ? rv("configmaps", s.configMap.name)
        : s.secret
          ? rv("secrets", s.secret.name)
          : s.downwardAPI
            ? own()
            : "",
    )
    .join(",");
}
