/** Who leads: the Leases of the control plane's own parts. Their renewals are worked out in kinds/heartbeats.ts. */
import type { Client } from "../ports/controller.ts";
import { rfc3339Micro } from "../core/clock.ts";
import { leaderLeaseSeconds, serverLeaseSeconds } from "../core/limits.ts";
import { controlPlaneName } from "./nodes.ts";

/** The leases of the control plane's components, as their first holders write them. */
export function createLeases(client: Client): void {
  for (const name of ["kube-controller-manager", "kube-scheduler"]) {
    lease(client, name, `${controlPlaneName}_${client.uuid()}`, {
      leaseDurationSeconds: leaderLeaseSeconds,
      acquireTime: rfc3339Micro(client.now),
      leaseTransitions: 0,
    });
  }
  const server = `apiserver-${client.uuid().replaceAll("-", "").slice(0, 26)}`;
  const labels = {
    "apiserver.kubernetes.io/identity": "kube-apiserver",
    "kubernetes.io/hostname": controlPlaneName,
  };
  const spec = { leaseDurationSeconds: serverLeaseSeconds };
  lease(client, server, `${server}_${client.uuid()}`, spec, labels);
}

function lease(
  client: Client,
  name: string,
  holderIdentity: string,
  spec: object,
  labels?: Record<string, string>,
): void {
  client.create("leases.coordination.k8s.io", {
    metadata: { name, namespace: "kube-system", ...(labels ? { labels } : {}) },
    spec: { holderIdentity, ...spec, renewTime: rfc3339Micro(client.now) },
  });
}
