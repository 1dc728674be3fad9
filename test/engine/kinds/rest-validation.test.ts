/** What the API says to bad input of every kind but the workloads: upstream's words, and nothing changed. */
import { describe, expect, test } from "vitest";
import { collectionOf, World } from "../../helpers/world.ts";

const world = new World();

/** Message of a refused create, cut to what follows `is invalid: `. */
function refusal(manifest: object): string {
  const object = manifest as Parameters<typeof collectionOf>[0];
  const { status, body } = world.request("POST", collectionOf(object), object);
  const { message } = body as { message: string };
  return status === 422
    ? message.replace(/^[^ ]+ "[^"]*" is invalid: /, "")
    : `${status} ${message}`;
}

const of =
  (apiVersion: string, kind: string) =>
  (body: object, metadata: object = {}): object => ({
    apiVersion,
    kind,
    metadata: { name: "x", ...metadata },
    ...body,
  });
const service = of("v1", "Service");
const namespace = of("v1", "Namespace");
const node = of("v1", "Node");
const configMap = of("v1", "ConfigMap");
const secret = of("v1", "Secret");
const endpoints = of("v1", "Endpoints");
const slice = of("discovery.k8s.io/v1", "EndpointSlice");
const limitRange = of("v1", "LimitRange");
const quota = of("v1", "ResourceQuota");
const hpa = of("autoscaling/v2", "HorizontalPodAutoscaler");
const budget = of("policy/v1", "PodDisruptionBudget");
const priority = of("scheduling.k8s.io/v1", "PriorityClass");
const lease = of("coordination.k8s.io/v1", "Lease");
const role = of("rbac.authorization.k8s.io/v1", "Role");
const clusterRole = of("rbac.authorization.k8s.io/v1", "ClusterRole");
const binding = of("rbac.authorization.k8s.io/v1", "RoleBinding");
const clusterBinding = of("rbac.authorization.k8s.io/v1", "ClusterRoleBinding");
const ingress = of("networking.k8s.io/v1", "Ingress");
const ingressClass = of("networking.k8s.io/v1", "IngressClass");
const policy = of("networking.k8s.io/v1", "NetworkPolicy");
const volume = of("v1", "PersistentVolume");
const claim = of("v1", "PersistentVolumeClaim");
const storageClass = of("storage.k8s.io/v1", "StorageClass");
const clock = of("podyard.dev/v1", "Clock");

const port = (more: object = {}): object => ({ ports: [{ port: 80, ...more }] });
const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const ref = { kind: "Deployment", name: "web", apiVersion: "apps/v1" };
const storage = (size: string): object => ({ resources: { requests: { storage: size } } });

const cases: Record<string, [object, string][]> = {
  Service: [
    [service({ spec: {} }), "spec.ports: Required value"],
    [service({ spec: port() }, { name: "A" }), `metadata.name: Invalid value: "A": ${label}`],
    [
      service({ spec: port({ port: 0 }) }),
      "[spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive, spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive]",
    ],
    [
      service({ spec: port({ protocol: "ICMP" }) }),
      'spec.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
    ],
    [
      service({ spec: { ports: [{ port: 80 }, { port: 81, name: "b" }] } }),
      "spec.ports[0].name: Required value",
    ],
    [
      service({
        spec: {
          ports: [
            { port: 80, name: "b" },
            { port: 81, name: "b" },
          ],
        },
      }),
      'spec.ports[1].name: Duplicate value: "b"',
    ],
    [
      service({
        spec: {
          ports: [
            { port: 80, name: "a" },
            { port: 80, name: "b" },
          ],
        },
      }),
      'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
    ],
    [
      service({ spec: port({ nodePort: 30_001 }) }),
      "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    ],
    [
      service({ spec: { type: "NodePort", ...port({ nodePort: 80 }) } }),
      "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767",
    ],
    [
      service({ spec: { type: "NodePort", clusterIP: "None", ...port() } }),
      "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services",
    ],
    [service({ spec: { type: "ExternalName" } }), "spec.externalName: Required value"],
    [
      service({ spec: { clusterIP: "10.96.0.1", ...port() } }),
      'spec.clusterIPs: Invalid value: ["10.96.0.1"]: failed to allocate IP 10.96.0.1: provided IP is already allocated',
    ],
    [
      service({ spec: { clusterIP: "10.1.2.3", ...port() } }),
      'spec.clusterIPs: Invalid value: ["10.1.2.3"]: failed to allocate IP 10.1.2.3: the provided network does not match the current range',
    ],
    [
      service({ spec: { clusterIP: "10.96.0.010", ...port() } }),
      'spec.clusterIPs[0]: Invalid value: "10.96.0.010": must not have leading 0s',
    ],
    [
      service({ spec: { ipFamilyPolicy: "RequireDualStack", ...port() } }),
      'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
    ],
    [
      service({ spec: { ipFamilies: ["IPv6"], ...port() } }),
      'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
    ],
    [
      service({ spec: { externalIPs: ["127.0.0.1"], ...port() } }),
      'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ],
    [
      service({ spec: { externalTrafficPolicy: "Local", ...port() } }),
      'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
    ],
    [
      service({
        spec: {
          sessionAffinity: "ClientIP",
          sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } },
          ...port(),
        },
      }),
      "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 0: must be greater than 0 and less than 86400",
    ],
    [
      service({ spec: { loadBalancerClass: "a/b", ...port() } }),
      "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
    [
      service({ spec: { trafficDistribution: "Far", ...port() } }),
      'spec.trafficDistribution: Unsupported value: "Far": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"',
    ],
  ],
  Namespace: [
    [namespace({}, { name: "a.b" }), 'metadata.name: Invalid value: "a.b": must not contain dots'],
    [
      namespace({ spec: { finalizers: ["mine"] } }),
      'spec.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
    ],
  ],
  Node: [
    [
      node({ spec: { taints: [{ key: "a", effect: "Never" }] } }),
      'metadata.taints[0].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ],
    [
      node({
        spec: {
          taints: [
            { key: "a", effect: "NoSchedule" },
            { key: "a", effect: "NoSchedule" },
          ],
        },
      }),
      'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair',
    ],
    [
      node({ status: { capacity: { cpu: "-1" } } }),
      '[status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0, status.allocatable.cpu: Invalid value: "-1": must be greater than or equal to 0]',
    ],
  ],
  ConfigMap: [
    [
      configMap({ data: { "a b": "" } }),
      "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ],
    [
      configMap({ data: { a: "" }, binaryData: { a: "" } }),
      'data[a]: Invalid value: "a": duplicate of key present in binaryData',
    ],
    [
      configMap({ data: { a: "x".repeat(1024 * 1024 + 1) } }),
      "[]: Too long: may not be more than 1048576 bytes",
    ],
  ],
  Secret: [
    [
      secret({ type: "kubernetes.io/tls" }),
      "[data[tls.crt]: Required value, data[tls.key]: Required value]",
    ],
    [
      secret({ type: "kubernetes.io/dockerconfigjson", stringData: { ".dockerconfigjson": "no" } }),
      "data[.dockerconfigjson]: Invalid value: \"<secret contents redacted>\": invalid character 'o' in literal null (expecting 'u')",
    ],
    [
      secret({ type: "kubernetes.io/service-account-token" }),
      "metadata.annotations[kubernetes.io/service-account.name]: Required value",
    ],
    [
      secret({ type: "kubernetes.io/basic-auth" }),
      "[data[username]: Required value, data[password]: Required value]",
    ],
  ],
  Endpoints: [
    [
      endpoints({ subsets: [{}] }),
      "subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`",
    ],
    [
      endpoints({ subsets: [{ addresses: [{ ip: "0.0.0.0" }], ports: [{ port: 1 }] }] }),
      'subsets[0].addresses[0].ip: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
    ],
  ],
  EndpointSlice: [
    [slice({ endpoints: [] }), "addressType: Required value"],
    [
      slice({ addressType: "IPv4", endpoints: [{ addresses: [] }] }),
      "endpoints[0].addresses: Required value: must contain at least 1 address",
    ],
    [
      slice({ addressType: "IPv6", endpoints: [{ addresses: ["2001:db8:0::1"] }] }),
      'endpoints[0].addresses[0]: Invalid value: "2001:db8:0::1": must be in canonical form ("2001:db8::1")',
    ],
    [
      slice({ addressType: "IPv4", endpoints: [], ports: [{ name: "a" }, { name: "a" }] }),
      'ports[1].name: Duplicate value: "a"',
    ],
  ],
  LimitRange: [
    [
      limitRange({ spec: { limits: [{ type: "Pod", default: { cpu: "1" } }] } }),
      "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
    ],
    [
      limitRange({
        spec: { limits: [{ type: "Container", min: { cpu: "2" }, max: { cpu: "1" } }] },
      }),
      '[spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1, spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1, spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1]',
    ],
    [
      limitRange({ spec: { limits: [{ type: "PersistentVolumeClaim" }] } }),
      "spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided",
    ],
    [
      limitRange({ spec: { limits: [{ type: "Container", max: { gpu: "1" } }] } }),
      expect.stringContaining(
        'spec.limits[0].max[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
      ) as unknown as string,
    ],
  ],
  ResourceQuota: [
    [
      quota({ spec: { hard: { storage: "1" } } }),
      'spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota',
    ],
    [
      quota({ spec: { hard: { pods: "1.5" } } }),
      'spec.hard[pods]: Invalid value: "1500m": must be an integer',
    ],
    [
      quota({ spec: { hard: { services: "1" }, scopes: ["BestEffort"] } }),
      'spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource',
    ],
    [
      quota({ spec: { hard: { pods: "1" }, scopes: ["BestEffort", "NotBestEffort"] } }),
      'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
    ],
    [
      quota({
        spec: {
          hard: { pods: "1" },
          scopeSelector: { matchExpressions: [{ scopeName: "PriorityClass", operator: "In" }] },
        },
      }),
      "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
    ],
  ],
  HorizontalPodAutoscaler: [
    [
      hpa({ spec: { scaleTargetRef: ref, maxReplicas: 0 } }),
      "[spec.maxReplicas: Required value: must be set and greater than 0, spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`]",
    ],
    [
      hpa({ spec: { scaleTargetRef: { ...ref, apiVersion: "" }, maxReplicas: 2 } }),
      'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group',
    ],
    [
      hpa({ spec: { scaleTargetRef: ref, minReplicas: 3, maxReplicas: 2 } }),
      "spec.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`",
    ],
    [
      hpa({
        spec: {
          scaleTargetRef: ref,
          maxReplicas: 2,
          metrics: [
            { type: "Resource", resource: { name: "cpu", target: { type: "Utilization" } } },
          ],
        },
      }),
      "spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization",
    ],
    [
      hpa({
        spec: {
          scaleTargetRef: ref,
          maxReplicas: 2,
          behavior: { scaleUp: { policies: [{ type: "Pods", value: 0, periodSeconds: 2000 }] } },
        },
      }),
      "[spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero, spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 2000: must be less than or equal to 1800]",
    ],
  ],
  PodDisruptionBudget: [
    [
      budget({ spec: { minAvailable: 1, maxUnavailable: "50%" } }),
      'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":"50%","UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
    ],
    [
      budget({ spec: { minAvailable: "101%" } }),
      'spec.minAvailable: Invalid value: "101%": must not be greater than 100%',
    ],
    [
      budget({ spec: { minAvailable: "a" } }),
      "spec.minAvailable: Invalid value: \"a\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    ],
  ],
  PriorityClass: [
    [
      priority({ value: 1_000_000_001 }),
      "value: Forbidden: maximum allowed value of a user defined priority is 1000000000",
    ],
    [
      priority({ value: 1 }, { name: "system-x" }),
      "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-x is not a known system priority class",
    ],
    [priority({ value: 1, preemptionPolicy: "" }), "preemptionPolicy: Required value"],
    [
      priority({ value: 1, preemptionPolicy: "Maybe" }),
      'preemptionPolicy: Unsupported value: "Maybe": supported values: "PreemptLowerPriority", "Never"',
    ],
  ],
  Lease: [
    [
      lease({ spec: { leaseDurationSeconds: 0 } }),
      "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
    ],
    [
      lease({ spec: { preferredHolder: "a" } }),
      "spec.preferredHolder: Forbidden: may only be specified if `strategy` is defined",
    ],
  ],
  RBAC: [
    [
      role({ rules: [{ verbs: [], apiGroups: [""], resources: ["pods"] }] }),
      "rules[0].verbs: Required value: verbs must contain at least one value",
    ],
    [
      role({ rules: [{ verbs: ["get"], nonResourceURLs: ["/a"] }] }),
      'rules[0].nonResourceURLs: Invalid value: ["/a"]: namespaced rules cannot apply to non-resource URLs',
    ],
    [
      clusterRole({ rules: [{ verbs: ["get"] }] }),
      "[rules[0].apiGroups: Required value: resource rules must supply at least one api group, rules[0].resources: Required value: resource rules must supply at least one resource]",
    ],
    [
      clusterRole({
        aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: "../x" } }] },
      }),
      expect.stringMatching(
        /, aggregationRule.clusterRoleSelectors\[0\]: Invalid value: null: invalid label selector.\]$/,
      ) as unknown as string,
    ],
    [
      clusterRole({ aggregationRule: {} }),
      "aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil",
    ],
    [
      binding({ roleRef: { kind: "Thing", name: "a" } }),
      'roleRef.kind: Unsupported value: "Thing": supported values: "Role", "ClusterRole"',
    ],
    [
      binding({ roleRef: { kind: "Role", name: "a" }, subjects: [{ kind: "Robot", name: "r" }] }),
      'subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
    ],
    [
      clusterBinding({
        roleRef: { kind: "ClusterRole", name: "a" },
        subjects: [{ kind: "ServiceAccount", name: "r" }],
      }),
      "subjects[0].namespace: Required value",
    ],
    [
      role({ rules: [] }, { name: "a%b" }),
      "metadata.name: Invalid value: \"a%b\": may not contain '%'",
    ],
  ],
  Ingress: [
    [
      ingress({ spec: {} }),
      "spec: Invalid value: null: either `defaultBackend` or `rules` must be specified",
    ],
    [
      ingress({ spec: { defaultBackend: { service: { name: "web" } } } }),
      "spec.defaultBackend: Required value: port name or number is required",
    ],
    [
      ingress({ spec: { rules: [{ host: "1.2.3.4", http: { paths: [] } }] } }),
      '[spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address, spec.rules[0].http.paths: Required value]',
    ],
    [
      ingress({
        spec: {
          rules: [
            {
              http: {
                paths: [
                  {
                    path: "a//b",
                    pathType: "Prefix",
                    backend: { service: { name: "w", port: { number: 80 } } },
                  },
                ],
              },
            },
          ],
        },
      }),
      '[spec.rules[0].http.paths[0].path: Invalid value: "a//b": must be an absolute path, spec.rules[0].http.paths[0].path: Invalid value: "a//b": must not contain \'//\']',
    ],
    [
      ingressClass({ spec: { controller: "nope" } }),
      'spec.controller: Invalid value: "nope": must be a domain-prefixed path (such as "acme.io/foo")',
    ],
    [
      ingressClass({
        spec: { controller: "a.io/b", parameters: { kind: "K", name: "n", scope: "Namespace" } },
      }),
      "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
    ],
  ],
  NetworkPolicy: [
    [
      policy({ spec: { podSelector: {}, ingress: [{ from: [{}] }] } }),
      "spec.ingress[0].from[0]: Required value: must specify a peer",
    ],
    [
      policy({
        spec: {
          podSelector: {},
          egress: [{ to: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["11.0.0.0/16"] } }] }],
        },
      }),
      'spec.egress[0].to[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
    ],
    [
      policy({
        spec: { podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: "10.0.0.1/8" } }] }] },
      }),
      'spec.egress[0].to[0].ipBlock.cidr: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length',
    ],
    [
      policy({ spec: { podSelector: {}, ingress: [{ ports: [{ port: 90, endPort: 80 }] }] } }),
      "spec.ingress[0].ports[0].endPort: Invalid value: 90: must be greater than or equal to `port`",
    ],
  ],
  storage: [
    [
      volume({ spec: { accessModes: ["ReadWriteOnce"], capacity: { storage: "1Gi" } } }),
      "spec: Required value: must specify a volume type",
    ],
    [
      volume({ spec: { capacity: { storage: "0" }, hostPath: { path: "/a/../b" } } }),
      '[spec.accessModes: Required value, spec.capacity[storage]: Invalid value: "0": must be greater than zero, spec.hostPath.path: Invalid value: "/a/../b": must not contain \'..\']',
    ],
    [
      volume({
        spec: {
          accessModes: ["ReadWriteOnce"],
          capacity: { storage: "1Gi" },
          local: { path: "/mnt" },
        },
      }),
      "spec.nodeAffinity: Required value: Local volume requires node affinity",
    ],
    [
      volume({
        spec: {
          accessModes: ["ReadWriteOnce"],
          capacity: { storage: "1Gi" },
          hostPath: { path: "/" },
          nfs: { server: "a", path: "/" },
        },
      }),
      "spec.nfs: Forbidden: may not specify more than 1 volume type",
    ],
    [
      claim({ spec: {} }),
      "[spec.accessModes: Required value: at least 1 access mode is required, spec.resources[storage]: Required value]",
    ],
    [
      claim({
        spec: {
          accessModes: ["ReadWriteOnce"],
          ...storage("1Gi"),
          dataSourceRef: { kind: "Thing", name: "a" },
        },
      }),
      expect.stringContaining(
        "spec.dataSource: Invalid value: \"Thing\": must be 'PersistentVolumeClaim' when referencing the default apiGroup",
      ) as unknown as string,
    ],
    [storageClass({}), "provisioner: Required value"],
    [
      storageClass({ provisioner: "a.io/b", volumeBindingMode: "" }),
      'volumeBindingMode: Unsupported value: "": supported values: "Immediate", "WaitForFirstConsumer"',
    ],
    [
      storageClass({
        provisioner: "a.io/b",
        allowedTopologies: [{ matchLabelExpressions: [{ key: "a", values: ["b", "b"] }] }, {}],
      }),
      '[allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "b", allowedTopologies[1].matchLabelExpressions: Duplicate value: ""]',
    ],
    [
      storageClass({ provisioner: "a.io/b", reclaimPolicy: "Keep" }),
      'reclaimPolicy: Unsupported value: "Keep": supported values: "Delete", "Retain"',
    ],
  ],
  Clock: [
    [clock({ spec: {} }), 'metadata.name: Unsupported value: "x": supported values: "cluster"'],
    [
      clock({ spec: { speed: 0, steps: -1 } }),
      '[metadata.name: Unsupported value: "x": supported values: "cluster", spec.speed: Invalid value: 0: must be greater than zero, spec.steps: Invalid value: -1: must be greater than or equal to 0]',
    ],
    [
      clock({ spec: { speed: 10_001 } }),
      '[metadata.name: Unsupported value: "x": supported values: "cluster", spec.speed: Invalid value: 10001: must be less than or equal to 10000]',
    ],
  ],
};

const revision = (): string => world.get("/api/v1/namespaces").metadata.resourceVersion;

describe.each(Object.keys(cases))("%s refuses", (kind) => {
  const rows = (cases[kind] ?? []).map(([manifest, message], i) => ({ i, manifest, message }));
  test.each(rows)("$i: $message", ({ manifest, message }) => {
    const before = revision();
    expect(refusal(manifest)).toEqual(message);
    expect(revision()).toBe(before);
  });
});
