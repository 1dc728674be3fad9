/** The flow control that every cluster begins with. k8s: apiserver/pkg/apis/flowcontrol/bootstrap/default.go */
import type {
  FlowSchema,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from "kubernetes-types/flowcontrol/v1";
import { lookup } from "../../core/lookup.ts";

export const autoUpdate = "apf.kubernetes.io/autoupdate-spec";
const apiVersion = "flowcontrol.apiserver.k8s.io/v1";
const queueLengthLimit = 50;

type Bootstrapped<T> = T & { apiVersion: string; kind: string; metadata: { name: string } };

const level = (
  name: string,
  spec: PriorityLevelConfigurationSpec,
): Bootstrapped<PriorityLevelConfiguration> => ({
  apiVersion,
  kind: "PriorityLevelConfiguration",
  metadata: { name, generation: 1, annotations: { [autoUpdate]: "true" } },
  spec,
});

const limited = (
  name: string,
  nominalConcurrencyShares: number,
  lendablePercent: number,
  [queues, handSize]: readonly [number, number],
): Bootstrapped<PriorityLevelConfiguration> => {
  const queuing = { queues, handSize, queueLengthLimit };
  const limitResponse = { type: "Queue", queuing };
  return level(name, {
    type: "Limited",
    limited: { nominalConcurrencyShares, lendablePercent, limitResponse },
  });
};

/** Those that are put right whatever is written, and those that are only suggested. */
export const priorityLevels = {
  mandatory: [
    level("catch-all", {
      type: "Limited",
      limited: {
        nominalConcurrencyShares: 5,
        lendablePercent: 0,
        limitResponse: { type: "Reject" },
      },
    }),
    level("exempt", {
      type: "Exempt",
      exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 },
    }),
  ],
  suggested: [
    limited("system", 30, 33, [64, 6]),
    limited("node-high", 40, 25, [64, 6]),
    limited("leader-election", 10, 0, [16, 4]),
    limited("workload-high", 40, 50, [128, 6]),
    limited("workload-low", 100, 90, [128, 6]),
    limited("global-default", 20, 50, [128, 6]),
  ],
} as const;

const groups = (...names: string[]): Subject[] =>
  names.map((name) => ({ kind: "Group", group: { name } }));
const users = (...names: string[]): Subject[] =>
  names.map((name) => ({ kind: "User", user: { name } }));
const systemAccounts: Subject = {
  kind: "ServiceAccount",
  serviceAccount: { name: "*", namespace: "kube-system" },
};
const everybody = groups("system:unauthenticated", "system:authenticated");

/** Resources in every namespace. */
const rule = (
  verbs: string[],
  apiGroup: string,
  resources: string[],
  clusterScope: boolean,
): ResourcePolicyRule => ({
  verbs,
  apiGroups: [apiGroup],
  resources,
  // Go leaves it out where it is false.
  ...(clusterScope ? { clusterScope } : {}),
  namespaces: ["*"],
});
const everything = {
  resourceRules: [rule(["*"], "*", ["*"], true)],
  nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
};

const schema = (
  name: string,
  levelName: string,
  matchingPrecedence: number,
  distinguisher: "" | "ByUser" | "ByNamespace",
  rules: PolicyRulesWithSubjects,
): Bootstrapped<FlowSchema> => ({
  apiVersion,
  kind: "FlowSchema",
  metadata: { name, generation: 1, annotations: { [autoUpdate]: "true" } },
  spec: {
    priorityLevelConfiguration: { name: levelName },
    matchingPrecedence,
    ...(distinguisher ? { distinguisherMethod: { type: distinguisher } } : {}),
    rules: [rules],
  },
});

const leases = "coordination.k8s.io";
const controllerManager = users("system:kube-controller-manager");
const scheduler = users("system:kube-scheduler");
const nodes = groups("system:nodes");

export const flowSchemas = {
  mandatory: [
    schema("exempt", "exempt", 1, "", { subjects: groups("system:masters"), ...everything }),
    schema("catch-all", "catch-all", 10_000, "ByUser", { subjects: everybody, ...everything }),
  ],
  suggested: [
    schema("system-nodes", "system", 500, "ByUser", { subjects: nodes, ...everything }),
    schema("system-node-high", "node-high", 400, "ByUser", {
      subjects: nodes,
      resourceRules: [
        rule(["*"], "", ["nodes", "nodes/status"], true),
        rule(["*"], leases, ["leases"], false),
      ],
    }),
    schema("probes", "exempt", 2, "", {
      subjects: everybody,
      nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/healthz", "/readyz", "/livez"] }],
    }),
    schema("system-leader-election", "leader-election", 100, "ByUser", {
      subjects: [...controllerManager, ...scheduler, systemAccounts],
      resourceRules: [rule(["get", "create", "update"], leases, ["leases"], false)],
    }),
    schema("kube-controller-manager", "workload-high", 800, "ByNamespace", {
      subjects: controllerManager,
      ...everything,
    }),
    schema("kube-scheduler", "workload-high", 800, "ByNamespace", {
      subjects: scheduler,
      ...everything,
    }),
    schema("kube-system-service-accounts", "workload-high", 900, "ByNamespace", {
      subjects: [systemAccounts],
      ...everything,
    }),
    schema("service-accounts", "workload-low", 9000, "ByUser", {
      subjects: groups("system:serviceaccounts"),
      ...everything,
    }),
    schema("global-default", "global-default", 9900, "ByUser", {
      subjects: everybody,
      ...everything,
    }),
  ],
} as const;

const byName = <T extends { metadata: { name: string } }>(list: readonly T[]): Record<string, T> =>
  lookup(Object.fromEntries(list.map((one) => [one.metadata.name, one])));

export const mandatorySchemas = byName<Bootstrapped<FlowSchema>>(flowSchemas.mandatory);
export const mandatoryLevels = byName<Bootstrapped<PriorityLevelConfiguration>>(
  priorityLevels.mandatory,
);
