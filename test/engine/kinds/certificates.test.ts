/** CertificateSigningRequests: approval, the cluster's signers, and what is refused. */
import { createPublicKey, X509Certificate } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { publicKeyOf } from "../../../durable-objects/engine/machinery/x509/issue.ts";
import { signingKey } from "../../../durable-objects/engine/api/auth/tokens.ts";
import { signingAuthority } from "../../../durable-objects/engine/api/auth/client-certificates.ts";
import { World, type Answer } from "../../helpers/world.ts";

/** Made by OpenSSL: P-256, with alternative names, and RSA of 2048 bits, of a node. Their keys are gone. */
const ofJane = `-----BEGIN CERTIFICATE REQUEST-----
MIIBLTCB0wIBADArMQ0wCwYDVQQDDARqYW5lMQwwCgYDVQQKDANkZXYxDDAKBgNV
BAoMA29wczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPFvext5odbwDyRxYNVR
IYVMWSADzaN9QNFT41zKDY/ul6OtPChHX7SOTz0Gy9TctNghiNVQ+Bnz5uvHW9Yi
5pygRjBEBgkqhkiG9w0BCQ4xNzA1MDMGA1UdEQQsMCqCEGphbmUuZXhhbXBsZS5j
b22HBAoAAAeBEGphbmVAZXhhbXBsZS5jb20wCgYIKoZIzj0EAwIDSQAwRgIhAI96
qfi1YtOn4aHbwDXriuDOoSUalL+Z49tseQM7HnCwAiEA/Y/yhxODQa+CQ20SpHaW
8oYPQBNINEewMaVDqCj6hQs=
-----END CERTIFICATE REQUEST-----
`;
const ofNode = `-----BEGIN CERTIFICATE REQUEST-----
MIICeTCCAWECAQAwNDEbMBkGA1UEAwwSc3lzdGVtOm5vZGU6bm9kZS0xMRUwEwYD
VQQKDAxzeXN0ZW06bm9kZXMwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIB
AQCdbsGxNghuzVmVoephs6V7tr7+07PGF4nld4h3A/vJWPmPwk3Ky89R9HNnMQ91
aahWpPPjTFzheNOQ5QUq4HsCPPNhWzp1DmjI9TOGgTv72MDVipTjK401L38QdFrr
MCyDSTGKrtNOBnsO8rmFSaivl/R7SwGHxRcJoSbNwD1Fodab7gDJ8mIFsohw/bju
82vx5YhlRzT0LM4ekJ94f1yVVa16U/pgYvQnja5OAvob74Lb426+Zc16T2mqEM4O
T1otQaugFRe6F5UwRNNK1Fl6+vu5PC02py51HQ6zEfmt8TYIMAVPjTCjC2/lyuPV
ZNgIwngIvnwNKaWdninvBWiVAgMBAAGgADANBgkqhkiG9w0BAQsFAAOCAQEAWbd6
NqfJ5QUijQF71YAl/XVanWPxEGDmv0F1BJv1yF1kI4twN4Qy/oIrAnuSIryW+Krw
C3+aGb6+wqk7pBvEUPFI2E/AlZyA1nWn6FhsbgcmIA7Ci4aBuMjXG/kqIYaQ8bna
RnYfQpfbRmJLdol00cYUzyM7qa3BO2AN3t5T7gcAxVKtKf8VBbUWidqA1jZ4q6dN
up87Ykz6QMTzal0CdPptbWqjXgzGCVpdXVUxd/1qNVsaCQNXvBm9FyEjdTNPaaW8
C9ShT7SjU6UgchJhkcktNcJP2Bax16UlSzPgW2d2bJ6ViutjvnCSo8zwu2p78P89
bxg8vuyY3NG8TILgDQ==
-----END CERTIFICATE REQUEST-----
`;

const url = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const clientSigner = "kubernetes.io/kube-apiserver-client";

let world: World;
beforeAll(() => {
  world = new World({ nodes: 1 });
});

const csr = (name: string, spec: object): object => ({
  apiVersion: "certificates.k8s.io/v1",
  kind: "CertificateSigningRequest",
  metadata: { name },
  spec: {
    request: base64(ofJane),
    signerName: clientSigner,
    usages: ["client auth"],
    username: "somebody else",
    ...spec,
  },
});
const ask = (name: string, spec: object = {}): Answer =>
  world.request("POST", url, csr(name, spec));
const decide = (name: string, type: string): Answer => {
  const object = world.get(`${url}/${name}`);
  const condition = { type, status: "True", reason: "Test", message: "as asked" };
  return world.request("PUT", `${url}/${name}/approval`, {
    ...object,
    status: { conditions: [...(object.status.conditions ?? []), condition] },
  });
};

test("an approved request gets a certificate that the cluster's authority signed", () => {
  const made = ask("jane", { expirationSeconds: 86_400 });
  expect([made.status, made.body.spec.username]).toEqual([201, "kubernetes-admin"]);
  expect(world.rows(url)[0]).toMatchObject({
    Name: "jane",
    SignerName: clientSigner,
    Requestor: "kubernetes-admin",
    RequestedDuration: "24h",
    Condition: "Pending",
  });
  expect(decide("jane", "Approved").status).toBe(200);
  world.settle();
  expect(world.rows(url)[0]).toMatchObject({ Condition: "Approved,Issued" });
  const { status } = world.get(`${url}/jane`);
  expect(status.conditions).toMatchObject([
    {
      type: "Approved",
      lastUpdateTime: expect.any(String),
      lastTransitionTime: expect.any(String),
    },
  ]);
  const certificate = new X509Certificate(Buffer.from(status.certificate, "base64"));
  expect(certificate.issuer).toBe("CN=kubernetes");
  const keyOf = (secret: string) => {
    const authority = signingAuthority(signingKey({ id: "test", secret }));
    const key = Buffer.from(publicKeyOf(authority.secret));
    return createPublicKey({ key, format: "der", type: "spki" });
  };
  expect(certificate.verify(keyOf("of this world's tokens"))).toBe(true);
  expect(certificate.verify(keyOf("of another's"))).toBe(false);
  expect(certificate.subject).toBe("CN=jane\nO=dev\nO=ops");
  expect(certificate.subjectAltName).toBe(
    "DNS:jane.example.com, IP Address:10.0.0.7, email:jane@example.com",
  );
  expect(certificate.ca).toBe(false);
  const days = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 86_400_000;
  expect(days).toBe(1);
});

test("a kubelet's request: RSA, approved by hand, its usages checked by the signer", () => {
  const spec = {
    request: base64(ofNode),
    signerName: "kubernetes.io/kube-apiserver-client-kubelet",
    usages: ["digital signature", "key encipherment", "client auth"],
  };
  ask("node", spec);
  world.settle();
  // The cluster's owner may ask for any node: RBAC says so of masters.
  expect(world.get(`${url}/node`).status.conditions[0]).toMatchObject({
    type: "Approved",
    reason: "AutoApproved",
    message: "Auto approving kubelet client certificate after SubjectAccessReview.",
  });
  expect(world.get(`${url}/node`).status.certificate).toBeDefined();
  ask("wrong", { ...spec, usages: ["client auth"] });
  decide("wrong", "Approved");
  world.settle();
  expect(world.get(`${url}/wrong`).status.conditions[1]).toMatchObject({
    type: "Failed",
    reason: "SignerValidationFailure",
    message: "usages did not match [client auth digital signature key encipherment]",
  });
});

test("what is refused, in upstream's words", () => {
  const tampered = ofJane.replace("MII", "MIJ");
  const causes = (spec: object): string[] =>
    (ask("bad", spec).body.details.causes ?? []).map(
      (cause: { field: string; message: string }) =>
        `${cause.field}: ${cause.message.replace(/"LS0[^"]*"/, "...")}`,
    );
  expect(causes({ request: base64("nothing") })[0]).toMatch(
    "PEM block type must be CERTIFICATE REQUEST",
  );
  expect(causes({ request: base64(tampered) })[0]).toMatch("spec.request: Invalid value: ...: ");
  expect(causes({ usages: [] })).toEqual(["spec.usages: Required value"]);
  expect(causes({ usages: ["client auth", "client auth"] })).toEqual([
    'spec.usages[1]: Duplicate value: "client auth"',
  ]);
  expect(causes({ signerName: "none" })).toEqual([
    `spec.signerName: Invalid value: "none": must be a fully qualified domain and path of the form 'example.com/signer-name'`,
  ]);
  expect(causes({ expirationSeconds: 60 })).toEqual([
    "spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 600 seconds (10 minutes)",
  ]);
  expect(ask("other", { signerName: "example.com/serving" }).status).toBe(201);
  expect(decide("other", "Denied").status).toBe(200);
  expect(decide("other", "Approved").body.message).toBe(
    'CertificateSigningRequest.certificates.k8s.io "other" is invalid: status.conditions: Invalid value: "Approved": Approved and Denied conditions are mutually exclusive',
  );
  // Decisions are made through their own subresource alone.
  const plain = world.get(`${url}/other`);
  const sent = { ...plain, status: { conditions: [] } };
  expect(world.request("PUT", `${url}/other`, sent).body.status.conditions).toHaveLength(1);
  expect(world.request("PUT", `${url}/other/status`, sent).body.message).toBe(
    'CertificateSigningRequest.certificates.k8s.io "other" is invalid: [status.conditions: Forbidden: updates may not remove a condition of type "Denied"]'.replace(
      /\[|\]/g,
      "",
    ),
  );
});

test("who approves needs the signer's permission", () => {
  ask("theirs");
  const object = world.get(`${url}/theirs`);
  const user = { name: "eve", groups: ["system:authenticated", "approvers"] };
  world.create(
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "approver" },
      rules: [
        {
          apiGroups: ["certificates.k8s.io"],
          resources: ["certificatesigningrequests/approval"],
          verbs: ["update"],
        },
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "approver" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "approver" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "approvers" }],
    },
  );
  const answer = world.request("PUT", `${url}/theirs/approval`, object, { edge: { user } });
  expect([answer.status, answer.body.message]).toEqual([
    403,
    `certificatesigningrequests.certificates.k8s.io "theirs" is forbidden: user not permitted to approve requests with signerName "${clientSigner}"`,
  ]);
});

test("requests are forgotten: decided ones after an hour, others after a day", () => {
  const fresh = new World({ nodes: 1 });
  const post = (name: string) => fresh.request("POST", url, csr(name, {}));
  post("open");
  post("decided");
  const object = fresh.get(`${url}/decided`);
  const conditions = [{ type: "Denied", status: "True", reason: "No", message: "" }];
  fresh.request("PUT", `${url}/decided/approval`, { ...object, status: { conditions } });
  const names = (): string[] =>
    fresh.get(url).items.map((one: { metadata: { name: string } }) => one.metadata.name);
  const hours = (count: number): void => {
    // Time stands still for who does not look.
    for (let ten = 0; ten < count * 7; ten++) {
      names();
      fresh.advance(540_000);
    }
  };
  hours(1);
  expect(names()).toEqual(["open"]);
  hours(24);
  expect(names()).toEqual([]);
});

test("one that was approved by a clock behind the cluster's is kept for an hour all the same", () => {
  const ahead = new World({ nodes: 1 });
  ahead.request("POST", url, csr("jane", {}));
  const object = ahead.get(`${url}/jane`);
  const lastUpdateTime = new Date(ahead.now - 3 * 3_600_000).toISOString().replace(/\.\d+/, "");
  const approved = { type: "Approved", status: "True", reason: "KubectlApprove", lastUpdateTime };
  const conditions = [approved];
  ahead.request("PUT", `${url}/jane/approval`, { ...object, status: { conditions } });
  ahead.advance(60_000);
  expect(ahead.get(url).items).toHaveLength(1);
});

test("a status write takes metadata along, and does not own its conditions", () => {
  const w = new World({ nodes: 1 });
  const path = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
  const made = w.request("POST", path, {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name: "one" },
    spec: { request: base64(ofJane), signerName: "example.com/mine", usages: ["client auth"] },
  });
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  const patch = (sub: string, body: object) =>
    w.request("PATCH", `${path}/one/${sub}?fieldManager=tests`, body, {
      type: "application/merge-patch+json",
    });
  const conditions = [{ type: "Seen", status: "True", reason: "tests" }];
  const answer = patch("status", { metadata: { annotations: { n: "x" } }, status: { conditions } });
  expect([answer.status, answer.body.metadata.annotations]).toEqual([200, { n: "x" }]);
  expect(answer.body.status.conditions).toMatchObject(conditions);
  const { fieldsV1 } = answer.body.metadata.managedFields.find(
    ({ subresource }: { subresource?: string }) => subresource === "status",
  );
  expect(fieldsV1).toEqual({ "f:metadata": { "f:annotations": { ".": {}, "f:n": {} } } });
});
