/** agnhost's netexec beyond what other tests use of it. */
import { expect, test } from "vitest";
import { NetworkWorld, podOf, sleeper } from "../network/network-world.ts";

const agnhost = "registry.k8s.io/e2e-test-images/agnhost:2.63.0";

test.each([
  ["from another Pod", "client"],
  ["from its own container", "server"],
])("told to end, %s, it ends once", (_, from) => {
  const world = new NetworkWorld();
  world.create(podOf("server", agnhost, { container: { args: ["netexec"] } }), sleeper("client"));
  world.advance(20_000);
  const url = `http://${world.ip("server")}:8080/exit?code=3&timeout=1s`;
  const get = from === "client" ? `wget -qO- '${url}'` : `curl -s '${url}'`;
  world.exec(from, get);
  world.advance(120_000);
  const [status] = world.pod("server").status.containerStatuses;
  expect(status).toMatchObject({ restartCount: 1, ready: true });
  expect(status.lastState.terminated).toMatchObject({ exitCode: 3 });
});
