import { expect, test } from "vitest";

/** What the YAML editor works out without a browser. */

interface PlaceModule {
  placeIn(text: string, message: string): { line: number; start: number; end: number } | undefined;
}
interface RebaseModule {
  rebased(base: string, mine: string, theirs: string): { text: string; overridden: string[] };
}
interface StatusModule {
  messageIn(answer: string): string;
}
// The page's types are another project's.
const load = (file: string): Promise<unknown> =>
  import(new URL(`../../web/${file}`, import.meta.url).href);
const { placeIn } = (await load("objects/field-place.ts")) as PlaceModule;
const { rebased } = (await load("objects/rebase.ts")) as RebaseModule;
const { messageIn } = (await load("api/status-text.ts")) as StatusModule;

const text = `metadata:
  labels:
    example.com/tier: web
  resourceVersion: "7"
spec:
  replicas: 2
  template:
    spec:
      containers:
        - image: nginx
          name: web
`;

test.each([
  [`strict decoding error: unknown field "spec.replicas"`, 6, "replicas"],
  [
    "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
    6,
    "replicas",
  ],
  [
    'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater',
    6,
    "replicas",
  ],
  [
    'Deployment.apps "web" is invalid: [spec.nothing: Required value, spec.replicas: Invalid value: -1: x]',
    5,
    "spec",
  ],
  [
    'Pod "web" is invalid: spec.template.spec.containers[0].name: Invalid value: "Web": a',
    11,
    "name",
  ],
  ['Pod "web" is invalid: spec.template.spec.containers[0].ports: Required value', 10, "image"],
  [
    'Pod "web" is invalid: metadata.labels[example.com/tier]: Invalid value: "W B": a',
    3,
    "example.com/tier",
  ],
  ["error converting YAML to JSON: yaml: line 7: did not find expected key", 7, "  template:"],
])("the field that a message names: %s", (message, line, marked) => {
  const place = placeIn(text, message)!;
  expect([place.line, text.slice(place.start, place.end)]).toEqual([line, marked]);
});

test("a message that names no field marks none", () => {
  expect(placeIn(text, "the object has been modified")).toBeUndefined();
  expect(placeIn(text, "yaml: line 99: x")).toBeUndefined();
  expect(placeIn(text, 'unknown field "status.phase"')).toBeUndefined();
});

test("changes of two people come together; where both changed the same, one's own stands and it is told", () => {
  const theirs = text
    .replace('"7"', '"9"')
    .replace("tier: web", "tier: db")
    .replace("image: nginx", "image: httpd");
  const mine = text.replace("replicas: 2", "replicas: 3");
  expect(rebased(text, mine, theirs)).toEqual({
    text: theirs.replace("replicas: 2", "replicas: 3"),
    overridden: [],
  });
  const same = rebased(text, text.replace("image: nginx", "image: nginx:1.27"), theirs);
  expect(same.text).toBe(theirs.replace("image: httpd", "image: nginx:1.27"));
  expect(same.overridden).toEqual(["        - image: httpd"]);
  expect(rebased(text, theirs, theirs)).toEqual({ text: theirs, overridden: [] });
});

test("what is put beside the version has the stored one, so that it can be saved at all", () => {
  const mine = text.replace('  resourceVersion: "7"', '  name: web\n  resourceVersion: "7"');
  const theirs = text.replace('"7"', '"9"');
  expect(rebased(text, mine, theirs)).toEqual({ text: mine.replace('"7"', '"9"'), overridden: [] });
});

test("the message of a Status in YAML, however it is written", () => {
  const status = (message: string): string => `kind: Status\nmessage: ${message}\nmetadata: {}\n`;
  expect(messageIn(status("plain words"))).toBe("plain words");
  expect(messageIn(status('"a: \\"b\\"\\n"'))).toBe('a: "b"\n');
  expect(messageIn(status("'it''s: so'"))).toBe("it's: so");
  expect(messageIn(status("|-\n  one\n  two"))).toBe("one\ntwo");
  expect(messageIn(status("folded\n  words"))).toBe("folded words");
  expect(messageIn("no Status")).toBe("no Status");
});
