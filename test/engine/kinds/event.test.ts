/** What Events must be, by the group in which they are written. */
import { describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const core = "/api/v1/namespaces/default/events";
const newer = "/apis/events.k8s.io/v1/namespaces/default/events";
const merge = { type: "application/merge-patch+json" };
const regarding = { kind: "Pod", namespace: "default", name: "p", apiVersion: "v1" };
const complete = {
  apiVersion: "events.k8s.io/v1",
  kind: "Event",
  metadata: { name: "e" },
  eventTime: "2026-01-01T00:00:00.000000Z",
  reportingController: "example.com/c",
  reportingInstance: "c-1",
  action: "Doing",
  reason: "Done",
  type: "Normal",
  note: "it is done",
  regarding,
};

describe("events.k8s.io/v1", () => {
  const world = new World();
  const refused = (method: string, path: string, event: object): [number, string] => {
    const { status, body } = world.request(method, path, event, method === "PATCH" ? merge : {});
    return [status, body.message];
  };

  test("asks of a new Event what core/v1 does not", () => {
    const { eventTime, ...timeless } = complete;
    expect(refused("POST", newer, { ...timeless, metadata: { name: "old" } })).toEqual([
      422,
      'Event.events.k8s.io "old" is invalid: eventTime: Required value',
    ]);
    const old = {
      deprecatedCount: 1,
      deprecatedSource: { component: "c" },
      deprecatedFirstTimestamp: "2026-01-01T00:00:00Z",
      deprecatedLastTimestamp: "2026-01-01T00:00:00Z",
      series: { count: 1, lastObservedTime: null },
      type: "Strange",
    };
    expect(refused("POST", newer, { ...complete, ...old })).toEqual([
      422,
      'Event.events.k8s.io "e" is invalid: [series.count: Invalid value: "": should be at least 2, ' +
        'series.lastObservedTime: Required value, type: Invalid value: "": has invalid value: Strange, ' +
        'firstTimestamp: Invalid value: "": needs to be unset, lastTimestamp: Invalid value: "": needs to be unset, ' +
        'count: Invalid value: "": needs to be unset, source: Invalid value: "": needs to be unset]',
    ]);
    const bare = { apiVersion: "v1", kind: "Event", involvedObject: regarding, type: "Strange" };
    const { status } = world.request("POST", core, { ...bare, metadata: { name: "bare" } });
    expect(status).toBe(201);
  });

  test("names the reporter as it is called there, in both groups", () => {
    const anonymous = { metadata: { name: "e" }, eventTime: complete.eventTime };
    const said = "[reportingController: Required value, reportingController: Invalid value";
    for (const [path, apiVersion, about] of [
      [newer, "events.k8s.io/v1", "regarding"],
      [core, "v1", "involvedObject"],
    ] as const) {
      const event = { ...anonymous, apiVersion, kind: "Event", [about]: regarding };
      expect(refused("POST", path, event)).toEqual([422, expect.stringContaining(said)]);
    }
  });

  test("lets nothing but the series change, where core/v1 does", () => {
    expect(world.request("POST", newer, complete).status).toBe(201);
    const series = { count: 2, lastObservedTime: "2026-01-01T00:01:00.000000Z" };
    const again = world.request("PATCH", `${newer}/e`, { series }, merge);
    expect([again.status, again.body.series]).toEqual([200, series]);
    const changes = { series: { count: 1 }, note: "else", regarding: { name: "q" } };
    expect(refused("PATCH", `${newer}/e`, changes)).toEqual([
      422,
      'Event.events.k8s.io "e" is invalid: [series.count: Invalid value: "": should be at least 2, involvedObject: ' +
        'Invalid value: {"Kind":"Pod","Namespace":"default","Name":"q","UID":"","APIVersion":"v1","ResourceVersion":"",' +
        '"FieldPath":""}: field is immutable, message: Invalid value: "else": field is immutable]',
    ]);
    expect(world.request("PATCH", `${core}/e`, { message: "else" }, merge).status).toBe(200);
  });
});
