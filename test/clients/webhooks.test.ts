import { describe, expect, inject, test } from "vitest";
import {
  config,
  hook,
  mutatingConfiguration,
  pod,
  rule,
  serverObjects,
  validatingConfiguration,
} from "../engine/api/webhooks/webhook-world.ts";
import { findKubectls, Kubectl, skipNote } from "../helpers/kubectl.ts";
import { makeSandbox } from "../helpers/sandbox.ts";

/** Writes that wait for a webhook, by real kubectl, over the server that people run. */

const binaries = findKubectls();
if (binaries.length === 0) skipNote("no kubectl >= 1.30 was found; writes that wait did not run");

const list = (...items: object[]): string =>
  JSON.stringify({ apiVersion: "v1", kind: "List", items });

describe.skipIf(binaries.length === 0).each(binaries.slice(-1))("kubectl $version", (binary) => {
  test("is told what webhooks say, at once, after a while, or that they are late", async () => {
    const sandbox = await makeSandbox(inject("url"), { seed: 1, nodes: 2 });
    const kubectl = new Kubectl(binary, sandbox.kubeconfig);
    const create = (object: object) =>
      kubectl.run("create -f -", { stdin: JSON.stringify(object) });
    const deployed = await kubectl.run("apply -f -", {
      stdin: list(...serverObjects(["webhook"])),
    });
    expect([deployed.code, deployed.stderr]).toEqual([0, ""]);
    const rollout = ["rollout", "status", "deployment/sample-webhook-deployment", "--timeout=120s"];
    expect((await kubectl.run(rollout)).code).toBe(0);
    const only = (value: string): object => ({
      objectSelector: { matchLabels: { ask: value } },
      rules: [rule("configmaps", ["CREATE"])],
    });
    const applied = await kubectl.run("apply -f -", {
      stdin: list(
        mutatingConfiguration("m", hook("label", "/add-label", only("label"))),
        validatingConfiguration(
          "v",
          hook("deny", "/always-deny", only("deny")),
          hook("slow", "/always-allow-delay-5s", only("slow")),
          hook("late", "/always-allow-delay-5s", { ...only("late"), timeoutSeconds: 1 }),
        ),
      ),
    });
    expect([applied.code, applied.stderr]).toEqual([0, ""]);
    const asked = (name: string): object => config(name, {}, { labels: { ask: name } });

    const denied = await create(asked("deny"));
    expect([denied.code, denied.stderr]).toEqual([
      1,
      'Error from server: error when creating "STDIN": admission webhook "deny.k8s.io" denied the request: this webhook denies all requests\n',
    ]);
    expect((await create(asked("label"))).stdout).toBe("configmap/label created\n");
    const labels = ["get", "configmap", "label", "-o", "jsonpath={.metadata.labels}"];
    expect(JSON.parse((await kubectl.run(labels)).stdout)).toEqual({
      "added-label": "yes",
      ask: "label",
    });

    const begun = performance.now();
    const [slow, late, other] = await Promise.all([
      create(asked("slow")),
      create(asked("late")),
      create(config("other")),
    ]);
    expect(slow.stdout).toBe("configmap/slow created\n");
    expect(performance.now() - begun).toBeGreaterThan(4_500);
    expect(other.stdout).toBe("configmap/other created\n");
    expect(late.stderr).toBe(
      'Error from server (InternalError): error when creating "STDIN": Internal error occurred: failed calling webhook "late.k8s.io": failed to call webhook: Post "https://e2e-test-webhook.default.svc:8443/always-allow-delay-5s?timeout=1s": context deadline exceeded\n',
    );
    expect((await kubectl.run(["get", "configmap", "late"])).code).toBe(1);
    const shown = await kubectl.run(["get", "validatingwebhookconfigurations"]);
    expect(shown.stdout).toMatch(/^NAME +WEBHOOKS +AGE\nv +3 +\d+s\n$/);

    const attaching = hook("attach", "/pods/attach", { rules: [rule("pods/attach", ["CONNECT"])] });
    const attached = list(
      pod("to-be-attached-pod", {}, "container1"),
      validatingConfiguration("attach", attaching),
    );
    expect((await kubectl.run("apply -f -", { stdin: attached })).code).toBe(0);
    const ready = "wait --for=condition=Ready pod/to-be-attached-pod --timeout=60s";
    expect((await kubectl.run(ready)).code).toBe(0);
    const refused = await kubectl.run("attach to-be-attached-pod -i -c=container1", { stdin: "" });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("attaching to pod 'to-be-attached-pod' is not allowed");
  });
});
