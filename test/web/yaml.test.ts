import { expect, test } from "vitest";

/** What the editor of objects works out without a browser. */

interface Mark {
  from: number;
  to: number;
  message: string;
}
interface Type {
  fieldsAt(path: (string | number)[]): { name: string; type: string; required: boolean }[];
  valuesAt(path: (string | number)[]): string[];
}
// The page's types are another project's.
const load = async <T>(file: string): Promise<T> =>
  (await import(new URL(`../../web/${file}`, import.meta.url).href)) as T;
const { placeAt, documentAt, typeMeta } = await load<{
  placeAt(text: string, offset: number): object | undefined;
  documentAt(text: string, offset: number): { start: number; text: string };
  typeMeta(text: string): object;
}>("yaml/place.ts");
const { TypeOf } = await load<{
  TypeOf: { find(document: object, apiVersion: string, kind: string): Type | undefined };
}>("yaml/schema.ts");
const { marksIn, rangeOf, checkedCharsMax } = await load<{
  marksIn(text: string, typeOf: () => Type | undefined): Mark[];
  rangeOf(text: string, field: string): { from: number; to: number };
  checkedCharsMax: number;
}>("yaml/check.ts");
const { sameButStatus, basedOn } = await load<{
  sameButStatus(one: string, other: string): boolean;
  basedOn(text: string, newest: string): string;
}>("yaml/versions.ts");
const { suggestionsAt } = await load<{
  suggestionsAt(
    text: string,
    offset: number,
    asked: boolean,
    typeIn: () => Promise<Type | undefined>,
  ): Promise<{ from: number; options: { label: string; apply: string }[] } | undefined>;
}>("yaml/suggest.ts");

const named = (name: string): object => ({ $ref: `#/components/schemas/${name}` });
const document = {
  components: {
    schemas: {
      Thing: {
        type: "object",
        required: ["spec"],
        properties: {
          apiVersion: { type: "string" },
          kind: { type: "string" },
          metadata: { allOf: [named("Meta")], description: "Of the thing.", default: {} },
          spec: { allOf: [named("Spec")] },
        },
        "x-kubernetes-group-version-kind": [{ group: "apps", version: "v1", kind: "Thing" }],
      },
      Meta: {
        type: "object",
        properties: {
          name: { type: "string" },
          labels: { type: "object", additionalProperties: { type: "string" } },
        },
      },
      Spec: {
        type: "object",
        required: ["containers"],
        properties: {
          replicas: { type: "integer" },
          paused: { type: "boolean" },
          port: named("IntOrString"),
          policy: { type: "string", enum: ["", "Always", "Never"] },
          containers: { type: "array", items: named("Container") },
        },
      },
      Container: {
        type: "object",
        required: ["name"],
        properties: {
          name: { type: "string" },
          image: { type: "string" },
          args: { type: "array", items: { type: "string" } },
          limits: { type: "object", additionalProperties: named("Quantity") },
        },
      },
      IntOrString: { type: "string", format: "int-or-string" },
      Quantity: { type: "string", description: "Quantity is a fixed-point number" },
    },
  },
};
const type = TypeOf.find(document, "apps/v1", "Thing")!;

const head = "apiVersion: apps/v1\nkind: Thing\n";

/** The cursor stands where | does. */
function at(text: string): { text: string; offset: number } {
  const offset = text.indexOf("|");
  return { text: text.replace("|", ""), offset };
}

function place(marked: string): object | undefined {
  const { text, offset } = at(marked);
  return placeAt(text, offset);
}

test("where a key or a value is typed is told by the indentation", () => {
  expect(place(`${head}sp|`)).toEqual({ path: [], what: "key", typed: "sp", column: 0 });
  expect(place(`${head}spec:\n  re|`)).toMatchObject({ path: ["spec"], typed: "re", column: 2 });
  expect(place(`${head}spec:\n  containers:\n  - name: a\n    im|`)).toMatchObject({
    path: ["spec", "containers", 0],
    column: 4,
  });
  expect(place(`${head}spec:\n  containers:\n    - name: a\n    - im|`)).toMatchObject({
    path: ["spec", "containers", 0],
    column: 6,
  });
  expect(place(`spec:\n  containers:\n  - args:\n    - x\n    limits:\n      c|`)).toMatchObject({
    path: ["spec", "containers", 0, "limits"],
  });
  expect(place(`spec:\n  a:\n    b: 1\n\n  # said\n  policy: Al|`)).toEqual({
    path: ["spec", "policy"],
    what: "value",
    typed: "Al",
    column: 2,
  });
  expect(place(`spec:\n  containers:\n  -|`)).toBeUndefined();
  expect(place(`a: b c|`)).toBeUndefined();
});

test("of several documents each has its own type", () => {
  const text = 'apiVersion: v1\nkind: Pod\n---\napiVersion: apps/v1 # said\nkind: "Thing"\n';
  expect(typeMeta(documentAt(text, 3).text)).toEqual({ apiVersion: "v1", kind: "Pod" });
  expect(typeMeta(documentAt(text, text.length).text)).toEqual({
    apiVersion: "apps/v1",
    kind: "Thing",
  });
  expect(typeMeta("data: {}")).toEqual({ apiVersion: "", kind: "" });
});

test("fields and values come from the cluster's types, through references", () => {
  expect(type.fieldsAt(["spec", "containers", 0]).map(({ name }) => name)).toEqual([
    "name",
    "image",
    "args",
    "limits",
  ]);
  expect(type.fieldsAt(["spec"]).find(({ name }) => name === "containers")).toMatchObject({
    type: "[]object",
    required: true,
  });
  expect(type.fieldsAt(["spec"]).find(({ name }) => name === "port")?.type).toBe(
    "integer or string",
  );
  expect(type.valuesAt(["spec", "policy"])).toEqual(["Always", "Never"]);
  expect(type.valuesAt(["spec", "paused"])).toEqual(["true", "false"]);
  expect(type.fieldsAt(["spec", "constructor"])).toEqual([]);
  expect(TypeOf.find(document, "v1", "Thing")).toBeUndefined();
});

test("what is suggested is completed with what must follow it", async () => {
  const suggest = async (marked: string, asked = false) => {
    const { text, offset } = at(marked);
    return suggestionsAt(text, offset, asked, () => Promise.resolve(type));
  };
  const found = await suggest(`${head}spec:\n  co|`);
  expect(found?.from).toBe(`${head}spec:\n  `.length);
  const applied = Object.fromEntries(found!.options.map(({ label, apply }) => [label, apply]));
  expect(applied).toMatchObject({ replicas: "replicas: ", containers: "containers:\n  - " });
  expect((await suggest(`${head}spec:\n  policy: |`, true))?.options).toHaveLength(2);
  expect(await suggest(`${head}spec:\n  |`)).toBeUndefined();
});

test("a text is checked against the type, each fault at its field", () => {
  const marks = (text: string): string[] =>
    marksIn(text, () => type).map(({ from, to, message }) => `${text.slice(from, to)}: ${message}`);
  const fine = `${head}metadata: {name: a, labels: {x: y}}\nspec:\n  replicas: 2\n  port: 80\n  containers:\n  - name: a\n    limits: {cpu: 1, memory: 1Gi}\n`;
  expect(marks(fine)).toEqual([]);
  expect(marks(fine.replace("replicas: 2", "replica: 2"))).toEqual([
    'replica: unknown field "spec.replica"',
  ]);
  expect(marks(fine.replace("replicas: 2", "replicas: two"))).toEqual([
    'two: spec.replicas: "two" stands where an integer belongs',
  ]);
  expect(marks(fine.replace("port: 80", "paused: 'yes'\n  policy: Maybe"))).toEqual([
    "'yes': spec.paused: \"yes\" stands where a boolean belongs",
    'Maybe: spec.policy: "Maybe" is none of Always, Never',
  ]);
  expect(marks(fine.replace("- name: a", "- image: a"))).toEqual([
    "i: spec.containers[0].name: is required",
  ]);
  expect(marks(`${head}spec: [1]\n`)).toEqual(["[1]: spec: a list stands where a map belongs"]);
  expect(marks(`${head}spec:\n  containers: {a: b}\n`)).toEqual([
    "{a: b}: spec.containers: a map stands where a list belongs",
  ]);
  expect(marks(`${head}spec:\n  a: b: c\n`)[0]).toMatch(/Nested mappings|one line/);
  expect(marks("a: 1\n")).toHaveLength(2);
  expect(marks(`a: "${"x".repeat(checkedCharsMax)}`)).toEqual([]);
});

test("a field that the server names is found; what is missing at what should hold it", () => {
  const text = "spec:\n  containers:\n  - name: a\n    image: b\n  labels:\n    a.b/c: d\n";
  const at = (field: string): string => {
    const { from, to } = rangeOf(text, field);
    return text.slice(from, to);
  };
  expect(at("spec.containers[0].image")).toBe("image: b");
  expect(at("spec.labels[a.b/c]")).toBe("a.b/c: d");
  expect(at("spec.containers[0].ports[2]")).toBe("name: a\n    image: b\n  ".slice(0, 1));
  expect(at("spec.containers[7]")).toBe("containers");
  expect(at("metadata.name")).toBe("spec:");
});

test("what only the cluster changed does not stand in an editor's way", () => {
  const text = (replicas: number, version: number, status: string): string =>
    `metadata:\n  name: a\n  generation: ${version}\n  resourceVersion: "${version}"\nspec:\n  replicas: ${replicas}\nstatus:\n  told: ${status}\n`;
  expect(sameButStatus(text(1, 1, "a"), text(1, 2, "b"))).toBe(true);
  expect(sameButStatus(text(1, 1, "a"), text(2, 2, "a"))).toBe(false);
  expect(basedOn(text(5, 1, "a"), text(1, 9, "b"))).toContain('resourceVersion: "9"');
  expect(basedOn("spec: {}", text(1, 9, "b"))).toBe("spec: {}");
});
