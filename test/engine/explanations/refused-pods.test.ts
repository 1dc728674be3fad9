/** Pods that Pod Security or a policy refuses: each caused and explained, of the ReplicaSet and of its Deployment. */
import { expect, test } from "vitest";
import { cluster, deployment } from "../behaviours/behaviour-world.ts";
import { expectSaid, restsOn } from "./asking.ts";

const world = cluster(1);

world.create({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "locked", labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
});
for (const [plural, spec] of Object.entries({
  validatingadmissionpolicies: {
    matchConstraints: {
      resourceRules: [
        { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] },
      ],
    },
    validations: [
      {
        expression: "object.spec.containers.all(c, c.image.contains(':'))",
        message: "images must have a tag",
      },
    ],
  },
  validatingadmissionpolicybindings: { policyName: "tagged", validationActions: ["Deny"] },
})) {
  const made = world.request("POST", `/apis/admissionregistration.k8s.io/v1/${plural}`, {
    metadata: { name: "tagged" },
    spec,
  });
  expect(made.status).toBe(201);
}
world.advance(1_000);
const open = deployment("open", { replicas: 2 }) as { metadata: object };
world.create({ ...open, metadata: { ...open.metadata, namespace: "locked" } });
world.create(deployment("plain", { replicas: 2 }, { name: "web", image: "nginx" }));
world.advance(5_000);

test.for<[target: string, parts: string[], namespace?: string]>([
  [
    "deployment/open",
    [
      "has 0 of 2 Pods, and the API server refuses the others",
      'violates PodSecurity "restricted:latest"',
      "allowPrivilegeEscalation != false",
      "kubectl edit deployment/open -n locked",
    ],
    "locked",
  ],
  [
    "deployment/plain",
    [
      "has 0 of 2 Pods",
      "ValidatingAdmissionPolicy 'tagged' with binding 'tagged' denied request: images must have a tag",
      "kubectl edit deployment/plain",
    ],
  ],
])("%s", ([target, parts, namespace]) => {
  expectSaid(world, target, parts, namespace);
  expect(restsOn(world, target, namespace)[0]).toMatch(/^ReplicaSet\/\S+ FailedCreate$/);
});
