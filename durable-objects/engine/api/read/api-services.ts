/** The group versions that are served, as the aggregator registers the API server's own. k8s: kube-aggregator/pkg/controllers/autoregister */
import type { KubeObject } from "../../core/object.ts";
import { fnv32a, uuidFrom } from "../../core/random.ts";
import type { APIService } from "../../kinds/api-service.ts";
import {
  definitions,
  type CustomResourceDefinition,
} from "../../kinds/custom-resource-definition/types.ts";
import { computedList, computedOne } from "./computed.ts";
import type { ApiContext } from "../context.ts";
import { matches, selectionOf } from "./list.ts";
import type { Resource } from "../discovery/registry.ts";
import type { Review } from "../auth/reviews.ts";
import * as status from "../../machinery/status.ts";

/** Place of a group among the groups, of a version within it. k8s: cmd/kube-apiserver/app/aggregator.go, pkg/controlplane/apiserver/aggregator.go */
const priorities: Record<string, [group: number, version: number]> = {
  v1: [18_000, 1],
  "apps/v1": [17_800, 15],
  "events.k8s.io/v1": [17_750, 15],
  "authentication.k8s.io/v1": [17_700, 15],
  "authorization.k8s.io/v1": [17_600, 15],
  "autoscaling/v1": [17_500, 15],
  "autoscaling/v2": [17_500, 30],
  "batch/v1": [17_400, 15],
  "certificates.k8s.io/v1": [17_300, 15],
  "networking.k8s.io/v1": [17_200, 15],
  "policy/v1": [17_100, 15],
  "rbac.authorization.k8s.io/v1": [17_000, 15],
  "storage.k8s.io/v1": [16_800, 15],
  "apiextensions.k8s.io/v1": [16_700, 15],
  "admissionregistration.k8s.io/v1": [16_700, 15],
  "scheduling.k8s.io/v1": [16_600, 15],
  "coordination.k8s.io/v1": [16_500, 15],
  "node.k8s.io/v1": [16_300, 15],
  "discovery.k8s.io/v1": [16_200, 15],
  "flowcontrol.apiserver.k8s.io/v1": [16_100, 21],
};
/** Of groups that are not upstream's own: Podyard's, and metrics. */
const otherPriority: [number, number] = [100, 100];
/** Of a definition's versions. k8s: pkg/controlplane/controller/crdregistration */
const customPriority: [number, number] = [1000, 100];

function serviceOf({ reader }: ApiContext, group: string, version: string): KubeObject {
  const name = `${version}.${group}`;
  const defined = reader
    .list<CustomResourceDefinition>(definitions)
    .filter(({ spec }) => spec.group === group)
    .map(({ metadata }) => metadata.creationTimestamp ?? "")
    .sort()[0];
  // As old as the cluster.
  const born = reader.get("namespaces", "", "default")?.metadata;
  const creationTimestamp = defined ?? born?.creationTimestamp ?? "";
  const [groupPriorityMinimum, versionPriority] =
    priorities[group === "" ? version : `${group}/${version}`] ??
    (defined === undefined ? otherPriority : customPriority);
  const object: APIService = {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: {
      name,
      uid: uuidFrom(fnv32a(born?.uid ?? ""), fnv32a(name)),
      resourceVersion: "1",
      creationTimestamp,
      labels: { "kube-aggregator.kubernetes.io/automanaged": defined ? "true" : "onstart" },
    },
    spec: { ...(group ? { group } : {}), version, groupPriorityMinimum, versionPriority },
    status: {
      conditions: [
        {
          type: "Available",
          status: "True",
          lastTransitionTime: creationTimestamp,
          reason: "Local",
          message: "Local APIServices are always available",
        } as { type: string; status: string; reason: string; message: string },
      ],
    },
  };
  return object;
}

/** For handle.ts, by `group/version/resource`. */
export const apiServiceKinds: Record<string, Review> = {
  "apiregistration.k8s.io/v1/apiservices": (context, request, info) => {
    const resource = context.registry.at("apiregistration.k8s.io", "v1", "apiservices") as Resource;
    const call = { context, request, info, resource };
    // The aggregator does not register itself.
    const all = context.registry.groupVersions
      .filter(({ group }) => group !== "apiregistration.k8s.io")
      .map(({ group, version }) => serviceOf(context, group, version))
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    if (!info.name) {
      const selection = selectionOf(resource, info);
      return computedList(
        call,
        all.filter((object) => matches(resource, selection, object)),
      );
    }
    const one = all.find(({ metadata }) => metadata.name === info.name);
    if (!one)
      throw status.notFound({ group: "apiregistration.k8s.io", plural: "apiservices" }, info.name);
    return computedOne(call, one);
  },
};
