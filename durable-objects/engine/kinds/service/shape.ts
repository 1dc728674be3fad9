/** What a Service is, and the questions that defaulting, allocation and validation all ask of it. */
import type * as core from "kubernetes-types/core/v1";
import type { Stored } from "../stored.ts";

export type Service = Stored<core.Service>;
export type ServiceSpec = core.ServiceSpec;
export type ServicePort = Partial<core.ServicePort>;

/** k8s: core validation isHeadlessService */
export const isHeadless = (service: Service): boolean =>
  service.spec?.clusterIPs?.length === 1 && service.spec.clusterIPs[0] === "None";

/** k8s: pkg/api/service ExternallyAccessible */
export function isExternallyAccessible(service: Service): boolean {
  const spec = service.spec ?? {};
  return (
    spec.type === "LoadBalancer" ||
    spec.type === "NodePort" ||
    (spec.type === "ClusterIP" && (spec.externalIPs?.length ?? 0) > 0)
  );
}

/** k8s: pkg/api/service NeedsHealthCheck */
export const needsHealthCheck = (service: Service): boolean =>
  service.spec?.type === "LoadBalancer" && service.spec.externalTrafficPolicy === "Local";

export const needsClusterIp = (service: Service): boolean => service.spec?.type !== "ExternalName";

/** Node ports that the spec holds, those of ports first. */
export const nodePortsOf = (service: Service): number[] =>
  (service.spec?.ports ?? []).flatMap((port) => (port.nodePort ? [port.nodePort] : []));

export const sameList = (a: readonly string[] = [], b: readonly string[] = []): boolean =>
  a.length === b.length && a.every((item, i) => item === b[i]);
