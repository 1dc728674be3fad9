import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const secrets = "/api/v1/namespaces/kube-system/secrets";
const info = "/api/v1/namespaces/kube-public/configmaps/cluster-info";

const token = (id: string, more: object = {}) => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: `bootstrap-token-${id}`, namespace: "kube-system" },
  type: "bootstrap.kubernetes.io/token",
  stringData: {
    "token-id": id,
    "token-secret": "0123456789abcdef",
    "usage-bootstrap-signing": "true",
    "usage-bootstrap-authentication": "true",
    ...more,
  },
});
const signatures = (w: World): string[] =>
  Object.keys(w.get(info).data).filter((key) => key !== "kubeconfig");

function world(): World {
  const w = new World({ nodes: 1 });
  w.advance(2000);
  return w;
}

describe("bootstrap tokens", () => {
  test("sign cluster-info, anew when it changes, no more when they go", () => {
    const w = world();
    w.create(token("abc123"), token("def456", { "usage-bootstrap-signing": "false" }));
    w.advance(2000);
    expect(signatures(w)).toEqual(["jws-kubeconfig-abc123"]);
    const signed = (): string => w.get(info).data["jws-kubeconfig-abc123"];
    const coded = (text: string): string => Buffer.from(text).toString("base64url");
    const expected = (): string => {
      const header = coded('{"alg":"HS256","kid":"abc123"}');
      const mac = createHmac("sha256", "0123456789abcdef");
      mac.update(`${header}.${coded(w.get(info).data.kubeconfig)}`);
      return `${header}..${mac.digest("base64url")}`;
    };
    expect(signed()).toBe(expected());
    const first = signed();
    w.patch(info, { data: { kubeconfig: "changed" } });
    w.advance(2000);
    expect(signed()).not.toBe(first);
    expect(signed()).toBe(expected());
    w.request("DELETE", `${secrets}/bootstrap-token-abc123`);
    w.advance(2000);
    expect(signatures(w)).toEqual([]);
  });

  test("are deleted when their time is over, and what cannot be read is over", () => {
    const w = world();
    const at = (seconds: number): string =>
      new Date(Date.parse("2026-01-01T00:00:00Z") + seconds * 1000).toISOString().slice(0, 19) +
      "Z";
    w.create(
      token("aaaaaa", { expiration: at(3600) }),
      token("bbbbbb", { expiration: at(60) }),
      token("cccccc", { expiration: "soon" }),
    );
    w.advance(2000);
    const left = (): string[] =>
      w
        .get(secrets)
        .items.map((one: { metadata: { name: string } }) => one.metadata.name)
        .filter((name: string) => name.startsWith("bootstrap-token-"));
    expect(left()).toEqual(["bootstrap-token-aaaaaa", "bootstrap-token-bbbbbb"]);
    w.advance(60_000);
    expect(left()).toEqual(["bootstrap-token-aaaaaa"]);
    expect(signatures(w)).toEqual(["jws-kubeconfig-aaaaaa"]);
  });
});
