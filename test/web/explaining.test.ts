import { expect, test } from "vitest";

/** What the panel of explanations works out without a browser. */

interface Column {
  name: string;
  description: string;
  priority: number;
}
interface Evidence {
  text: string;
  object?: object;
  field?: string;
  event?: string;
  line?: string;
}
interface Modules {
  linesOfField(text: string, field: string): { from: number; to: number } | undefined;
  isAsWished(columns: Column[], cells: string[]): boolean;
  placeOf(evidence: Evidence): object;
  whereText(evidence: Evidence, asked: object): string;
  pluralOf(kind: string): string;
  withoutNumbers(sentence: string): string;
  isTrouble(row: object): boolean;
  subjectOf(row: object): object;
}
// The page's types are another project's.
const load = async (file: string): Promise<Modules> =>
  (await import(new URL(`../../web/${file}`, import.meta.url).href)) as Modules;
const { linesOfField } = await load("objects/field-lines.ts");
const { isAsWished } = await load("objects/as-wished.ts");
const { placeOf, whereText, pluralOf, withoutNumbers } = await load("objects/evidence.ts");
const { isTrouble, subjectOf } = await load("time/trouble.ts");

const yaml = `apiVersion: v1
kind: Pod
metadata:
  annotations:
    example.com/a: "1"
  finalizers:
  - example.com/keep
  name: web
spec:
  containers:
  - args:
    - sh
    image: busybox
    name: a
  - image: nginx:1.92
    name: b
    resources:
      requests:
        cpu: "1"
        ephemeral-storage: 1Mi
  nodeName: node-1
status:
  conditions:
  - status: "False"
    type: Ready
`;

test.each([
  ["spec.containers[1].image", "  - image: nginx:1.92"],
  ["spec.containers[1].resources.requests.ephemeral-storage", "        ephemeral-storage: 1Mi"],
  ["spec.containers[0].args", "  - args:\n    - sh"],
  ["spec.containers[0].args[0]", "    - sh"],
  ["spec.containers[0].name", "    name: a"],
  ["metadata.finalizers[0]", "  - example.com/keep"],
  ["metadata.finalizers", "  finalizers:\n  - example.com/keep"],
  ["spec.nodeName", "  nodeName: node-1"],
  ["status.conditions", '  conditions:\n  - status: "False"\n    type: Ready'],
  // As far as it leads.
  [
    "spec.containers[0].resources.limits.memory",
    "  - args:\n    - sh\n    image: busybox\n    name: a",
  ],
])("%s stands there", (field, lines) => {
  const { from, to } = linesOfField(yaml, field)!;
  expect(yaml.split("\n").slice(from, to).join("\n")).toBe(lines);
});

test("what is not in the text stands nowhere", () => {
  expect(linesOfField(yaml, "data.key")).toBeUndefined();
  expect(linesOfField("", "spec")).toBeUndefined();
});

test.each<[wished: boolean, row: Record<string, string>]>([
  [true, { Name: "web", Ready: "1/1", Status: "Running" }],
  [false, { Name: "web", Ready: "0/1", Status: "Running" }],
  [false, { Name: "web", Ready: "0/1", Status: "ImagePullBackOff" }],
  [false, { Name: "web", Ready: "0/1", Status: "Pending" }],
  [true, { Name: "web", Ready: "0/1", Status: "Completed" }],
  [false, { Name: "web", Ready: "1/3", "Up-to-date": "3", Available: "1" }],
  [true, { Name: "web", Ready: "3/3", "Up-to-date": "3", Available: "3" }],
  [false, { Name: "agent", Desired: "3", Current: "3", Ready: "2", Available: "2" }],
  [true, { Name: "agent", Desired: "3", Current: "3", Ready: "3", Available: "3" }],
  [false, { Name: "node-1", Status: "Ready,SchedulingDisabled" }],
  [false, { Name: "node-1", Status: "NotReady" }],
  [false, { Name: "job", Status: "Failed", Completions: "0/1" }],
  [false, { Name: "hpa", Targets: "cpu: <unknown>/50%" }],
  [false, { Name: "pdb", "Allowed Disruptions": "0" }],
  [false, { Name: "cron", Suspend: "True" }],
  [true, { Name: "settings", Data: "2" }],
  [true, { constructor: "x" }],
])("as wished: %s, %j", (wished, row) => {
  const columns = Object.keys(row).map((name) => ({ name, description: "", priority: 0 }));
  expect(isAsWished(columns, Object.values(row))).toBe(wished);
});

test("evidence is seen in the YAML, the Events or the log of its object", () => {
  const object = { apiVersion: "v1", kind: "Pod", namespace: "default", name: "web" };
  const asked = { kind: "Pod", namespace: "default", name: "web" };
  expect(placeOf({ text: "t", object, field: "spec" })).toEqual({ view: "YAML", field: "spec" });
  expect(placeOf({ text: "t", object, event: "Failed" })).toEqual({ view: "Events" });
  expect(placeOf({ text: "t", object, line: "no" })).toEqual({ view: "Logs" });
  expect(placeOf({ text: "t", object })).toEqual({ view: "Describe" });
  expect(whereText({ text: "t", object, field: "spec" }, asked)).toBe("spec");
  expect(whereText({ text: "t", object, event: "Failed" }, { ...asked, name: "other" })).toBe(
    "Pod default/web, event Failed",
  );
  expect(whereText({ text: "t" }, asked)).toBe("");
  expect(["Pod", "Ingress", "NetworkPolicy"].map(pluralOf)).toEqual([
    "pods",
    "ingresses",
    "networkpolicies",
  ]);
  expect(withoutNumbers("The next try is in 2m10s.")).toBe(
    withoutNumbers("The next try is in 9s."),
  );
});

test("rows of the timeline that tell of trouble, and of whom", () => {
  const row = (text: string, resource = "pods", verb = "update"): object => ({
    resource,
    verb,
    text,
    namespace: "default",
    name: "web-1",
  });
  expect(
    [
      row("Event: BackOff of Pod web-1: Back-off pulling image", "events"),
      row("Event: Pulled of Pod web-1: pulled", "events"),
      row("kubelet: container web of Pod default/web-1 waits (CrashLoopBackOff)"),
      row("kubelet: container web of Pod default/web-1 waits (ContainerCreating)"),
      row("kubelet: container web of Pod default/web-1 ended with exit code 3 (Error)"),
      row("kubelet: container web of Pod default/web-1 ended with exit code 0 (Completed)"),
      row("kubelet: Pod default/web-1 is not ready any more", "pods", "delete"),
    ].map(isTrouble),
  ).toEqual([true, false, true, false, true, false, false]);
  expect(subjectOf(row("Event: BackOff of Pod web-1: Back-off", "events"))).toEqual({
    kind: "Pod",
    namespace: "default",
    name: "web-1",
  });
  expect(subjectOf(row("x"))).toEqual({ resource: "pods", namespace: "default", name: "web-1" });
});
