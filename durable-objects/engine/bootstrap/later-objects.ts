/** Objects that every cluster is born with, of kinds that came later. Their conditions tell of the cluster's first moment. */
import type { KubeObject } from "../core/object.ts";
import { flowSchemas, priorityLevels } from "../kinds/flow-control/bootstrap.ts";
import { danglingCondition } from "../kinds/flow-control/flow-schema.ts";
import { addressOf } from "../kinds/networking/ip-address.ts";
import { dnsServiceIp, kubernetesServiceIp } from "../kinds/service/allocation.ts";
import { defaultRange, serviceCidr, serviceCidrFinalizer } from "../kinds/service/ranges.ts";

type Born = Omit<KubeObject, "metadata"> & { metadata: object };

/** `born`: RFC 3339, as all moments of objects. */
export const flowControlBase = (born: string): Born[] => [
  ...[...priorityLevels.suggested, ...priorityLevels.mandatory].map((level) => ({
    ...level,
    status: {},
  })),
  ...[...flowSchemas.suggested, ...flowSchemas.mandatory].map((schema) => {
    const level = schema.spec?.priorityLevelConfiguration.name ?? "";
    const condition = { ...danglingCondition(level, true), lastTransitionTime: born };
    return { ...schema, status: { conditions: [condition] } };
  }),
];

/** k8s: pkg/controlplane/controller/defaultservicecidr */
export const serviceRangeBase = (born: string): Born[] => [
  {
    apiVersion: "networking.k8s.io/v1",
    kind: "ServiceCIDR",
    metadata: { name: defaultRange, finalizers: [serviceCidrFinalizer] },
    spec: { cidrs: [serviceCidr] },
    status: {
      conditions: [
        {
          type: "Ready",
          status: "True",
          lastTransitionTime: born,
          reason: "",
          message: "Kubernetes Service CIDR is ready",
        },
      ],
    },
  } as Born,
  addressOf(kubernetesServiceIp, { namespace: "default", name: "kubernetes" }),
  addressOf(dnsServiceIp, { namespace: "kube-system", name: "kube-dns" }),
];

/** Of controllers whose kinds came later; the others' are in system-base.ts. */
export const laterAccounts: Born[] = [
  {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "device-taint-eviction-controller", namespace: "kube-system" },
  },
];
