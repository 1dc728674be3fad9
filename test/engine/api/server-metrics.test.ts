/** /metrics of the API server. k8s: apiserver/pkg/endpoints/metrics/metrics.go */
import { expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const pods = "/api/v1/namespaces/default/pods";
const labels = (more: string): string => `{${more.replaceAll("|", ",")}}`;

function value(world: World, sample: string): string | undefined {
  const lines = world.request("GET", "/metrics").text.split("\n");
  return lines.find((line) => line.startsWith(`${sample} `))?.slice(sample.length + 1);
}

test("requests are counted by verb, resource, scope and code", () => {
  const world = new World({ nodes: 1 });
  const total = (code: number, scope: string, verb: string, more = ""): string | undefined =>
    value(
      world,
      `apiserver_request_total${labels(
        `code="${code}",component="apiserver",dry_run="",group="",resource="pods",scope="${scope}",subresource="${more}",verb="${verb}",version="v1"`,
      )}`,
    );
  expect(total(200, "namespace", "LIST")).toBe(undefined);
  world.request("GET", pods);
  world.request("GET", pods);
  world.request("GET", `${pods}/none`);
  world.watch(`${pods}?watch=true`);
  world.request("GET", "/api/v1/pods");
  expect(total(200, "namespace", "LIST")).toBe("2");
  expect(total(404, "resource", "GET")).toBe("1");
  expect(total(200, "namespace", "WATCH")).toBe("1");
  expect(total(200, "cluster", "LIST")).toBe("1");
  world.request("POST", `${pods}?dryRun=All`, { kind: "Pod", apiVersion: "v1", metadata: {} });
  expect(world.request("GET", "/metrics").text).toMatch(
    /\napiserver_request_total\{code="422",component="apiserver",dry_run="All",.*verb="POST",version="v1"\} 1\n/,
  );
});

test("how long they took, by the cluster's clock", () => {
  const world = new World({ nodes: 1 });
  world.request("GET", pods);
  const own = `component="apiserver",dry_run="",group="",resource="pods",scope="namespace",subresource="",verb="LIST",version="v1"`;
  const name = "apiserver_request_duration_seconds";
  expect(value(world, `${name}_count{${own}}`)).toBe("1");
  expect(value(world, `${name}_sum{${own}}`)).toBe("0");
  const le = own.replace('group="",', 'group="",le="0.005",');
  expect(value(world, `${name}_bucket{${le}}`)).toBe("1");
});

test("what is stored, and what it was built from", () => {
  const world = new World({ nodes: 2 });
  expect(value(world, 'apiserver_resource_objects{group="",resource="nodes"}')).toBe("3");
  expect(value(world, 'apiserver_storage_objects{resource="nodes"}')).toBe("3");
  world.request("GET", pods);
  const { headers, text } = world.request("GET", "/metrics");
  expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(text).toContain("\n# TYPE apiserver_request_total counter\n");
  expect(text).toMatch(/\nkubernetes_build_info\{build_date="[^"]+",.*git_version="v1\.36/);
});

// k8s: test/e2e/invariants/metrics.go
test("validation never differs from itself", () => {
  const world = new World({ nodes: 1 });
  const name = "apiserver_validation_declarative_validation";
  for (const what of ["mismatch", "panic"]) expect(value(world, `${name}_${what}_total`)).toBe("0");
});

test("nothing that a client makes up becomes a label", () => {
  const world = new World({ nodes: 1 });
  const told = (): string =>
    world
      .request("GET", "/metrics")
      .text.replace(/^.*apiserver_flowcontrol_dispatched_requests_total.*\n/gm, "");
  const before = told();
  for (const asked of [`${pods}/a/made-up`, `${pods}/a/eviction/made-up`, "/apis/made-up/v1/pods"])
    expect(world.request("GET", asked).status).toBe(404);
  expect(world.request("MADEUP", pods).status).toBe(405);
  expect(told()).toBe(before);
  world.request("POST", `${pods}?dryRun=made-up`, {
    kind: "Pod",
    apiVersion: "v1",
    metadata: {},
  });
  const { text } = world.request("GET", "/metrics");
  expect(text).toContain('dry_run="invalid"');
  expect(text).not.toContain("made-up");
});
