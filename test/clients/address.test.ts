import { spawn, type ChildProcess } from "node:child_process";
import { get } from "node:http";
import { request } from "node:https";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { parse } from "yaml";
import { findKubectls, Kubectl, skipNote } from "../helpers/kubectl.ts";
import { eventually, makeSandbox, type Sandbox } from "../helpers/sandbox.ts";

/** The API at the root, over TLS, as `npm start` hands it out. */

const binaries = findKubectls();
if (binaries.length === 0) {
  skipNote("no kubectl >= 1.30 was found (set KUBECTL to name one); kubectl over TLS did not run");
}

let sandbox: Sandbox;
let server: URL;
let token: string;
let ca: Buffer;

beforeAll(async () => {
  sandbox = await makeSandbox(inject("url"), { seed: 9, nodes: 1 });
  const config = parse(sandbox.kubeconfig);
  const { cluster } = config.clusters[0];
  server = new URL(cluster.server);
  ca = Buffer.from(cluster["certificate-authority-data"], "base64");
  token = config.users[0].user.token;
});

const ask = (path: string, headers: Record<string, string> = {}) =>
  new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    request(new URL(path, server), { ca, headers, agent: false }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (text: string) => (body += text));
      answer.on("end", () => resolve({ status: answer.statusCode, body }));
    })
      .on("error", reject)
      .end();
  });

test("the kubeconfig leads to the root, over TLS that its authority vouches for", async () => {
  expect(server.protocol).toBe("https:");
  expect(server.pathname).toBe("/");
  const bearer = { authorization: `Bearer ${token}` };
  const version = await ask("/version", bearer);
  expect([version.status, JSON.parse(version.body)]).toMatchObject([200, { major: "1" }]);
  expect(await ask("/version")).toMatchObject({ status: 401 });
  expect(await ask("/healthz")).toEqual({ status: 200, body: "ok" });
});

test("the certificate is good for every name of this machine, and for no other", async () => {
  const served = (servername: string): Promise<Error | undefined> =>
    new Promise((resolve) => {
      const socket = connect({ host: server.hostname, port: Number(server.port), ca, servername });
      socket.once("secureConnect", () => resolve(socket.destroy() && undefined));
      socket.once("error", resolve);
    });
  expect(await served("localhost")).toBeUndefined();
  expect(await served("podyard.example")).toMatchObject({ code: "ERR_TLS_CERT_ALTNAME_INVALID" });
});

test("without TLS the path form stays, and the token alone will do too", async () => {
  expect(new URL(sandbox.apiServer).pathname).toMatch(/^\/sandboxes\/[a-z2-7]{26}\/k\/podyard_/);
  expect((await fetch(`${sandbox.apiServer}/api/v1/nodes`)).status).toBe(200);
  const headers = { authorization: `Bearer ${token}` };
  expect((await fetch(`${inject("url")}/api/v1/nodes`, { headers })).status).toBe(200);
});

/** What a command prints for an object that is not there to be made. */
const unknown = (kind: string, version: string): string =>
  `error: resource mapping not found for name: "x" namespace: "" from "STDIN": no matches for kind "${kind}" in version "${version}"\nensure CRDs are installed first\n`;

describe.skipIf(binaries.length === 0).each(binaries)("kubectl $version", (binary) => {
  let kubectl: Kubectl;
  let proxy: ChildProcess;
  let proxied = "";

  beforeAll(async () => {
    kubectl = new Kubectl(binary, sandbox.kubeconfig);
    const name = `web-${binary.version.replace(".", "-")}`;
    await kubectl.ok(`run ${name} --image=nginx --port=80 --expose`);
    await kubectl.ok(`wait --for=condition=Ready pod/${name} --timeout=120s`);
    proxy = spawn(binary.file, ["proxy", "--port=0"], {
      env: { ...process.env, KUBECONFIG: kubectl.kubeconfig },
      stdio: ["ignore", "pipe", "inherit"],
    });
    proxy.stdout!.on("data", (chunk: Buffer) => (proxied += chunk.toString()));
    proxied = await eventually(
      async () => /127\.0\.0\.1:\d+/.exec(proxied)?.[0] ?? "",
      (address) => address !== "",
    );
  });
  afterAll(() => void proxy?.kill());

  const through = (path: string) =>
    new Promise<string>((resolve, reject) => {
      get(`http://${proxied}${path}`, { agent: false }, (answer) => {
        let body = "";
        answer.setEncoding("utf8").on("data", (text: string) => (body += text));
        answer.on("end", () => resolve(body));
      }).on("error", reject);
    });

  test("proxy serves version, objects, Pods and Services", async () => {
    const name = `web-${binary.version.replace(".", "-")}`;
    expect(JSON.parse(await through("/version"))).toMatchObject({ major: "1" });
    const pods = JSON.parse(await through("/api/v1/namespaces/default/pods"));
    expect(pods).toMatchObject({ kind: "PodList" });
    expect(await through("/")).toContain('"/api/v1"');
    for (const kind of ["services", "pods"]) {
      const page = await through(`/api/v1/namespaces/default/${kind}/${name}/proxy/`);
      expect(page).toContain("Welcome to nginx!");
    }
  });

  test("get --raw reads any path", async () => {
    expect(await kubectl.ok(["get", "--raw", "/api/v1"])).toContain("APIResourceList");
    expect(await kubectl.ok(["get", "--raw", "/readyz"])).toBe("ok");
    expect(JSON.parse(await kubectl.ok(["get", "--raw", "/openid/v1/jwks"]))).toHaveProperty(
      "keys",
    );
    expect((await kubectl.run(["get", "--raw", "/nope"])).stderr).toBe(
      "Error from server (NotFound): the server could not find the requested resource\n",
    );
  });

  test("a service account's token is enough", async () => {
    const name = `robot-${binary.version.replace(".", "-")}`;
    await kubectl.ok(`create serviceaccount ${name}`);
    const robot = (await kubectl.ok(`create token ${name}`)).trim();
    const refused = await kubectl.run(["--token", robot, "get", "secrets"]);
    expect(refused.stderr).toContain(
      `User "system:serviceaccount:default:${name}" cannot list resource "secrets"`,
    );
  });

  test.each([
    ["batch/v1", "Jobb"],
    ["extensions/v1beta1", "Deployment"],
    ["apps/v1beta1", "Deployment"],
    ["apps/v1", "Deploymnt"],
    ["apps/v1", "Pod"],
    ["example.com/v1", "Widget"],
  ])("apply of %s %s says that there is no such kind", async (version, kind) => {
    const stdin = `apiVersion: ${version}\nkind: ${kind}\nmetadata:\n  name: x\n`;
    for (const command of ["apply -f -", "create -f -"]) {
      const { code, stderr } = await kubectl.run(command, { stdin });
      expect([code, stderr]).toEqual([1, unknown(kind, version)]);
    }
  });

  test("explain reads version 2 of OpenAPI", async () => {
    const text = await kubectl.ok("explain pod.spec.containers --output=plaintext-openapiv2");
    expect(text).toContain("RESOURCE: containers <[]Object>");
  });
});
