/** Flags and files of command lines that many commands share: what becomes of them, in upstream's words. */
import { beforeAll, describe, expect, test } from "vitest";
import { KubectlWorld } from "./kubectl-world.ts";

let world: KubectlWorld;

beforeAll(() => {
  world = new KubectlWorld({ seed: "record", nodes: 1 }).begin();
  world.out("kubectl create deployment web --image=nginx:1.27");
});

const causeOf = (what: string): string =>
  world.out(
    `kubectl get ${what} -o jsonpath='{.metadata.annotations.kubernetes\\.io/change-cause}'`,
  );

describe("--record", () => {
  test("a rollout's history says which command made each revision", () => {
    const { stdout, stderr } = world.sh("kubectl set image deploy/web nginx=nginx:1.28 --record");
    expect(stdout).toBe("deployment.apps/web image updated\n");
    expect(stderr).toBe(
      "Flag --record has been deprecated, --record will be removed in the future\n",
    );
    world.settle(2000);
    expect(world.out("kubectl rollout history deploy/web")).toBe(
      "deployment.apps/web \nREVISION  CHANGE-CAUSE\n1         <none>\n2         kubectl set image deploy/web nginx=nginx:1.28 --record=true\n\n",
    );
  });

  test.each([
    [
      "kubectl scale deploy web --replicas 2 --record -n default",
      "--replicas=2 --record=true --namespace=default",
      "scale deploy web",
    ],
    [
      `kubectl patch deploy/web --record=true -p '{"spec":{"paused":true}}'`,
      `--record=true --patch={"spec":{"paused":true}}`,
      "patch deploy/web",
    ],
    ["kubectl label deploy web a=b --record", "--record=true", "label deploy web a=b"],
    ["kubectl annotate deploy web a=b --record", "--record=true", "annotate deploy web a=b"],
    [
      "kubectl set resources deploy web --record --limits=cpu=1",
      "--record=true --limits=cpu=1",
      "set resources deploy web",
    ],
    ["kubectl set sa deploy web default --record", "--record=true", "set sa deploy web default"],
  ])("%s", (line, flags, words) => {
    world.out(line);
    expect(causeOf("deploy web")).toBe(`kubectl ${words} ${flags}`);
  });

  test("of what is made", () => {
    world.out("kubectl run box --image=busybox --record -- sleep 1d");
    expect(causeOf("pod box")).toBe("kubectl run box sleep 1d --image=busybox --record=true");
    world.out("kubectl expose pod box --port=80 --labels=a=b --record");
    expect(causeOf("svc box")).toBe("kubectl expose pod box --port=80 --labels=a=b --record=true");
    world.out("kubectl set selector svc box a=b --record");
    expect(causeOf("svc box")).toBe("kubectl set selector svc box a=b --record=true");
    world.out("kubectl create cm c --dry-run=client -o yaml > /tmp/c.yaml");
    world.out("kubectl apply -f /tmp/c.yaml --record");
    expect(causeOf("cm c")).toBe("kubectl apply --filename=/tmp/c.yaml --record=true");
    world.out("kubectl delete cm c; kubectl create -f /tmp/c.yaml --record");
    expect(causeOf("cm c")).toBe("kubectl create --filename=/tmp/c.yaml --record=true");
  });
});

describe("--local", () => {
  test("knows no namespace; what is read into a Go type has the fields that it never leaves out", () => {
    world.sh(
      "printf 'apiVersion: v1\\nkind: Pod\\nmetadata: {name: p}\\nspec:\\n  containers:\\n  - {name: c, image: a}\\n' > /tmp/p.yaml",
    );
    const plain = "apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n    a: b\n  name: p\n";
    expect(world.out("kubectl label --local -f /tmp/p.yaml a=b -o yaml")).toBe(
      `${plain}spec:\n  containers:\n  - image: a\n    name: c\n`,
    );
    expect(world.out("kubectl set image --local -f /tmp/p.yaml c=b -o yaml")).toBe(
      "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  containers:\n  - image: b\n    name: c\n    resources: {}\nstatus: {}\n",
    );
  });

  test("standard input is read once", () => {
    expect(world.sh("echo A=b | kubectl set env -f - -").stderr).toBe(
      "error: standard input cannot be used for multiple arguments\n",
    );
  });
});

describe("rollout status of several", () => {
  test("goes on after one that comes to nothing, and tells of files that could not be read last", () => {
    world.out("mkdir -p /tmp/r");
    for (const name of ["one", "two"])
      world.out(
        `kubectl create deployment ${name} --image=nope.example/${name}:1; kubectl get deploy ${name} -o yaml > /tmp/r/${name}.yaml`,
      );
    world.out('printf \'{"apiVersion": "v1"}\' > /tmp/r/zero.json');
    const waiting = (name: string): string =>
      `Waiting for deployment "${name}" rollout to finish: 0 of 1 updated replicas are available...\n`;
    const { stdout, stderr, code } = world.sh("kubectl rollout status -f /tmp/r --timeout=1s");
    expect(code).toBe(1);
    expect(stdout).toBe(waiting("one") + waiting("two"));
    expect(stderr).toBe(
      'timed out waiting for the condition\ntimed out waiting for the condition\nunable to decode "/tmp/r/zero.json": Object \'Kind\' is missing in \'{"apiVersion":"v1"}\'\n',
    );
  });
});

test("config view: a template alone says the form", () => {
  expect(world.out("kubectl config view --template='{{ .kind }}:'")).toBe("Config:");
});

test("a kind is found in small letters where its resource has another name", () => {
  world.create({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "resources.mygroup.example.com" },
    spec: {
      group: "mygroup.example.com",
      scope: "Namespaced",
      names: { plural: "resources", singular: "resource", kind: "Kind", listKind: "KindList" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object" } },
        },
      ],
    },
  });
  world.settle(2000);
  const empty = "No resources found in default namespace.\n";
  for (const word of ["kind.mygroup.example.com", "Kind.v1.mygroup.example.com"])
    expect(world.sh(`kubectl get ${word}`)).toEqual({ stdout: "", stderr: empty, code: 0 });
  expect(world.sh("kubectl get kind").stderr).toBe(
    `error: the server doesn't have a resource type "kind"\n`,
  );
});

test("auth reconcile makes the namespace that a role needs", () => {
  world.out(
    "kubectl create role r --verb=get --resource=pods -n new-one --dry-run=client -o yaml > /tmp/role.yaml",
  );
  expect(world.out("kubectl auth reconcile -f /tmp/role.yaml --dry-run=client")).toBe(
    "role.rbac.authorization.k8s.io/r reconciled (dry run)\n",
  );
  expect(world.sh("kubectl get ns new-one").code).toBe(1);
  expect(world.out("kubectl auth reconcile -f /tmp/role.yaml")).toBe(
    "role.rbac.authorization.k8s.io/r reconciled\n",
  );
  expect(world.out("kubectl get role -n new-one -o name")).toBe(
    "role.rbac.authorization.k8s.io/r\n",
  );
});
