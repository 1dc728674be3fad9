import { expect, test } from "vitest";
import { KubectlWorld } from "./kubectl-world.ts";

/** kubectl within the cluster, on kinds that a user has brought. */

const manifest = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: crontabs.stable.example.com}
spec:
  group: stable.example.com
  scope: Namespaced
  names: {plural: crontabs, kind: CronTab, shortNames: [ct], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            description: When to run.
            properties:
              cronSpec: {type: string, description: Five fields.}
              replicas: {type: integer}
    subresources: {scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}}
    additionalPrinterColumns: [{name: Spec, type: string, jsonPath: .spec.cronSpec}]
`;
const tab = `apiVersion: stable.example.com/v1
kind: CronTab
metadata: {name: mine}
spec: {cronSpec: "* * * * */5", replicas: 1}
`;

test("kubectl takes custom resources as any other", () => {
  const world = new KubectlWorld().begin();
  const put = (name: string, text: string): unknown =>
    world.sh(`printf '%s' "${text.replaceAll('"', '\\"')}" > ${name}`);
  put("crd.yaml", manifest);
  put("tab.yaml", tab);
  const sh = (line: string): string => {
    const { stdout, stderr } = world.sh(line);
    return stdout + stderr;
  };
  expect(sh("kubectl apply -f tab.yaml")).toContain(
    'no matches for kind "CronTab" in version "stable.example.com/v1"',
  );
  expect(sh("kubectl apply -f crd.yaml")).toBe(
    "customresourcedefinition.apiextensions.k8s.io/crontabs.stable.example.com created\n",
  );
  expect(sh("kubectl wait --for=condition=established crd/crontabs.stable.example.com")).toBe(
    "customresourcedefinition.apiextensions.k8s.io/crontabs.stable.example.com condition met\n",
  );
  expect(sh("kubectl apply -f tab.yaml")).toBe("crontab.stable.example.com/mine created\n");
  expect(sh("kubectl get ct")).toMatch(/^NAME +SPEC\nmine +\* \* \* \* \*\/5\n$/);
  expect(sh("kubectl get all")).toContain("crontab.stable.example.com/mine");
  expect(sh("kubectl scale ct mine --replicas=3")).toBe("crontab.stable.example.com/mine scaled\n");
  expect(sh("kubectl get crontabs mine -o jsonpath='{.spec.replicas}'")).toBe("3");
  expect(sh("kubectl apply --server-side --force-conflicts -f tab.yaml")).toBe(
    "crontab.stable.example.com/mine serverside-applied\n",
  );
  expect(sh('kubectl patch ct mine --type=merge -p \'{"spec":{"cronSpec":"@daily"}}\'')).toBe(
    "crontab.stable.example.com/mine patched\n",
  );
  expect(sh("kubectl label ct mine a=b")).toBe("crontab.stable.example.com/mine labeled\n");
  expect(sh("kubectl describe ct mine")).toContain("Cron Spec:  @daily");
  expect(sh("kubectl explain ct.spec")).toMatch(
    /When to run\.[^]*cronSpec\t<string>\n +Five fields\./,
  );
  expect(sh("kubectl api-resources --api-group=stable.example.com")).toMatch(
    /crontabs +ct +stable\.example\.com\/v1 +true +CronTab/,
  );
  expect(sh("kubectl delete ct --all")).toBe(
    'crontab.stable.example.com "mine" deleted from default namespace\n',
  );
  expect(sh("kubectl delete crd crontabs.stable.example.com")).toBe(
    'customresourcedefinition.apiextensions.k8s.io "crontabs.stable.example.com" deleted\n',
  );
  expect(sh("kubectl get ct")).toBe('error: the server doesn\'t have a resource type "ct"\n');
});
