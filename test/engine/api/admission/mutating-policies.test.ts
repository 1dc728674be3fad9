/** MutatingAdmissionPolicies: what they change, in which order, and what comes of their mistakes. */
import { describe, expect, test } from "vitest";
import { World, type Answer } from "../../../helpers/world.ts";

const group = "/apis/admissionregistration.k8s.io/v1";
const policies = `${group}/mutatingadmissionpolicies`;
const bindings = `${group}/mutatingadmissionpolicybindings`;
const configs = "/api/v1/namespaces/default/configmaps";
const deployments = "/apis/apps/v1/namespaces/default/deployments";

type Spec = Record<string, unknown>;

const config = (name: string, data: Spec = {}, metadata: Spec = {}): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...metadata },
  data,
});

const deployment = (name: string): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: "c", image: "nginx", command: ["a"] }] },
    },
  },
});

const rules = (resource: string, apiGroup: string): Spec => ({
  resourceRules: [
    {
      apiGroups: [apiGroup],
      apiVersions: ["v1"],
      operations: ["CREATE", "UPDATE"],
      resources: [resource],
    },
  ],
});

const apply = (expression: string): Spec => ({
  patchType: "ApplyConfiguration",
  applyConfiguration: { expression },
});
const json = (expression: string): Spec => ({ patchType: "JSONPatch", jsonPatch: { expression } });

const policy = (name: string, mutations: Spec[], spec: Spec = {}): object => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "MutatingAdmissionPolicy",
  metadata: { name },
  spec: {
    matchConstraints: rules("configmaps", ""),
    reinvocationPolicy: "Never",
    mutations,
    ...spec,
  },
});
const binding = (policyName: string, spec: Spec = {}): object => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "MutatingAdmissionPolicyBinding",
  metadata: { name: `${policyName}-binding` },
  spec: { policyName, ...spec },
});

function make(world: World, path: string, ...objects: object[]): void {
  for (const object of objects) {
    const { status, text } = world.request("POST", path, object);
    if (status !== 201) throw new Error(text);
  }
}

function bound(...made: object[]): World {
  const world = new World();
  for (const one of made) {
    make(world, policies, one);
    make(world, bindings, binding((one as { metadata: { name: string } }).metadata.name));
  }
  return world;
}

const said = ({ status, body }: Answer): unknown[] => [status, body.reason, body.message];

describe("changes", () => {
  test("an apply configuration adds annotations and replaces a number", () => {
    const world = bound(
      policy(
        "p",
        [
          apply("Object{metadata: Object.metadata{annotations: {'my-annotation': 'my-value'}}}"),
          apply("Object{spec: Object.spec{replicas: object.spec.replicas + 1336}}"),
        ],
        { matchConstraints: rules("deployments", "apps") },
      ),
    );
    const { status, body } = world.request("POST", deployments, deployment("web"));
    expect([status, body.metadata.annotations, body.spec.replicas]).toEqual([
      201,
      { "my-annotation": "my-value" },
      1337,
    ]);
  });

  test("merge lists by their keys, and see what came before", () => {
    const world = bound(
      policy(
        "p",
        [
          apply(
            "Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{containers: [Object.spec.template.spec.containers{name: 'side', image: 'busybox'}]}}}}",
          ),
          json(
            "[JSONPatch{op: 'add', path: '/metadata/labels', value: {'n': string(object.spec.template.spec.containers.size())}}]",
          ),
        ],
        { matchConstraints: rules("deployments", "apps") },
      ),
    );
    const { body } = world.request("POST", deployments, deployment("web"));
    const { containers } = body.spec.template.spec as { containers: Spec[] };
    expect(containers.map((c) => [c["name"], c["image"], c["imagePullPolicy"]])).toEqual([
      ["c", "nginx", "Always"],
      ["side", "busybox", "Always"],
    ]);
    expect(body.metadata.labels).toEqual({ n: "2" });
  });

  test("a JSON patch, its tests and its escapes", () => {
    const world = bound(
      policy("p", [
        json(
          "[JSONPatch{op: 'test', path: '/data/a', value: '1'}, JSONPatch{op: 'replace', path: '/data/a', value: '2'}]",
        ),
        json(
          "[JSONPatch{op: 'add', path: '/metadata/annotations/' + jsonpatch.escapeKey('x/y'), value: object.metadata.name}]",
        ),
      ]),
    );
    const given = { annotations: { k: "" } };
    const first = world.request("POST", configs, config("a", { a: "1" }, given));
    expect([first.body.data, first.body.metadata.annotations]).toEqual([
      { a: "2" },
      { "x/y": "a", k: "" },
    ]);
    const second = world.request("POST", configs, config("b", { a: "7" }, given));
    expect([second.body.data, second.body.metadata.annotations]).toEqual([
      { a: "7" },
      { "x/y": "b", k: "" },
    ]);
  });

  test("take parameters, variables and conditions", () => {
    const world = new World();
    make(world, configs, config("settings", { team: "blue" }));
    make(
      world,
      policies,
      policy("p", [apply("Object{data: {'team': variables.team}}")], {
        paramKind: { apiVersion: "v1", kind: "ConfigMap" },
        variables: [{ name: "team", expression: "params.data.team" }],
        matchConditions: [{ name: "new", expression: "oldObject == null" }],
      }),
    );
    const paramRef = { name: "settings", parameterNotFoundAction: "Deny" };
    make(world, bindings, binding("p", { paramRef }));
    expect(world.request("POST", configs, config("a")).body.data).toEqual({ team: "blue" });
    const changed = world.request("PUT", `${configs}/a`, config("a", { x: "y" }));
    expect(changed.body.data).toEqual({ x: "y" });
  });

  test("are seen by validating policies", () => {
    const world = bound(policy("p", [apply("Object{data: {'bad': 'yes'}}")]));
    make(world, `${group}/validatingadmissionpolicies`, {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicy",
      metadata: { name: "v" },
      spec: {
        matchConstraints: rules("configmaps", ""),
        validations: [{ expression: "!has(object.data.bad)" }],
      },
    });
    make(world, `${group}/validatingadmissionpolicybindings`, {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name: "v" },
      spec: { policyName: "v", validationActions: ["Deny"] },
    });
    expect(said(world.request("POST", configs, config("a")))).toEqual([
      422,
      "Invalid",
      "configmaps \"a\" is forbidden: ValidatingAdmissionPolicy 'v' with binding 'v' denied request: failed expression: !has(object.data.bad)",
    ]);
  });

  test("of names, namespaces and owners of fields are not taken", () => {
    const world = bound(
      policy("p", [
        json(
          "[JSONPatch{op: 'add', path: '/metadata/namespace', value: 'kube-system'}, JSONPatch{op: 'add', path: '/metadata/uid', value: 'x'}]",
        ),
      ]),
    );
    const { status, body } = world.request("POST", configs, config("a"));
    expect([status, body.metadata.namespace]).toEqual([201, "default"]);
    expect(body.metadata.uid).not.toBe("x");
  });
});

describe("reinvocation", () => {
  const count = (name: string, spec: Spec = {}): object =>
    policy(
      name,
      [apply(`Object{data: {'${name}': object.?data.?${name}.orValue('') + 'i'}}`)],
      spec,
    );

  test("once more for those that want it", () => {
    const world = bound(count("a", { reinvocationPolicy: "IfNeeded" }), count("b"));
    expect(world.request("POST", configs, config("x")).body.data).toEqual({ a: "ii", b: "i" });
  });

  test("lets an earlier one see what a later one did", () => {
    const world = bound(
      policy(
        "a",
        [apply("has(object.metadata.labels) ? Object{data: {'seen': 'yes'}} : Object{}")],
        { reinvocationPolicy: "IfNeeded" },
      ),
      policy("b", [apply("Object{metadata: Object.metadata{labels: {'b': 'b'}}}")]),
    );
    expect(world.request("POST", configs, config("x")).body.data).toEqual({ seen: "yes" });
  });
});

describe("mistakes", () => {
  const deny = (
    mutation: Spec,
    spec: Spec = {},
    object: object = config("a", { a: "b" }),
  ): unknown[] => said(bound(policy("p", [mutation], spec)).request("POST", configs, object));
  const by = "policy 'p' with binding 'p-binding' denied request: ";

  test("an expression that fails", () => {
    expect(deny(apply("Object{data: {'a': object.data.zz}}"))).toEqual([
      403,
      "Invalid",
      `${by}expression 'Object{data: {'a': object.data.zz}}' resulted in error: no such key: zz`,
    ]);
    expect(deny(apply("Object{data: {'a': object.data.zz}}"), { failurePolicy: "Ignore" })[0]).toBe(
      201,
    );
  });

  test("an object in a place that is not its own", () => {
    expect(deny(apply("Object{metadata: Object.spec{labels: {'a': 'b'}}}"))).toEqual([
      403,
      "Invalid",
      `${by}type mismatch: unexpected type name "Object.spec", expected "Object.metadata", which matches field name path from root Object type`,
    ]);
  });

  test("a field that there is not", () => {
    expect(deny(apply("Object{spec: Object.spec{x: 1}}"))).toEqual([
      403,
      "Invalid",
      `${by}error applying patch: failed to convert patch object to typed object: .spec: field not declared in schema`,
    ]);
  });

  test("a list that would be replaced whole", () => {
    const world = bound(
      policy(
        "p",
        [
          apply(
            "Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{containers: [Object.spec.template.spec.containers{name: 'c', command: ['b']}]}}}}",
          ),
        ],
        { matchConstraints: rules("deployments", "apps") },
      ),
    );
    expect(said(world.request("POST", deployments, deployment("web")))).toEqual([
      403,
      "Invalid",
      `${by}error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.template.spec.containers[0].command`,
    ]);
  });

  test("a patch that does not apply", () => {
    expect(deny(json("[JSONPatch{op: 'remove', path: '/data/zz'}]"))).toEqual([
      403,
      "Invalid",
      `${by}JSON Patch: error in remove for path: '/data/zz': Unable to remove nonexistent key: zz: missing value`,
    ]);
  });

  test("a patch that makes no object of the kind", () => {
    const [status, reason] = deny(json("[JSONPatch{op: 'add', path: '/data', value: 1}]"));
    expect([status, reason]).toEqual([500, "InternalError"]);
    expect(deny(json("[JSONPatch{op: 'add', path: '/zz', value: 1}]"))).toEqual([
      500,
      "InternalError",
      'Internal error occurred: strict decoding error: unknown field "zz"',
    ]);
  });

  test("parameters that are not there", () => {
    const world = new World();
    make(
      world,
      policies,
      policy("p", [apply("Object{}")], { paramKind: { apiVersion: "v1", kind: "ConfigMap" } }),
    );
    const paramRef = { name: "none", parameterNotFoundAction: "Deny" };
    make(world, bindings, binding("p", { paramRef }));
    expect(said(world.request("POST", configs, config("a")))).toEqual([
      403,
      "Forbidden",
      `${by}failed to configure binding: no params found for policy binding with \`Deny\` parameterNotFoundAction`,
    ]);
  });
});

describe("a policy itself", () => {
  const problems = (spec: Spec): unknown => {
    const { body } = new World().request("POST", policies, policy("p", [apply("Object{}")], spec));
    const { causes } = body.details as { causes: { field: string; message: string }[] };
    return causes.map(({ field, message }) => `${field}: ${message}`);
  };

  test("is held to what it may say", () => {
    expect(problems({ mutations: [], reinvocationPolicy: "Often" })).toEqual([
      "spec.mutations: Required value: mutations must contain at least one item",
      'spec.reinvocationPolicy: Unsupported value: "Often": supported values: "IfNeeded", "Never"',
    ]);
    expect(
      problems({
        mutations: [
          { patchType: "Zip" },
          {},
          { patchType: "JSONPatch" },
          { ...json("[JSONPatch{op: 'test'}]"), applyConfiguration: { expression: "1" } },
          apply("Object{"),
          apply("1"),
        ],
      }),
    ).toEqual([
      'spec.mutations[0].patchType: Unsupported value: "Zip": supported values: "ApplyConfiguration", "JSONPatch"',
      "spec.mutations[1].patchType: Required value",
      "spec.mutations[2].jsonPatch: Required value: must be specified when patchType is JSONPatch",
      'spec.mutations[3].applyConfiguration: Invalid value: "{applyConfiguration}": must not be specified when patchType is JSONPatch',
      `spec.mutations[4].applyConfiguration.expression: Invalid value: "Object{": compilation failed: ERROR: <input>:1:8: Syntax error: mismatched input '<EOF>' expecting {'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}
 | Object{
 | .......^`,
      'spec.mutations[5].applyConfiguration.expression: Invalid value: "1": must evaluate to Object but got int',
    ]);
  });

  test("changes nothing that goes", () => {
    const constraints = rules("configmaps", "");
    const [rule] = constraints["resourceRules"] as Spec[];
    expect(
      problems({
        matchConstraints: { resourceRules: [{ ...rule, operations: ["DELETE"] }] },
      }),
    ).toEqual([
      'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "CREATE", "UPDATE"',
    ]);
  });

  test("is listed with its mutations", () => {
    const world = bound(policy("p", [apply("Object{}")]));
    const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
    const { body } = world.request("GET", policies, undefined, { accept });
    const table = body as unknown as {
      columnDefinitions: { name: string }[];
      rows: { cells: unknown[] }[];
    };
    expect(table.columnDefinitions.map(({ name }) => name)).toEqual([
      "Name",
      "Mutations",
      "ParamKind",
      "Age",
    ]);
    expect(table.rows[0]!.cells.slice(0, 3)).toEqual(["p", 1, "<unset>"]);
  });
});
