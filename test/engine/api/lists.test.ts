import { beforeEach, describe, expect, test } from "vitest";
import { World, type Answer } from "../../helpers/world.ts";

/** LIST: paging, revisions, selectors. */

const maps = "/api/v1/namespaces/paged/configmaps";
const map = (name: string, value = ""): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "paged", labels: { parity: String(Number(name.slice(1)) % 2) } },
  data: { value },
});

let world: World;
beforeEach(() => {
  world = new World();
  world.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "paged" } });
  for (const n of [3, 1, 2, 6, 4, 5]) world.create(map(`a${n}`, "first"));
});

const list = (query: string): Answer => world.request("GET", `${maps}?${query}`);
const told = ({ body }: Answer): string[] =>
  body.items
    .filter((o: { metadata: { name: string } }) => o.metadata.name !== "kube-root-ca.crt")
    .map(
      (o: { metadata: { name: string }; data?: { value?: string } }) =>
        `${o.metadata.name} ${o.data?.value}`,
    );

function disturb(): void {
  world.delete(`${maps}/a4`);
  world.patch(`${maps}/a5`, { data: { value: "second" } });
  world.create(map("a35", "late"));
}

describe("pages", () => {
  test("come in key order, count what is left and end without a token", () => {
    const first = list("limit=4");
    expect(told(first)).toEqual(["a1 first", "a2 first", "a3 first", "a4 first"]);
    const rest = list(`limit=4&continue=${first.body.metadata.continue}`);
    expect(told(rest)).toEqual(["a5 first", "a6 first"]);
    expect(rest.body.metadata).toEqual({ resourceVersion: first.body.metadata.resourceVersion });
    const left = list("").body.items.length - 4;
    expect(first.body.metadata.remainingItemCount).toBe(left);
  });

  test("all show the state of the first", () => {
    const first = list("limit=2");
    disturb();
    const second = list(`limit=3&continue=${first.body.metadata.continue}`);
    expect(told(second)).toEqual(["a3 first", "a4 first", "a5 first"]);
    expect(second.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
    world.evict();
    const third = list(`limit=9&continue=${second.body.metadata.continue}`);
    expect(told(third)).toEqual(["a6 first"]);
    expect(third.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
  });

  test("with a selector tell no count", () => {
    const first = list("limit=2&labelSelector=parity%3D1");
    expect(told(first)).toEqual(["a1 first", "a3 first"]);
    expect(first.body.metadata.remainingItemCount).toBeUndefined();
    const next = list(`limit=2&labelSelector=parity%3D1&continue=${first.body.metadata.continue}`);
    expect(told(next)).toEqual(["a5 first"]);
  });

  test("of a forgotten revision are refused with a token to go on inconsistently", () => {
    const start = "paged/a3\u0000";
    const token = (rv: number): string =>
      Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv, start })).toString("base64url");
    const { status, body } = list(`limit=2&continue=${token(1)}`);
    expect([status, body.reason]).toEqual([410, "Expired"]);
    expect(body.message).toBe(
      "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
    );
    disturb();
    expect(told(list(`limit=9&continue=${body.metadata.continue}`))).toEqual([
      "a35 late",
      "a5 second",
      "a6 first",
    ]);
  });
});

describe("what was over five minutes ago", () => {
  test("has no next page, but an inconsistent one of a later revision", () => {
    const first = list("limit=2");
    const next = `limit=2&continue=${first.body.metadata.continue}`;
    world.advance(299_000);
    expect(list(next).status).toBe(200);
    world.advance(1_000);
    const refused = list(next);
    expect([refused.status, refused.body.reason]).toEqual([410, "Expired"]);
    const rest = list(`limit=2&continue=${refused.body.metadata.continue}`);
    expect(told(rest)).toEqual(["a3 first", "a4 first"]);
    const { resourceVersion: rv, continue: token } = rest.body.metadata;
    expect(Number(rv)).toBeGreaterThan(Number(first.body.metadata.resourceVersion));
    const last = list(`limit=9&continue=${token}`);
    expect(told(last)).toEqual(["a5 first", "a6 first"]);
    expect(last.body.metadata.resourceVersion).toBe(rv);
  });

  test("can not be listed, unless nothing has changed since", () => {
    const { resourceVersion: rv } = list("").body.metadata;
    const exact = `resourceVersion=${rv}&resourceVersionMatch=Exact`;
    world.advance(600_000);
    expect(list(exact).status).toBe(200);
    disturb();
    expect(list(exact).status).toBe(200);
    world.advance(300_000);
    const { status, body } = list(exact);
    expect([status, body.message]).toEqual([
      410,
      "The resourceVersion for the provided list is too old.",
    ]);
  });
});

describe("revisions", () => {
  test("an exact one is shown as it was, a lower bound as it is", () => {
    const { resourceVersion: rv } = list("").body.metadata;
    disturb();
    const old = ["a1 first", "a2 first", "a3 first", "a4 first", "a5 first", "a6 first"];
    const now = ["a1 first", "a2 first", "a3 first", "a35 late", "a5 second", "a6 first"];
    const exact = list(`resourceVersion=${rv}&resourceVersionMatch=Exact`);
    expect(told(exact)).toEqual(old);
    expect(exact.body.metadata.resourceVersion).toBe(rv);
    expect(told(list(`resourceVersion=${rv}&limit=100`))).toEqual(old);
    expect(told(list(`resourceVersion=${rv}&resourceVersionMatch=NotOlderThan&limit=100`))).toEqual(
      now,
    );
    expect(told(list(`resourceVersion=${rv}`))).toEqual(now);
    expect(told(list("resourceVersion=0&limit=2"))).toEqual(now);
  });

  test("across namespaces", () => {
    const { resourceVersion: rv } = list("").body.metadata;
    disturb();
    const all = world.get(`/api/v1/configmaps?resourceVersion=${rv}&resourceVersionMatch=Exact`);
    const keys = all.items.map(
      (o: { metadata: { namespace: string; name: string } }) =>
        `${o.metadata.namespace}/${o.metadata.name}`,
    );
    expect(keys).toEqual([...keys].sort());
    expect(keys).toContain("paged/a4");
    expect(keys).not.toContain("paged/a35");
  });

  test("of the future: 504", () => {
    const { status, body } = list("resourceVersion=99999");
    expect(status).toBe(504);
    expect(body).toMatchObject({
      reason: "Timeout",
      message: `Timeout: Too large resource version: 99999, current: ${world.engine.store.rv}`,
      details: {
        causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
        retryAfterSeconds: 1,
      },
    });
    expect(world.request("GET", `${maps}/a1?resourceVersion=99999`).status).toBe(504);
  });
});

describe("bad options", () => {
  const token = (value: unknown): string =>
    Buffer.from(JSON.stringify(value)).toString("base64url");
  const invalid = (text: string): string => `ListOptions.meta.k8s.io "" is invalid: ${text}`;
  const key = "invalid continue token: continue key is not valid: ";

  test.each([
    ["limit=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    [
      "resourceVersion=x",
      500,
      'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
    ],
    [
      "resourceVersion=3&resourceVersionMatch=Exact",
      410,
      "The resourceVersion for the provided list is too old.",
    ],
    [
      "resourceVersionMatch=Exact",
      422,
      invalid(
        "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
      ),
    ],
    [
      "resourceVersion=0&resourceVersionMatch=Exact",
      422,
      invalid(
        'resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
      ),
    ],
    [
      "resourceVersion=1&resourceVersionMatch=Foo",
      422,
      invalid(
        'resourceVersionMatch: Unsupported value: "Foo": supported values: "", "Exact", "NotOlderThan"',
      ),
    ],
    [
      "sendInitialEvents=true",
      422,
      invalid("sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list"),
    ],
    [
      `continue=${token({ v: "meta.k8s.io/v1", rv: 1, start: "a/b" })}&resourceVersion=1`,
      400,
      "specifying resource version is not allowed when using continue",
    ],
    ["continue=!!", 400, `${key}illegal base64 data at input byte 0`],
    [
      `continue=${token({ v: "v2", rv: 1, start: "a" })}`,
      400,
      `${key}server does not recognize this encoded version v2`,
    ],
    [
      `continue=${token({ v: "meta.k8s.io/v1", rv: 0, start: "a" })}`,
      400,
      `${key}incorrect encoded start resourceVersion (version meta.k8s.io/v1)`,
    ],
    [
      `continue=${token({ v: "meta.k8s.io/v1", rv: 1, start: "" })}`,
      400,
      `${key}encoded start key empty (version meta.k8s.io/v1)`,
    ],
    [`continue=${token({ v: "meta.k8s.io/v1", rv: 1, start: "../x" })}`, 400, `${key}../x`],
    [
      "labelSelector=a+b",
      400,
      "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
    ],
    ["fieldSelector=x", 400, "invalid selector: 'x'; can't understand 'x'"],
    [
      "fieldSelector=data.x%3D1",
      400,
      '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
    ],
  ])("%s: %i", (query, code, message) => {
    const { status, body } = list(query);
    expect([status, body.message]).toEqual([code, message]);
  });

  test.each([
    [
      "/api/v1/pods",
      [
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.podIPs",
        "status.nominatedNodeName",
      ],
    ],
    ["/api/v1/nodes", ["spec.unschedulable"]],
    ["/api/v1/replicationcontrollers", ["status.replicas"]],
    ["/api/v1/namespaces", ["status.phase"]],
    ["/api/v1/secrets", ["type"]],
    ["/api/v1/services", ["spec.clusterIP", "spec.type"]],
    [
      "/api/v1/events",
      [
        "involvedObject.kind",
        "involvedObject.uid",
        "reason",
        "reportingComponent",
        "source",
        "type",
      ],
    ],
    [
      "/apis/events.k8s.io/v1/events",
      ["regarding.kind", "regarding.uid", "reason", "reportingController", "type"],
    ],
  ])("%s is selected by its own fields only", (url, fields) => {
    for (const field of fields) {
      expect([field, world.request("GET", `${url}?fieldSelector=${field}%3Dx`).status]).toEqual([
        field,
        200,
      ]);
    }
    expect(world.request("GET", `${url}?fieldSelector=spec.nope%3Dx`).body.message).toBe(
      "field label not supported: spec.nope",
    );
  });
});

describe("deletecollection", () => {
  test("takes what is selected and answers with what it found", () => {
    const { status, body } = world.request("DELETE", `${maps}?labelSelector=parity%3D0`);
    expect([status, body.kind]).toEqual([200, "ConfigMapList"]);
    expect(body.items.map((o: { metadata: { name: string } }) => o.metadata.name)).toEqual([
      "a2",
      "a4",
      "a6",
    ]);
    expect(told(list(""))).toEqual(["a1 first", "a3 first", "a5 first"]);
  });

  test("as a dry run takes nothing", () => {
    world.request("DELETE", `${maps}?dryRun=All`);
    expect(told(list(""))).toHaveLength(6);
  });
});
