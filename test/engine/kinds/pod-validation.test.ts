import { describe, expect, it } from "vitest";
import { pod, podErrors, withContainer } from "./workloads-world.ts";

const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

const volume = (source: object): object =>
  pod({ volumes: [{ name: "v", ...source }], automountServiceAccountToken: false });

const cases: Record<string, [object, string[]]> = {
  "a plain Pod": [pod(), []],
  "no containers": [pod({ containers: [] }), ["spec.containers: Required value"]],
  "no image": [withContainer({ image: "" }), ["spec.containers[0].image: Required value"]],
  "blank around the image": [
    withContainer({ image: " nginx" }),
    [
      'spec.containers[0].image: Invalid value: " nginx": must not have leading or trailing whitespace',
    ],
  ],
  "bad container name": [
    withContainer({ name: "My_C" }),
    [`spec.containers[0].name: Invalid value: "My_C": ${label}`],
  ],
  "two containers of one name": [
    pod({
      containers: [
        { name: "c", image: "a" },
        { name: "c", image: "b" },
      ],
    }),
    ['spec.containers[1].name: Duplicate value: "c"'],
  ],
  "an init container named like an app container": [
    pod({ initContainers: [{ name: "c", image: "a" }] }),
    ['spec.initContainers[0].name: Duplicate value: "c"'],
  ],
  "request above limit": [
    withContainer({ resources: { requests: { cpu: "1" }, limits: { cpu: "500m" } } }),
    [
      'spec.containers[0].resources.requests: Invalid value: "1": must be less than or equal to cpu limit of 500m',
    ],
  ],
  "negative request": [
    withContainer({ resources: { requests: { memory: "-1Mi" } } }),
    [
      'spec.containers[0].resources.requests[memory]: Invalid value: "-1Mi": must be greater than or equal to 0',
    ],
  ],
  "unknown resource": [
    withContainer({ resources: { limits: { bananas: "1" } } }),
    ["limits", "requests"].flatMap((list) => [
      `spec.containers[0].resources.${list}[bananas]: Invalid value: "bananas": must be a standard resource type or fully qualified`,
      `spec.containers[0].resources.${list}[bananas]: Invalid value: "bananas": must be a standard resource for containers`,
    ]),
  ],
  "half a GPU": [
    withContainer({ resources: { limits: { "example.com/gpu": "500m" } } }),
    ["limits", "requests"].map(
      (list) =>
        `spec.containers[0].resources.${list}[example.com/gpu]: Invalid value: "500m": must be an integer`,
    ),
  ],
  "an extended resource without limit": [
    withContainer({ resources: { requests: { "example.com/gpu": "1" } } }),
    [
      "spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources",
    ],
  ],
  "bad pull policy": [
    withContainer({ imagePullPolicy: "Sometimes" }),
    [
      'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
    ],
  ],
  "bad restart policy": [
    pod({ restartPolicy: "Maybe" }),
    [
      'spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"',
    ],
  ],
  "bad ports": [
    withContainer({
      ports: [
        { containerPort: 70000, name: "a_b" },
        { containerPort: 0 },
        { containerPort: 80, protocol: "ICMP" },
      ],
    }),
    [
      'spec.containers[0].ports[0].name: Invalid value: "a_b": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
      "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
      "spec.containers[0].ports[1].containerPort: Required value",
      'spec.containers[0].ports[2].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
    ],
  ],
  "one host port twice": [
    withContainer({
      ports: [
        { containerPort: 80, hostPort: 8080 },
        { containerPort: 81, hostPort: 8080 },
      ],
    }),
    ['spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//8080"'],
  ],
  environment: [
    withContainer({
      env: [
        { name: "" },
        { name: "A", value: "x", valueFrom: { configMapKeyRef: { name: "m", key: "k" } } },
        { name: "B", valueFrom: {} },
        { name: "C", valueFrom: { fieldRef: { fieldPath: "spec.bananas" } } },
        { name: "D", valueFrom: { fieldRef: { fieldPath: "status.phase" } } },
      ],
    }),
    [
      "spec.containers[0].env[0].name: Required value",
      'spec.containers[0].env[1].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
      'spec.containers[0].env[2].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      'spec.containers[0].env[3].valueFrom.fieldRef.fieldPath: Invalid value: "spec.bananas": error converting fieldPath: field label not supported: spec.bananas',
      'spec.containers[0].env[4].valueFrom.fieldRef.fieldPath: Unsupported value: "status.phase": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"',
    ],
  ],
  "a mount without its volume": [
    withContainer({ volumeMounts: [{ name: "data", mountPath: "/data" }] }),
    ['spec.containers[0].volumeMounts[0].name: Not found: "data"'],
  ],
  probes: [
    withContainer({
      livenessProbe: { httpGet: { port: 80 }, exec: { command: ["x"] }, successThreshold: 2 },
      readinessProbe: {},
      startupProbe: { tcpSocket: { port: 0 }, periodSeconds: -1 },
    }),
    [
      "spec.containers[0].livenessProbe.httpGet: Forbidden: may not specify more than 1 handler type",
      "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1",
      "spec.containers[0].readinessProbe: Required value: must specify a handler type",
      "spec.containers[0].startupProbe.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, inclusive",
      "spec.containers[0].startupProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0",
    ],
  ],
  "a probe of an init container": [
    pod({
      initContainers: [{ name: "i", image: "a", livenessProbe: { exec: { command: ["x"] } } }],
    }),
    [
      "spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
    ],
  ],
  "a sidecar may have probes": [
    pod({
      initContainers: [
        {
          name: "i",
          image: "a",
          restartPolicy: "Always",
          startupProbe: { exec: { command: ["x"] } },
        },
      ],
    }),
    [],
  ],
  "sleeping longer than the grace": [
    withContainer({ lifecycle: { preStop: { sleep: { seconds: 60 } } } }),
    [
      "spec.containers[0].lifecycle.preStop.sleep: Invalid value: 60: must be non-negative and less than terminationGracePeriodSeconds (30)",
    ],
  ],
  "two types of volume": [
    volume({ emptyDir: {}, hostPath: { path: "/x" } }),
    ["spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type"],
  ],
  "a host path that climbs": [
    volume({ hostPath: { path: "/a/../b", type: "Folder" } }),
    [
      `spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain '..'`,
      'spec.volumes[0].hostPath.type: Unsupported value: "Folder": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
    ],
  ],
  "a secret volume without a name": [
    volume({ secret: { defaultMode: 0o1000 } }),
    [
      "spec.volumes[0].secret.secretName: Required value",
      "spec.volumes[0].secret.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive",
    ],
  ],
  "a token for five minutes": [
    volume({
      projected: { sources: [{ serviceAccountToken: { path: "t", expirationSeconds: 300 } }] },
    }),
    [
      "spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 300: may not specify a duration less than 10 minutes",
    ],
  ],
  tolerations: [
    pod({
      tolerations: [
        { operator: "Equal", value: "x" },
        { key: "a", operator: "In" },
      ],
    }),
    [
      'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
      'spec.tolerations[1].operator: Unsupported value: "In": supported values: "Equal", "Exists"',
    ],
  ],
  affinity: [
    pod({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: "a", operator: "In" }] }],
          },
        },
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 0, podAffinityTerm: { topologyKey: "zone" } },
          ],
        },
      },
    }),
    [
      "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      "spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 0: must be in the range 1-100",
    ],
  ],
  spread: [
    pod({ topologySpreadConstraints: [{ maxSkew: 0, topologyKey: "", whenUnsatisfiable: "Cry" }] }),
    [
      "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
      "spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty",
      'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "Cry": supported values: "DoNotSchedule", "ScheduleAnyway"',
    ],
  ],
  DNS: [
    pod({ dnsPolicy: "None" }),
    ["spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"],
  ],
  "host aliases": [
    pod({ hostAliases: [{ ip: "1.2.3", hostnames: ["ok.example"] }] }),
    [
      'spec.hostAliases[0].ip: Invalid value: "1.2.3": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
  ],
  security: [
    pod({
      securityContext: { runAsUser: -1 },
      containers: [
        {
          name: "c",
          image: "a",
          securityContext: {
            privileged: true,
            allowPrivilegeEscalation: false,
          },
        },
      ],
    }),
    [
      'spec.containers[0].securityContext: Invalid value: {"privileged":true,"allowPrivilegeEscalation":false}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
      "spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive",
    ],
  ],
  "host network": [
    pod({
      hostNetwork: true,
      containers: [{ name: "c", image: "a", ports: [{ containerPort: 80, hostPort: 81 }] }],
    }),
    [
      "spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true",
    ],
  ],
  "ephemeral containers": [
    pod({ ephemeralContainers: [{ name: "e", image: "a" }] }),
    ["spec.ephemeralContainers: Forbidden: cannot be set on create"],
  ],
  "a gated Pod with a node": [
    pod({ nodeName: "n", schedulingGates: [{ name: "a.io/b" }] }),
    ["spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared"],
  ],
  deadline: [
    pod({ activeDeadlineSeconds: 0 }),
    ["spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive"],
  ],
  "deletion cost": [
    pod({}, { annotations: { "controller.kubernetes.io/pod-deletion-cost": "high" } }),
    [
      'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "high": must be a 32bit integer',
    ],
  ],
  "Pod-level requests below the containers'": [
    pod({
      resources: { requests: { cpu: "100m" } },
      containers: [{ name: "c", image: "a", resources: { requests: { cpu: "200m" } } }],
    }),
    [
      'spec.resources.requests[cpu]: Invalid value: "100m": must be greater than or equal to aggregate container requests of 200m',
    ],
  ],
};

describe("Pod validation", () => {
  it.each(Object.entries(cases))("%s", (_name, [input, expected]) => {
    expect(podErrors(input)).toEqual(expected);
  });
});
