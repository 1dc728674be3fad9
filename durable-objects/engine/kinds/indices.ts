/** The index table: what can be found without looking at everything. */
import type { Index } from "../core/store.ts";
import type { KubeObject } from "../core/object.ts";
import { type Image, repositoryOf } from "./image.ts";

const nothing: readonly string[] = [];

interface PodShape extends KubeObject {
  spec?: { nodeName?: string; hostNetwork?: boolean };
  status?: { podIP?: string };
}
interface ServiceShape extends KubeObject {
  spec?: {
    type?: string;
    selector?: Record<string, string>;
    clusterIPs?: string[];
    ports?: { nodePort?: number }[];
    healthCheckNodePort?: number;
  };
}
interface EventShape extends KubeObject {
  involvedObject?: { uid?: string };
}

export const indices: readonly Index[] = [
  {
    name: "owner",
    resource: "*",
    from: (o) => o.metadata.ownerReferences,
    values: (o) => o.metadata.ownerReferences?.map((r) => r.uid) ?? nothing,
  },
  {
    name: "controller",
    resource: "*",
    from: (o) => o.metadata.ownerReferences,
    values: (o) => {
      for (const r of o.metadata.ownerReferences ?? []) if (r.controller) return [r.uid];
      return nothing;
    },
  },
  { name: "pod.node", resource: "pods", values: (o) => [(o as PodShape).spec?.nodeName ?? ""] },
  {
    name: "pod.ip",
    resource: "pods",
    values: (o) => {
      const pod = o as PodShape;
      return pod.status?.podIP && !pod.spec?.hostNetwork ? [pod.status.podIP] : nothing;
    },
  },
  {
    name: "pod.label",
    resource: "pods",
    from: (o) => o.metadata.labels,
    values: (o) =>
      Object.entries(o.metadata.labels ?? {}).map(([k, v]) => `${o.metadata.namespace}\0${k}=${v}`),
  },
  {
    name: "event.uid",
    resource: "events",
    from: (o) => (o as EventShape).involvedObject,
    values: (o) => {
      const uid = (o as EventShape).involvedObject?.uid;
      return uid ? [uid] : nothing;
    },
  },
  {
    name: "image.repository",
    resource: "images.podyard.dev",
    values: (o) => {
      const repository = repositoryOf(o as Image);
      return repository ? [repository] : nothing;
    },
  },
  {
    name: "service.ip",
    resource: "services",
    values: (o) => (o as ServiceShape).spec?.clusterIPs?.filter((ip) => ip !== "None") ?? nothing,
  },
  {
    name: "service.selector",
    resource: "services",
    values: (o) => {
      const { selector, type } = (o as ServiceShape).spec ?? {};
      if (!selector || type === "ExternalName") return nothing;
      for (const key in selector) return [`${o.metadata.namespace}\0${key}=${selector[key]}`];
      return [`${o.metadata.namespace}\0`];
    },
  },
  {
    name: "slice.service",
    resource: "endpointslices.discovery.k8s.io",
    from: (o) => o.metadata.labels,
    values: ({ metadata: { namespace, labels } }) => {
      const service = labels?.["kubernetes.io/service-name"];
      return service ? [`${namespace}\0${service}`] : nothing;
    },
  },
  {
    name: "service.nodePort",
    resource: "services",
    values: (o) => {
      const spec = (o as ServiceShape).spec;
      const ports = (spec?.ports ?? []).flatMap((p) => (p.nodePort ? [String(p.nodePort)] : []));
      return spec?.healthCheckNodePort ? [...ports, String(spec.healthCheckNodePort)] : ports;
    },
  },
];
