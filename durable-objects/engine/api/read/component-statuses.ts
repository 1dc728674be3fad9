/** Health of the control plane's components, computed when read. k8s: pkg/registry/core/componentstatus/rest.go */
import type { Pod } from "../../kinds/pod/types.ts";
import type { ComponentStatus } from "../../kinds/component-status.ts";
import type { KubeObject } from "../../core/object.ts";
import type { ApiContext } from "../context.ts";
import { computedList, computedOne } from "./computed.ts";
import { matches, selectionOf } from "./list.ts";
import type { Resource } from "../discovery/registry.ts";
import type { Review } from "../auth/reviews.ts";
import * as status from "../../machinery/status.ts";

/** Each part is a static Pod of the control plane, whose readiness is its health. */
const parts: readonly { name: string; pod: RegExp; port: number }[] = [
  { name: "controller-manager", pod: /^kube-controller-manager-/, port: 10257 },
  { name: "scheduler", pod: /^kube-scheduler-/, port: 10259 },
  { name: "etcd-0", pod: /^etcd-/, port: 2379 },
];

function statusOf({ reader }: ApiContext, { name, pod, port }: (typeof parts)[number]): KubeObject {
  const found = reader.list<Pod>("pods", "kube-system").find((p) => pod.test(p.metadata.name));
  const conditions = found?.status?.conditions ?? [];
  const well = conditions.some((c) => c.type === "Ready" && c.status === "True");
  const condition = well
    ? { type: "Healthy", status: "True", message: "ok" }
    : {
        type: "Healthy",
        status: "False",
        message: `Get "https://127.0.0.1:${port}/healthz": dial tcp 127.0.0.1:${port}: connect: connection refused`,
      };
  const metadata = { name } as KubeObject["metadata"];
  const object: ComponentStatus = { apiVersion: "v1", kind: "ComponentStatus", metadata };
  return { ...object, conditions: [condition] } as KubeObject;
}

/** For handle.ts, by `group/version/resource`. */
export const componentKinds: Record<string, Review> = {
  "/v1/componentstatuses": (context, request, info) => {
    const resource = context.registry.at("", "v1", "componentstatuses") as Resource;
    const call = { context, request, info, resource };
    if (info.name) {
      const part = parts.find(({ name }) => name === info.name);
      if (!part) throw status.notFound({ group: "", plural: "componentstatus" }, info.name);
      return computedOne(call, statusOf(context, part));
    }
    const selection = selectionOf(resource, info);
    const all = parts.map((part) => statusOf(context, part));
    return computedList(
      call,
      all.filter((object) => matches(resource, selection, object)),
    );
  },
};
