/** Defaults of Pods and Pod templates. k8s: pkg/apis/core/v1/defaults.go */
import type { DownwardAPIVolumeFile } from "kubernetes-types/core/v1";
import type { Handler, ProbeShape } from "./default-shapes.ts";
import { sumOfContainers } from "./resources.ts";
import type {
  Container,
  EphemeralContainer,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Volume,
  VolumeProjection,
} from "./types.ts";

const label = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
const domain = `(?:${label}(?:\\.${label})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?`;
const component = "[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*";
const imageRegex = new RegExp(
  `^(?:${domain}/)?${component}(?:/${component})*(?::(\\w[\\w.-]{0,127}))?(@[A-Za-z][\\w.+-]*:[0-9a-fA-F]{32,})?$`,
);

/** Always for `latest` or no tag at all, else (also for what is no image name) IfNotPresent. k8s: parsers.ParseImageName */
export function defaultPullPolicy(image: string | undefined): "Always" | "IfNotPresent" {
  const match = imageRegex.exec(image ?? "");
  if (!match) return "IfNotPresent";
  const [, tag, digest] = match;
  return tag === "latest" || (!tag && !digest) ? "Always" : "IfNotPresent";
}

function withProbeDefaults<T extends ProbeShape>(probe: T): T {
  return {
    ...withHandlerDefaults(probe),
    timeoutSeconds: probe.timeoutSeconds || 1,
    periodSeconds: probe.periodSeconds || 10,
    successThreshold: probe.successThreshold || 1,
    failureThreshold: probe.failureThreshold || 3,
  };
}

function withHandlerDefaults<T extends Handler>(handler: T): T {
  const get = handler.httpGet;
  if (get)
    return {
      ...handler,
      httpGet: { ...get, path: get.path || "/", scheme: get.scheme || "HTTP" },
    };
  if (handler.grpc && handler.grpc.service === undefined)
    return { ...handler, grpc: { ...handler.grpc, service: "" } };
  return handler;
}

type AnyContainer = Container | EphemeralContainer;

function withContainerDefaults<T extends AnyContainer>(container: T): T {
  const out: T = {
    ...container,
    resources: container.resources ?? {},
    terminationMessagePath: container.terminationMessagePath || "/dev/termination-log",
    terminationMessagePolicy: container.terminationMessagePolicy || "File",
    imagePullPolicy: container.imagePullPolicy || defaultPullPolicy(container.image),
  };
  if (container.ports?.some((p) => !p.protocol))
    out.ports = container.ports.map((p) => (p.protocol ? p : { ...p, protocol: "TCP" }));
  for (const key of ["livenessProbe", "readinessProbe", "startupProbe"] as const) {
    const probe = container[key];
    if (probe) out[key] = withProbeDefaults(probe as ProbeShape);
  }
  const { lifecycle } = container;
  if (lifecycle?.postStart?.httpGet || lifecycle?.preStop?.httpGet)
    out.lifecycle = {
      ...lifecycle,
      ...(lifecycle.postStart && { postStart: withHandlerDefaults(lifecycle.postStart) }),
      ...(lifecycle.preStop && { preStop: withHandlerDefaults(lifecycle.preStop) }),
    };
  if (container.env?.some((v) => v.valueFrom?.fieldRef && !v.valueFrom.fieldRef.apiVersion))
    out.env = container.env.map((variable) => {
      const ref = variable.valueFrom?.fieldRef;
      if (!ref || ref.apiVersion) return variable;
      return {
        ...variable,
        valueFrom: { ...variable.valueFrom, fieldRef: { ...ref, apiVersion: "v1" } },
      };
    });
  return out;
}

/** 0644 */
const defaultMode = 420;

const withVersions = (
  items: DownwardAPIVolumeFile[] | undefined,
): DownwardAPIVolumeFile[] | undefined =>
  items?.map((item) =>
    item.fieldRef && !item.fieldRef.apiVersion
      ? { ...item, fieldRef: { ...item.fieldRef, apiVersion: "v1" } }
      : item,
  );

function withProjectionDefaults(source: VolumeProjection): VolumeProjection {
  if (source.serviceAccountToken && source.serviceAccountToken.expirationSeconds === undefined)
    return {
      ...source,
      serviceAccountToken: { ...source.serviceAccountToken, expirationSeconds: 3600 },
    };
  if (source.downwardAPI?.items)
    return {
      ...source,
      downwardAPI: {
        ...source.downwardAPI,
        items: withVersions(source.downwardAPI.items),
      },
    };
  return source;
}

function withVolumeDefaults(volume: Volume): Volume {
  if (Object.keys(volume).every((key) => key === "name" || !volume[key as keyof Volume]))
    return { ...volume, emptyDir: {} };
  const { secret, configMap, downwardAPI, projected, hostPath, image, ephemeral } = volume;
  const mode = <T extends { defaultMode?: number }>(s: T): T => ({
    ...s,
    defaultMode: s.defaultMode ?? defaultMode,
  });
  if (secret) return { ...volume, secret: mode(secret) };
  if (configMap) return { ...volume, configMap: mode(configMap) };
  if (downwardAPI) {
    const items = withVersions(downwardAPI.items);
    return { ...volume, downwardAPI: { ...mode(downwardAPI), ...(items && { items }) } };
  }
  if (projected) {
    const sources = projected.sources?.map(withProjectionDefaults);
    return { ...volume, projected: { ...mode(projected), ...(sources && { sources }) } };
  }
  if (hostPath && hostPath.type === undefined)
    return { ...volume, hostPath: { ...hostPath, type: "" } };
  if (image && !image.pullPolicy)
    return { ...volume, image: { ...image, pullPolicy: defaultPullPolicy(image.reference) } };
  const claim = ephemeral?.volumeClaimTemplate;
  if (claim && !claim.spec?.volumeMode)
    return {
      ...volume,
      ephemeral: {
        ...ephemeral,
        volumeClaimTemplate: { ...claim, spec: { ...claim.spec, volumeMode: "Filesystem" } },
      },
    };
  return volume;
}

/** What a Pod and every template alike get. k8s: SetDefaults_PodSpec and the parts' own */
export function withPodSpecDefaults(spec: PodSpec): PodSpec {
  const out: PodSpec = {
    ...spec,
    containers: (spec.containers ?? []).map(withContainerDefaults),
    restartPolicy: spec.restartPolicy || "Always",
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? 30,
    dnsPolicy: spec.dnsPolicy || "ClusterFirst",
    securityContext: spec.securityContext ?? {},
    schedulerName: spec.schedulerName || "default-scheduler",
  };
  if (spec.volumes) out.volumes = spec.volumes.map(withVolumeDefaults);
  if (spec.initContainers) out.initContainers = spec.initContainers.map(withContainerDefaults);
  if (spec.ephemeralContainers)
    out.ephemeralContainers = spec.ephemeralContainers.map(withContainerDefaults);
  // v1 has both spellings; the newer one wins and the older follows it.
  const account = spec.serviceAccountName || spec.serviceAccount;
  if (account) {
    out.serviceAccountName = account;
    out.serviceAccount = account;
  }
  return out;
}

/** With host networking a Pod's (not a template's) container ports are the host's. k8s: defaultHostNetworkPorts */
function withHostPorts(spec: PodSpec): PodSpec {
  const filled = (container: Container): Container =>
    container.ports?.some((p) => !p.hostPort)
      ? {
          ...container,
          ports: container.ports.map((p) => (p.hostPort ? p : { ...p, hostPort: p.containerPort })),
        }
      : container;
  return {
    ...spec,
    containers: spec.containers.map(filled),
    ...(spec.initContainers && { initContainers: spec.initContainers.map(filled) }),
  };
}

/** Missing requests follow the limits: in Pods only, never in templates. */
function withRequests<T extends { resources?: Container["resources"] }>(container: T): T {
  const limits = container.resources?.limits;
  if (!limits) return container;
  const requests = { ...limits, ...container.resources?.requests };
  return { ...container, resources: { ...container.resources, requests } };
}

/** Pod-level requests follow the containers', else the Pod-level limits. k8s: defaultPodRequests */
function withPodLevelRequests(spec: PodSpec): PodSpec {
  const limits = spec.resources?.limits;
  if (!limits || Object.keys(limits).length === 0) return spec;
  const requests: Record<string, string> = { ...spec.resources?.requests };
  const sums = sumOfContainers(spec, "requests");
  for (const name of ["cpu", "memory"])
    if (requests[name] === undefined && sums[name]) requests[name] = sums[name].text;
  for (const [name, limit] of Object.entries(limits))
    if (
      requests[name] === undefined &&
      (name === "cpu" || name === "memory" || name.startsWith("hugepages-"))
    )
      requests[name] = limit;
  return { ...spec, resources: { ...spec.resources, requests } };
}

/** k8s: SetDefaults_Pod */
export function withPodDefaults(pod: Pod): Pod {
  let spec = withPodSpecDefaults(pod.spec ?? ({ containers: [] } as PodSpec));
  spec = {
    ...spec,
    containers: spec.containers.map(withRequests),
    ...(spec.initContainers && { initContainers: spec.initContainers.map(withRequests) }),
    enableServiceLinks: spec.enableServiceLinks ?? true,
    // Of Pods alone: a template keeps what it says. k8s: core/v1/conversion.go Convert_v1_Pod_To_core_Pod
    ...((spec.terminationGracePeriodSeconds ?? 0) < 0 ? { terminationGracePeriodSeconds: 1 } : {}),
  };
  if (spec.hostNetwork) spec = withHostPorts(spec);
  return { ...pod, spec: withPodLevelRequests(spec) };
}

/** Template of a workload: metadata stays as it is. */
export const withTemplateDefaults = (template: PodTemplateSpec | undefined): PodTemplateSpec => ({
  ...template,
  spec: withPodSpecDefaults(template?.spec ?? ({ containers: [] } as PodSpec)),
});
