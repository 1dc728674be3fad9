import { expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const rbac = "rbac.authorization.k8s.io";

test("exec, attach and port-forward ask for create, by GET too", () => {
  const w = new World({ nodes: 1 });
  w.advance(1000);
  const role = (name: string, verbs: string[]) => [
    {
      apiVersion: `${rbac}/v1`,
      kind: "Role",
      metadata: { name, namespace: "default" },
      rules: [
        { apiGroups: [""], resources: ["pods/exec", "pods/attach", "pods/portforward"], verbs },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata: { name, namespace: "default" },
      roleRef: { apiGroup: rbac, kind: "Role", name },
      subjects: [{ apiGroup: rbac, kind: "User", name }],
    },
  ];
  w.create(...role("getter", ["get"]), ...role("both", ["get", "create"]), {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p" },
    spec: { containers: [{ name: "c", image: "nginx" }] },
  });
  w.advance(20_000);
  for (const what of [
    "exec?command=ls&stdout=true",
    "attach?stdout=true",
    "portforward?ports=80",
  ]) {
    const as = (user: string) =>
      w.request("GET", `/api/v1/namespaces/default/pods/p/${what}`, undefined, {
        edge: { user: { name: user, groups: ["system:authenticated"] } },
      });
    const refused = as("getter");
    expect(refused.status).toBe(403);
    expect(refused.body.message).toBe(`pods "p" is forbidden: `);
    expect(as("both").status).not.toBe(403);
  }
});
