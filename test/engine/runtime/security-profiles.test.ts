import { expect, test } from "vitest";
import { NetworkWorld } from "../network/network-world.ts";

/** Profiles of AppArmor and seccomp that a Pod names, as in upstream's tutorials of both. */

const pod = (name: string, securityContext: object, more: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "default" },
  spec: {
    containers: [
      {
        name: "c",
        image: "busybox:1.28",
        command: ["sh", "-c", "echo 'Hello AppArmor!' && sleep 1h"],
        securityContext,
      },
    ],
    ...more,
  },
});
const waiting = (w: NetworkWorld, name: string): { reason: string; message: string } =>
  w.get(`/api/v1/namespaces/default/pods/${name}`).status.containerStatuses[0].state.waiting;
const current = "cat /proc/1/attr/current /proc/self/attr/current";

test("an AppArmor profile that its node has not loaded", () => {
  const w = new NetworkWorld(1);
  const appArmorProfile = {
    type: "Localhost",
    localhostProfile: "k8s-apparmor-example-deny-write",
  };
  w.create(pod("denied", { appArmorProfile }));
  w.create(pod("shared", {}, { securityContext: { appArmorProfile } }));
  w.create(pod("usual", {}));
  w.create(pod("default", { appArmorProfile: { type: "RuntimeDefault" } }));
  w.create(pod("free", { appArmorProfile: { type: "Unconfined" } }));
  w.create(pod("privileged", { privileged: true }));
  w.settle();
  for (const name of ["denied", "shared"])
    expect(waiting(w, name)).toEqual({
      reason: "CreateContainerError",
      message:
        "failed to get container spec opts: failed to generate apparmor spec opts: apparmor profile not found k8s-apparmor-example-deny-write",
    });
  const confined = "cri-containerd.apparmor.d (enforce)\n";
  expect(w.exec("usual", current).stdout).toBe(confined + confined);
  expect(w.exec("default", current).stdout).toBe(confined + confined);
  expect(w.exec("free", current).stdout).toBe("unconfined\nunconfined\n");
  expect(w.exec("privileged", current).stdout).toBe("unconfined\nunconfined\n");
});

test("a seccomp profile is a file of its node", () => {
  const w = new NetworkWorld(1);
  const seccompProfile = { type: "Localhost", localhostProfile: "profiles/audit.json" };
  w.create(pod("audit", { seccompProfile }));
  w.settle();
  const path = "/var/lib/kubelet/seccomp/profiles/audit.json";
  expect(waiting(w, "audit")).toEqual({
    reason: "CreateContainerError",
    message: `failed to create containerd container: cannot load seccomp profile "${path}": open ${path}: no such file or directory`,
  });
  const hostPath = { path: "/var/lib/kubelet/seccomp", type: "DirectoryOrCreate" };
  w.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "installer" },
    spec: {
      containers: [
        {
          name: "c",
          image: "busybox:1.28",
          command: ["sh", "-c", "mkdir /s/profiles; echo '{}' > /s/profiles/audit.json; sleep 1h"],
          volumeMounts: [{ name: "s", mountPath: "/s" }],
        },
      ],
      volumes: [{ name: "s", hostPath }],
    },
  });
  w.settle();
  w.advance(300_000);
  expect(w.get("/api/v1/namespaces/default/pods/audit").status.phase).toBe("Running");
  expect(w.exec("audit", "grep Seccomp: /proc/1/status").stdout).toBe("Seccomp:\t2\n");
});
