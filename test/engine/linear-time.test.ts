/** Readers of long texts, one by one: what they answer, and that they answer at all. */
import { describe, expect, test } from "vitest";
import { globbed } from "../../durable-objects/engine/images/redis/store.ts";
import { MatchWork } from "../../durable-objects/engine/runtime/match-work.ts";
import { endOf, folderOf, trimEndOf, trimSlashes } from "../../durable-objects/engine/core/trim.ts";
import { rewriteHtml } from "../../durable-objects/engine/network/html-links.ts";
import { awkFormat } from "../../durable-objects/engine/runtime/tools/awk/values.ts";
import { formatPrintf } from "../../durable-objects/engine/runtime/tools/arguments/printf.ts";
import { quantityError } from "../../durable-objects/engine/machinery/quantity.ts";
import { World } from "../helpers/world.ts";
import { sampleOf } from "./api/fuzz/sample-objects.ts";

const many = 300_000;

describe("ends of texts", () => {
  test.for([
    ["/a/b//", "/", "/a/b", "//"],
    ["////", "/", "", "////"],
    ["", "/", "", ""],
    ["a.-b.-", "-.", "a.-b", ".-"],
    [`${"/".repeat(many)}a`, "/", `${"/".repeat(many)}a`, ""],
  ] as const)("%#", ([text, characters, trimmed, end]) => {
    expect(trimEndOf(text, characters)).toBe(trimmed);
    expect(endOf(text, characters)).toBe(end);
  });

  test("paths", () => {
    expect(["/a/", "/", "///", "a", ""].map(trimSlashes)).toEqual(["/a", "/", "/", "a", "/"]);
    expect(["/a/b", "a", "/a/", ""].map(folderOf)).toEqual(["/a/", "", "/a/", ""]);
  });
});

test.for(["0", "1", "1.", "0.", "9e", "-", "+", "Ki", "E"])("a quantity of many %s", (piece) => {
  for (const tail of ["", "!", "Ki", "e", "."]) quantityError(piece.repeat(many) + tail);
});

describe("redis' glob", () => {
  const fits = (pattern: string, text: string): boolean =>
    globbed([text], pattern, new MatchWork(() => {})).length > 0;

  test.for([
    ["*", "", true],
    ["a*c", "abbc", true],
    ["a*c", "abb", false],
    ["*a*b*", "xxaxxbxx", true],
    ["h?llo", "hello", true],
    ["h?llo", "hllo", false],
    ["h[ae]llo", "hallo", true],
    ["h[^e]llo", "hello", false],
    ["h[a-c]llo", "hbllo", true],
    ["a\\*", "a*", true],
    ["a\\*", "ab", false],
    ["a.c", "abc", false],
  ] as const)("%j over %j: %j", ([pattern, text, expected]) => {
    expect(fits(pattern, text)).toBe(expected);
  });
});

describe("links of pages", () => {
  const rewrite = { prefix: "/p", hosts: [] };
  test.for([
    ['<a href="/x">', '<a href="/p/x">'],
    ['<!-- <a href="/x"> --><a href="/y">', '<!-- <a href="/x"> --><a href="/p/y">'],
    ['<!-- <a href="/x">', '<!-- <a href="/p/x">'],
    [
      '<script src="/s">"<a href=/x>"</script ><img src=/i>',
      '<script src="/p/s">"<a href=/x>"</script ><img src="/p/i">',
    ],
    ['<SCRIPT src="/s"><a href="/x">', '<SCRIPT src="/p/s"><a href="/p/x">'],
    ['<constructor href="/x"><a href="/y"', '<constructor href="/x"><a href="/y"'],
  ])("%s", ([html, expected]) => {
    expect(rewriteHtml(html as string, rewrite)).toBe(expected);
  });

  test.for(["<!--", "<script>", "<a ", "<style >", "<a href='", "</script ", "<", " a=", "<a/b"])(
    "many %s",
    (piece) => {
      rewriteHtml(piece.repeat(many / 10), rewrite);
    },
  );
});

test("formats of printf and awk", () => {
  const letters = "h".repeat(many);
  for (const format of [`%${letters}!`, `%${"0".repeat(many)}!`, "%0".repeat(many / 2)]) {
    formatPrintf([format]);
    awkFormat(format, [], "%.6g");
  }
  expect(awkFormat("%05.1f|%-5s|%g", [1.75, "a", 0.5], "%.6g")).toBe("001.8|a    |0.5");
});

describe("objects", () => {
  const volume = (path: string): object => ({
    ...sampleOf("v1", "PersistentVolume", "v"),
    spec: {
      accessModes: ["ReadWriteOnce"],
      capacity: { storage: "1Gi" },
      hostPath: { path },
      persistentVolumeReclaimPolicy: "Recycle",
    },
  });

  // k8s: core validation ValidatePersistentVolumeSpec, by path.Clean
  test.for([
    ["/", true],
    ["//", true],
    ["/./", true],
    ["/a/b/../x/../..", true],
    ["/a/../b", false],
    ["/a", false],
    ["/...", false],
    ["/".repeat(40) + "!", false],
    ["/".repeat(many), true],
    [`/${"./".repeat(many / 2)}!`, false],
  ] as const)("a recycled hostPath, %#", ([path, root]) => {
    const { text } = new World({ nodes: 1 }).request(
      "POST",
      "/api/v1/persistentvolumes?dryRun=All",
      volume(path),
    );
    expect(text.includes("may not be 'recycle' for a hostPath mount of '/'")).toBe(root);
  });

  test("a certificate that only begins", () => {
    const secret = (text: string): object => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s" },
      type: "kubernetes.io/tls",
      data: { "tls.crt": btoa(text), "tls.key": btoa("x") },
    });
    const ask = (text: string): string | undefined =>
      new World({ nodes: 1 }).request("POST", "/api/v1/namespaces/default/secrets", secret(text))
        .headers["warning"];
    expect(ask("-----BEGIN A-----\n".repeat(20_000))).toContain(
      "tls: failed to find any PEM data in certificate input",
    );
    expect(ask("-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n")).toContain(
      "but did find a private key",
    );
  });

  // The kernel's PATH_MAX; what runc and the kubelet say of it.
  test.for([
    [{ mountPath: `/${"a/".repeat(10_000)}` }, "RunContainerError", "file name too long"],
    [{ mountPath: `${"/".repeat(20_000)}a` }, "RunContainerError", "file name too long"],
    [
      { mountPath: "/v", subPath: "a".repeat(20_000) },
      "CreateContainerConfigError",
      'failed to create subPath directory for volumeMount "v" of container "c"',
    ],
  ] as const)("a mount that is too long, %#", ([mount, reason, message]) => {
    const world = new World({ nodes: 1 });
    const pod = sampleOf("v1", "Pod", "p") as { spec: { containers: object[] } };
    pod.spec.containers = [{ name: "c", image: "nginx", volumeMounts: [{ name: "v", ...mount }] }];
    world.create(pod);
    const waiting = (): { reason?: string; message?: string } =>
      world.pod("p").status.containerStatuses?.[0]?.state?.waiting ?? {};
    world.until(() => waiting().message?.includes(message) ?? false);
    expect(waiting().reason).toBe(reason);
    expect(waiting().message?.length).toBeLessThan(2_000);
  });
});

describe("writes that twist", () => {
  const url = "/api/v1/namespaces/default/configmaps/a";
  const made = (): World => {
    const world = new World({ nodes: 1 });
    world.create({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "a" },
      data: { b: "c" },
    });
    return world;
  };

  test("a JSON patch that copies a parent into its child", () => {
    const world = made();
    const patch = [
      { op: "add", path: "/data/d", value: "e" },
      { op: "copy", from: "/data", path: "/data/k" },
    ];
    const answer = world.request("PATCH", url, patch, { type: "application/json-patch+json" });
    expect(answer.status).toBe(422);
    expect(answer.body.message).toContain(
      "json: cannot unmarshal object into Go struct field ConfigMap.data of type string",
    );
    expect(world.get(url).data).toEqual({ b: "c" });
  });

  test.for([
    [{ apiVersion: { toString: 1 } }, "cannot unmarshal object into Go struct field .apiVersion"],
    [{ kind: 7 }, "cannot unmarshal number into Go struct field .kind of type string"],
  ] as const)("a kind that is no text: %j", ([patch, message]) => {
    const answer = made().request("PATCH", url, patch, { type: "application/merge-patch+json" });
    expect(answer.status).toBe(422);
    expect(answer.body.message).toContain(message);
  });

  test.for(["PUT", "PATCH"])("managedFields that a client sends with a scale: %s", (method) => {
    const world = new World({ nodes: 1 });
    world.create(sampleOf("apps/v1", "Deployment", "d"));
    const scale = "/apis/apps/v1/namespaces/default/deployments/d/scale";
    const body = {
      ...world.get(scale),
      metadata: { name: "d", namespace: "default", managedFields: [{ fieldsV1: "x" }] },
      spec: { replicas: 3 },
    };
    const answer = world.request(method, scale, body, {
      type: method === "PUT" ? "application/json" : "application/merge-patch+json",
    });
    expect(answer.body).toMatchObject({ kind: "Scale", spec: { replicas: 3 } });
  });
});
