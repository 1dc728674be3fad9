/** A user of the cluster by a certificate that it signed: the way of every course on RBAC. */
import { beforeEach, describe, expect, it } from "vitest";
import { onNode, type Said } from "../../helpers/node-shell.ts";
import { World } from "../../helpers/world.ts";

let world: World;
const sh = (line: string): Said => onNode(world, "control-plane", `cd /root\n${line}`);

const request = (name: string, more = ""): string => `
cat <<END | kubectl apply -f -
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: ${name}}
spec:
  request: $(base64 -w0 ${name}.csr)
  signerName: kubernetes.io/kube-apiserver-client
  usages: [client auth]
${more}
END
kubectl certificate approve ${name}`;

beforeEach(() => {
  world = new World();
  world.settle();
  sh(
    "openssl genrsa -out jane.key 2048; openssl req -new -key jane.key -out jane.csr -subj /CN=jane/O=dev",
  );
  expect(sh(request("jane", "  expirationSeconds: 1200")).out).toBe(
    "certificatesigningrequest.certificates.k8s.io/jane created\ncertificatesigningrequest.certificates.k8s.io/jane approved\n",
  );
  world.advance(1_000);
  sh(`kubectl get csr jane -o jsonpath='{.status.certificate}' | base64 -d > jane.crt
kubectl config set-credentials jane --client-certificate=jane.crt --client-key=jane.key --embed-certs=true
kubectl config set-context jane --cluster=kubernetes --user=jane`);
});

describe("a client certificate", () => {
  it("is its user, in the groups of its organizations", () => {
    expect(sh("kubectl --context jane get pods")).toEqual({
      out: "",
      err: 'Error from server (Forbidden): pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"\n',
      code: 1,
    });
    const { out } = sh("kubectl --context jane auth whoami");
    expect(out).toMatch(/^Username +jane$/m);
    expect(out).toMatch(/^Groups +\[dev system:authenticated\]$/m);
    expect(out).toMatch(/credential-id +\[X509SHA256=[0-9a-f]{64}\]/);
    sh(
      "kubectl create role reader --verb=get,list --resource=pods; kubectl create rolebinding dev --role=reader --group=dev",
    );
    expect(sh("kubectl --context jane get pods").err).toBe(
      "No resources found in default namespace.\n",
    );
    expect(sh("kubectl --context jane create cm x").err).toContain('User "jane" cannot create');
    expect(world.request("GET", "/api/v1/namespaces/default/configmaps/x").status).toBe(404);
  });

  it("is shown by curl as well", () => {
    const url = "https://kubernetes:6443/api/v1/namespaces/default/pods";
    const ask = `curl -s -k --cert jane.crt --key jane.key ${url}`;
    expect(sh(`kubectl config view --raw -o jsonpath='{.clusters[0].cluster.server}'`).code).toBe(
      0,
    );
    const server = sh(`kubectl config view -o jsonpath='{.clusters[0].cluster.server}'`).out;
    const said = sh(ask.replace("https://kubernetes:6443", server)).out;
    expect(said).toContain('User \\"jane\\" cannot list resource');
    sh("openssl genrsa -out other.key 2048");
    expect(sh(ask.replace("jane.key", "other.key").replace("-s ", "-sS "))).toEqual({
      out: "",
      err: "curl: (58) unable to set private key file: 'other.key' type PEM\n",
      code: 58,
    });
  });

  it("is nobody's without its key, when it is out of date, and when another authority signed it", () => {
    sh(
      "openssl genrsa -out other.key 2048; kubectl config set-credentials thief --client-certificate=jane.crt --client-key=other.key; kubectl config set-context thief --cluster=kubernetes --user=thief",
    );
    expect(sh("kubectl --context thief get pods").err).toContain(
      "tls: private key does not match public key",
    );
    sh(`openssl req -x509 -nodes -newkey rsa:2048 -keyout ca.key -out ca.crt -subj /CN=kubernetes -days 10
openssl req -new -key other.key -subj /CN=kubernetes-admin/O=system:masters -out root.csr
openssl x509 -req -in root.csr -CA ca.crt -CAkey ca.key -out root.crt -days 10
kubectl config set-credentials root --client-certificate=root.crt --client-key=other.key; kubectl config set-context root --cluster=kubernetes --user=root`);
    const refused = "error: You must be logged in to the server (Unauthorized)\n";
    expect(sh("kubectl --context root get pods").err).toContain(refused);
    expect(sh("kubectl --context jane get pods").err).toContain("Forbidden");
    // Somebody looks from time to time: a cluster that nobody sees stands still.
    for (let minute = 0; minute < 21; minute++) {
      world.advance(60_000);
      sh("true");
    }
    expect(sh("kubectl --context jane get pods").err).toContain(refused);
  });
});
