/** etcdctl, kubeadm, minikube and what is refused on nodes. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { onNode } from "../../../helpers/node-shell.ts";
import { World } from "../../../helpers/world.ts";

const etcdctl =
  "ETCDCTL_API=3 etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/server.crt --key=/etc/kubernetes/pki/etcd/server.key";

describe("tools of a node", () => {
  it("etcdctl tells how etcd is, and refuses what it has not", () => {
    const world = new World();
    world.settle();
    expect(onNode(world, "control-plane", `${etcdctl} endpoint health`)).toEqual({
      out: expect.stringMatching(
        /^https:\/\/127.0.0.1:2379 is healthy: successfully committed proposal: took = [\d.]+ms\n$/,
      ),
      err: "",
      code: 0,
    });
    expect(onNode(world, "control-plane", `${etcdctl} member list`).out).toMatch(
      /^[0-9a-f]{16}, started, control-plane, https:\/\/172.18.0.2:2380, https:\/\/172.18.0.2:2379, false\n$/,
    );
    expect(onNode(world, "control-plane", `${etcdctl} endpoint status -w table`).out).toMatch(
      /\| https:\/\/127.0.0.1:2379 \| [0-9a-f]{16} \| 3.6.8 +\|/,
    );
    expect(onNode(world, "control-plane", `${etcdctl} snapshot save /tmp/x`).code).toBe(1);
    expect(onNode(world, "control-plane", "etcdctl endpoint health").err).toContain(
      "127.0.0.1:2379 is unhealthy",
    );
    onNode(world, "control-plane", "mv /etc/kubernetes/manifests/etcd.yaml /tmp");
    world.advance(60_000);
    expect(onNode(world, "control-plane", `${etcdctl} endpoint health`).code).toBe(1);
  });

  it("kubeadm tells its version and tokens, and changes nothing", () => {
    const world = new World();
    expect(onNode(world, "control-plane", "kubeadm version -o short").out).toBe("v1.36.1\n");
    expect(onNode(world, "control-plane", "kubeadm upgrade plan").code).toBe(1);
    expect(onNode(world, "control-plane", "iptables -L").err).toMatch(/^iptables: Podyard works /);
    world.create({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "bootstrap-token-abcdef", namespace: "kube-system" },
      type: "bootstrap.kubernetes.io/token",
      stringData: {
        "token-id": "abcdef",
        "token-secret": "0123456789abcdef",
        "usage-bootstrap-signing": "true",
      },
    });
    expect(onNode(world, "control-plane", "kubeadm token list").out).toMatch(
      /^TOKEN +TTL +EXPIRES +USAGES +DESCRIPTION +EXTRA GROUPS\nabcdef.0123456789abcdef +<forever> +<never> +signing +<none> +<none>\n$/,
    );
  });

  it("kubeadm tells when certificates end, and which are not there", () => {
    const world = new World({ nodes: 1 });
    world.settle();
    const { out, code } = onNode(world, "control-plane", "kubeadm certs check-expiration");
    expect(code).toBe(0);
    expect(out).toMatch(
      /\n\nCERTIFICATE {9,} +EXPIRES +RESIDUAL TIME +CERTIFICATE AUTHORITY +EXTERNALLY MANAGED +\n!MISSING! admin.conf +\n!MISSING! apiserver +\n/,
    );
    expect(out).toMatch(
      /\nCERTIFICATE AUTHORITY +EXPIRES +RESIDUAL TIME +EXTERNALLY MANAGED +\nca +Oct 27, 2126 22:35 UTC +100y +no +\n/,
    );
  });

  it("minikube answers what the official tutorial asks", () => {
    const world = new World();
    world.create({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web" },
      spec: { type: "NodePort", ports: [{ port: 80, nodePort: 30080 }], selector: { app: "web" } },
    });
    expect(onNode(world, "control-plane", "minikube ip").out).toBe("172.18.0.2\n");
    expect(onNode(world, "control-plane", "minikube service web --url").out).toBe(
      "http://172.18.0.2:30080\n",
    );
    expect(onNode(world, "control-plane", "minikube service none --url").code).toBe(65);
    onNode(world, "node-1", "systemctl stop kubelet");
    expect(onNode(world, "control-plane", "minikube status").out).toContain(
      "node-1\ntype: Worker\nhost: Running\nkubelet: Stopped\n",
    );
  });

  it("openssl reads the cluster's certificate as OpenSSL 3 does", () => {
    const world = new World();
    world.settle();
    const said = onNode(
      world,
      "node-1",
      "openssl x509 -text -noout -in /etc/kubernetes/pki/ca.crt",
    );
    const expected = readFileSync(new URL("ca-crt.txt", import.meta.url), "utf8");
    expect(said).toEqual({ out: expected, err: "", code: 0 });
    expect(
      onNode(world, "node-1", "openssl x509 -noout -subject -enddate < /etc/kubernetes/pki/ca.crt")
        .out,
    ).toBe("subject=CN = kubernetes\nnotAfter=Oct 27 22:35:09 2126 GMT\n");
    expect(onNode(world, "node-1", "openssl x509 -in /etc/passwd").code).toBe(1);
  });
});
