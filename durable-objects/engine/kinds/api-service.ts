import type { KubeObject } from "../core/object.ts";
import { age, ageColumn, column, nameColumn } from "./columns.ts";
import type { Kind } from "./define.ts";
import { schemaNamed } from "../schema/types.ts";

export interface APIService extends KubeObject {
  spec: {
    group?: string;
    version: string;
    groupPriorityMinimum: number;
    versionPriority: number;
    service?: { namespace: string; name: string };
  };
  status?: { conditions?: { type: string; status: string; reason: string; message: string }[] };
}

/** Never stored: api/read/api-services.ts answers. k8s: kube-aggregator/pkg/registry/apiservice/etcd/etcd.go ConvertToTable */
export const APIService: Kind<APIService> = {
  resource: "apiservices.apiregistration.k8s.io",
  apiVersion: "apiregistration.k8s.io/v1",
  kind: "APIService",
  schema: schemaNamed("apiregistration/v1.APIService"),
  namespaced: false,
  hasGeneration: false,
  servedVerbs: ["get", "list"],
  table: {
    columns: [
      nameColumn,
      column("Service", "The reference to the service that hosts this API endpoint."),
      column("Available", "Whether this service is available."),
      ageColumn,
    ],
    cells: (object, now) => {
      const { metadata, spec, status } = object;
      const available = status?.conditions?.find(({ type }) => type === "Available");
      const { service } = spec;
      return [
        metadata.name,
        service ? `${service.namespace}/${service.name}` : "Local",
        available?.status ?? "Unknown",
        age(object, now),
      ];
    },
  },
};
