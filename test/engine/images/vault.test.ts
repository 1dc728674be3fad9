/** Vault: the development server, the one of its chart (sealed until it is unsealed), and its command. */
import { beforeAll, describe, expect, test } from "vitest";
import { NetworkWorld, podOf, serviceOf } from "../network/network-world.ts";

let world: NetworkWorld;
const sh = (pod: string, line: string) => {
  const { exitCode: code, stdout: out, stderr: err } = world.exec(pod, line);
  return { code, out, err };
};
const address = [{ name: "VAULT_ADDR", value: "http://127.0.0.1:8200" }];
/** As the chart's template has it. */
const chartTest = `
echo "Checking for sealed info in 'vault status' output"
ATTEMPTS=10
n=0
until [ "$n" -ge $ATTEMPTS ]
do
  echo "Attempt" $n...
  vault status -format yaml | grep -E '^sealed: (true|false)' && break
  n=$((n+1))
  sleep 5
done
if [ $n -ge $ATTEMPTS ]; then exit 1; fi
exit 0`;

beforeAll(() => {
  world = new NetworkWorld();
  const dev = [...address, { name: "VAULT_DEV_ROOT_TOKEN_ID", value: "root" }];
  world.create(podOf("dev", "hashicorp/vault:1.20.4", { container: { env: dev } }));
  const config = 'storage "file" { path = "/vault/data" }';
  const command = ["/bin/sh", "-ec", `echo '${config}' > /tmp/s.hcl; /usr/local/bin/docker-entrypoint.sh vault server -config=/tmp/s.hcl`]; // prettier-ignore
  const readinessProbe = { exec: { command: ["/bin/sh", "-ec", "vault status -tls-skip-verify"] }, periodSeconds: 5 }; // prettier-ignore
  world.create(podOf("vault", "hashicorp/vault:1.20.4", { container: { env: address, command, readinessProbe } })); // prettier-ignore
  world.create(serviceOf("vault", { publishNotReadyAddresses: true, selector: { app: "vault" }, ports: [{ port: 8200 }] })); // prettier-ignore
  world.advance(10_000);
  const env = [{ name: "VAULT_ADDR", value: "http://vault.default.svc:8200" }];
  world.create(podOf("vault-server-test", "hashicorp/vault:1.20.4", { container: { env, command: ["/bin/sh", "-c", chartTest] }, spec: { restartPolicy: "Never" } })); // prettier-ignore
  world.advance(10_000);
});

describe("the chart", () => {
  test("its test finds the seal, and the server is not ready before it is unsealed", () => {
    expect(world.pod("vault-server-test").status.phase).toBe("Succeeded");
    expect(world.request("GET", "/api/v1/namespaces/default/pods/vault-server-test/log").text).toBe("Checking for sealed info in 'vault status' output\nAttempt 0...\nsealed: true\n"); // prettier-ignore
    expect(world.pod("vault").status.containerStatuses[0].ready).toBe(false);
    expect(sh("vault", "vault status")).toMatchObject({ code: 2 });
    expect(sh("vault", "vault status").out).toContain("Initialized        false\nSealed             true\nTotal Shares       0\nThreshold          0\nUnseal Progress    0/0\n"); // prettier-ignore
    const keys = JSON.parse(sh("vault", "vault operator init -key-shares=1 -key-threshold=1 -format=json").out); // prettier-ignore
    expect(sh("vault", `vault operator unseal ${keys.unseal_keys_b64[0]}`).out).toMatch(/^Key +Value\n--- +-----\nSeal Type +shamir\nInitialized +true\nSealed +false\n/); // prettier-ignore
    world.advance(10_000);
    expect(world.pod("vault").status.containerStatuses[0].ready).toBe(true);
    expect(sh("vault", `vault login ${keys.root_token}`).out).toContain("Success! You are now authenticated."); // prettier-ignore
    expect(sh("vault", "vault secrets enable -path=secret kv-v2").out).toBe("Success! Enabled the kv-v2 secrets engine at: secret/\n"); // prettier-ignore
    expect(sh("vault", "vault kv put secret/a b=c").code).toBe(0);
    expect(sh("vault", "vault kv get -field=b secret/a").out).toBe("c\n");
  });
});

describe("the development server", () => {
  test("keeps secrets in versions", () => {
    expect(sh("dev", "vault status").out).toMatch(/Initialized {5}true\nSealed {10}false\nTotal Shares {4}1\n/); // prettier-ignore
    const put = sh("dev", "vault kv put secret/myapp username=web password=x");
    expect(put.out).toMatch(/^== Secret Path ==\nsecret\/data\/myapp\n\n======= Metadata =======\nKey {16}Value\n--- {16}-----\ncreated_time {7}\d{4}-.*Z\ncustom_metadata {4}<nil>\ndeletion_time {6}n\/a\ndestroyed {10}false\nversion {12}1\n$/); // prettier-ignore
    sh("dev", "vault kv put secret/myapp username=web password=y");
    expect(sh("dev", "vault kv get secret/myapp").out).toMatch(/version {12}2\n\n====== Data ======\nKey {9}Value\n--- {9}-----\npassword {4}y\nusername {4}web\n$/); // prettier-ignore
    expect(sh("dev", "vault kv get secret/none")).toMatchObject({ code: 2, err: "No value found at secret/data/none\n" }); // prettier-ignore
    expect(sh("dev", "VAULT_TOKEN=bad vault kv get secret/myapp").err).toContain("* permission denied"); // prettier-ignore
    expect(sh("dev", "curl -s -H 'X-Vault-Token: root' http://127.0.0.1:8200/v1/secret/data/myapp | grep -o '\"password\":\"y\"'").out).toBe('"password":"y"\n'); // prettier-ignore
  });
});
