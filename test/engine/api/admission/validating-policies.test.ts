/** ValidatingAdmissionPolicies: what is refused, warned of and let through, and in which words. */
import { beforeAll, describe, expect, test } from "vitest";
import { World, type Answer } from "../../../helpers/world.ts";

const group = "/apis/admissionregistration.k8s.io/v1";
const policies = `${group}/validatingadmissionpolicies`;
const bindings = `${group}/validatingadmissionpolicybindings`;
const configs = "/api/v1/namespaces/default/configmaps";

const config = (name: string, data: object = {}, labels: object = {}): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, labels },
  data,
});

const constraints = (resource = "configmaps", apiGroup = ""): object => ({
  resourceRules: [
    {
      apiGroups: [apiGroup],
      apiVersions: ["v1"],
      operations: ["CREATE", "UPDATE"],
      resources: [resource],
    },
  ],
});

interface Spec {
  [field: string]: unknown;
}

const policy = (name: string, spec: Spec): object => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicy",
  metadata: { name },
  spec: { matchConstraints: constraints(), ...spec },
});
const binding = (policyName: string, spec: Spec = {}): object => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicyBinding",
  metadata: { name: `${policyName}-binding` },
  spec: { policyName, validationActions: ["Deny"], ...spec },
});

function make(world: World, path: string, ...objects: object[]): void {
  for (const object of objects) {
    const { status, text } = world.request("POST", path, object);
    if (status !== 201) throw new Error(text);
  }
}

/** A world with one policy, bound. */
function bound(spec: Spec, bindingSpec: Spec = {}): World {
  const world = new World();
  make(world, policies, policy("p", spec));
  make(world, bindings, binding("p", bindingSpec));
  return world;
}

const said = ({ status, body }: Answer): unknown[] => [status, body.reason, body.message];

describe("a refusal", () => {
  let world: World;
  beforeAll(() => {
    world = bound({
      variables: [{ name: "size", expression: "object.?data.?size.orValue('none')" }],
      validations: [
        { expression: "variables.size != 'big'", message: "  too big " },
        {
          expression: "variables.size != 'huge'",
          messageExpression: "'no ' + variables.size + ' for ' + request.userInfo.username",
          reason: "Forbidden",
        },
        { expression: "object.metadata.name != 'bad'", reason: "RequestEntityTooLarge" },
      ],
    });
  });

  test("is Invalid, by policy and binding, with the message", () => {
    const answer = world.request("POST", configs, config("a", { size: "big" }));
    const message =
      "ValidatingAdmissionPolicy 'p' with binding 'p-binding' denied request: too big";
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      reason: "Invalid",
      code: 422,
      message: `configmaps "a" is forbidden: ${message}`,
      details: { name: "a", kind: "configmaps", causes: [{ message }] },
    });
  });

  test("has its own reason and a message that is worked out", () => {
    expect(said(world.request("POST", configs, config("a", { size: "huge" })))).toEqual([
      403,
      "Forbidden",
      `configmaps "a" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'p-binding' denied request: no huge for kubernetes-admin`,
    ]);
  });

  test("names the expression where there is no message", () => {
    expect(said(world.request("POST", configs, config("bad")))).toEqual([
      413,
      "RequestEntityTooLarge",
      `configmaps "bad" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'p-binding' denied request: failed expression: object.metadata.name != 'bad'`,
    ]);
  });

  test("is not for other objects, operations and what passes", () => {
    expect(world.request("POST", configs, config("good", { size: "small" })).status).toBe(201);
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "bad" } };
    expect(world.request("POST", "/api/v1/namespaces/default/secrets", secret).status).toBe(201);
    const grown = world.request("PUT", `${configs}/good`, config("good", { size: "big" }));
    expect(grown.status).toBe(422);
    expect(world.delete(`${configs}/good`).status).toBe(200);
  });

  test("comes in a dry run too, and after memory was lost", () => {
    expect(world.request("POST", `${configs}?dryRun=All`, config("bad")).status).toBe(413);
    world.evict();
    expect(world.request("POST", configs, config("bad")).status).toBe(413);
  });
});

describe("errors of expressions", () => {
  const failing = { validations: [{ expression: "object.data.missing == 'x'" }] };

  test("refuse by the failure policy Fail, whatever the validation actions of others", () => {
    expect(said(bound(failing).request("POST", configs, config("a")))).toEqual([
      422,
      "Invalid",
      `configmaps "a" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'p-binding' denied request: expression 'object.data.missing == 'x'' resulted in error: no such key: data`,
    ]);
  });

  test("are passed over by Ignore", () => {
    const world = bound({ ...failing, failurePolicy: "Ignore" });
    expect(world.request("POST", configs, config("a")).status).toBe(201);
  });

  test("of a variable name it", () => {
    const world = bound({
      variables: [{ name: "v", expression: "object.data.missing" }],
      validations: [{ expression: "variables.v == 'x'" }],
    });
    expect(world.request("POST", configs, config("a", { b: "c" })).body.message).toContain(
      `expression 'variables.v == 'x'' resulted in error: composited variable "v" fails to evaluate: no such key: missing`,
    );
  });

  test("a bomb ends by its cost", () => {
    const range = "lists.range(1000)";
    const world = bound({
      validations: [{ expression: `${range}.all(x, ${range}.all(y, ${range}.all(z, true)))` }],
    });
    const { status, body } = world.request("POST", configs, config("a"));
    expect(status).toBe(422);
    expect(body.message).toContain("operation cancelled: actual cost limit exceeded");
  });
});

describe("actions", () => {
  test("Warn lets it through with a warning, Audit without a word", () => {
    const world = bound(
      { validations: [{ expression: "false", message: "no" }] },
      { validationActions: ["Warn", "Audit"] },
    );
    const answer = world.request("POST", configs, config("a"));
    expect(answer.status).toBe(201);
    expect(answer.headers["warning"]).toBe(
      `299 - "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'p-binding': no"`,
    );
    const quiet = bound(
      { validations: [{ expression: "false" }] },
      { validationActions: ["Audit"] },
    ).request("POST", configs, config("a"));
    expect([quiet.status, quiet.headers["warning"]]).toEqual([201, undefined]);
  });

  test("an audit annotation that cannot be worked out refuses, whatever the actions", () => {
    const world = bound(
      { auditAnnotations: [{ key: "k", valueExpression: "'x' + object.data.n" }] },
      { validationActions: ["Audit"] },
    );
    expect(world.request("POST", configs, config("a", { n: "b" })).status).toBe(201);
    expect(world.request("POST", configs, config("b")).body.message).toContain(
      "denied request: expression ''x' + object.data.n' resulted in error: no such key: data",
    );
  });
});

describe("what a policy is about", () => {
  const never = { validations: [{ expression: "false", message: "no" }] };
  const made = (world: World, name = "a", labels: object = {}, ns = "default"): number =>
    world.request("POST", `/api/v1/namespaces/${ns}/configmaps`, config(name, {}, labels)).status;

  test("a binding is what puts it to use", () => {
    const world = new World();
    make(world, policies, policy("p", never));
    expect(made(world)).toBe(201);
    make(world, bindings, binding("p"));
    expect(made(world, "b")).toBe(422);
    world.delete(`${bindings}/p-binding`);
    expect(made(world, "b")).toBe(201);
  });

  test("object and namespace selectors, names and exceptions", () => {
    const world = bound(never, {
      matchResources: { objectSelector: { matchLabels: { strict: "yes" } } },
    });
    expect([made(world, "a"), made(world, "b", { strict: "yes" })]).toEqual([201, 422]);
    const spaces = bound(never, {
      matchResources: { namespaceSelector: { matchLabels: { env: "prod" } } },
    });
    spaces.create({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "prod", labels: { env: "prod" } },
    });
    expect([made(spaces), made(spaces, "a", {}, "prod")]).toEqual([201, 422]);
    const rule = (resourceNames: string[]): object => ({
      operations: ["*"],
      apiGroups: ["*"],
      apiVersions: ["*"],
      resources: ["*"],
      resourceNames,
    });
    const except = bound({
      ...never,
      matchConstraints: { resourceRules: [rule([])], excludeResourceRules: [rule(["free"])] },
    });
    expect([made(except, "free"), made(except, "other")]).toEqual([201, 422]);
  });

  test("conditions: false passes over it, an error refuses", () => {
    const world = bound({
      ...never,
      matchConditions: [
        { name: "not-free", expression: "object.metadata.name != 'free'" },
        { name: "has-data", expression: "has(object.data) && object.data.x == 'y'" },
      ],
    });
    expect([made(world, "free"), made(world, "other")]).toEqual([201, 201]);
    const answer = world.request("POST", configs, config("c", { a: "b" }));
    expect(answer.body.message).toContain(
      "denied request: expression 'has(object.data) && object.data.x == 'y'' resulted in error: no such key: x",
    );
    expect(world.request("POST", configs, config("c", { x: "y" })).status).toBe(422);
  });

  test("policies themselves are out of reach, so that nobody is locked out", () => {
    const world = bound({
      ...never,
      matchConstraints: {
        resourceRules: [
          { operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*"] },
        ],
      },
    });
    expect(made(world)).toBe(422);
    expect(world.delete(`${policies}/p`).status).toBe(200);
    expect(made(world)).toBe(201);
  });

  test("deletions have no object, and who asks is known", () => {
    const world = bound({
      matchConstraints: {
        resourceRules: [
          {
            operations: ["DELETE"],
            apiGroups: [""],
            apiVersions: ["v1"],
            resources: ["configmaps"],
          },
        ],
      },
      validations: [
        {
          expression:
            "object == null && oldObject.metadata.name != 'kept' || !authorizer.requestResource.check('delete').allowed()",
          message: "kept",
        },
      ],
    });
    made(world, "kept");
    made(world, "other");
    expect(world.delete(`${configs}/kept`).status).toBe(422);
    expect(world.delete(`${configs}/other`).status).toBe(200);
  });
});

describe("parameters", () => {
  const spec = {
    paramKind: { apiVersion: "v1", kind: "ConfigMap" },
    matchConstraints: constraints("secrets"),
    validations: [
      {
        expression: "params == null || object.metadata.name.startsWith(params.data.prefix)",
        messageExpression: "'must begin with ' + params.data.prefix",
      },
    ],
  };
  const secret = (world: World, name: string): Answer =>
    world.request("POST", "/api/v1/namespaces/default/secrets", {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name },
    });
  const ref = (more: object): Spec => ({
    paramRef: { parameterNotFoundAction: "Deny", ...more },
  });

  test("by name: the object counts as it is now; without it Deny refuses and Allow lets through", () => {
    const world = bound(spec, ref({ name: "rules" }));
    expect(secret(world, "a").body.message).toBe(
      `secrets "a" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'p-binding' denied request: failed to configure binding: no params found for policy binding with \`Deny\` parameterNotFoundAction`,
    );
    make(world, configs, config("rules", { prefix: "x-" }));
    expect(secret(world, "a").body.message).toContain("denied request: must begin with x-");
    expect(secret(world, "x-a").status).toBe(201);
    world.patch(`${configs}/rules`, { data: { prefix: "y-" } });
    expect(secret(world, "x-b").status).toBe(422);
    const allowing = bound(spec, ref({ name: "rules", parameterNotFoundAction: "Allow" }));
    expect(secret(allowing, "a").status).toBe(201);
  });

  test("by selector: each is a run", () => {
    const world = bound(spec, ref({ selector: { matchLabels: { rules: "yes" } } }));
    make(
      world,
      configs,
      config("one", { prefix: "x" }, { rules: "yes" }),
      config("two", { prefix: "x-" }, { rules: "yes" }),
    );
    expect(secret(world, "xa").body.message).toContain("must begin with x-");
    expect(secret(world, "x-a").status).toBe(201);
  });

  test("of a kind that is not there", () => {
    const world = bound(
      { ...spec, paramKind: { apiVersion: "example.com/v1", kind: "Thing" } },
      ref({ name: "x" }),
    );
    expect(secret(world, "a").body.message).toContain(
      "ValidatingAdmissionPolicy 'p' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'example.com/v1, Kind=Thing'",
    );
  });
});

describe("a policy as it is written", () => {
  test("is refused with what is wrong with each expression, at its field", () => {
    const { status, body } = new World().request(
      "POST",
      policies,
      policy("p", {
        variables: [{ name: "for", expression: "1 +" }],
        matchConditions: [{ name: "c", expression: "params.x == 1" }],
        validations: [{ expression: "object.spec.replicas + 1", messageExpression: "1" }],
        auditAnnotations: [{ key: "k", valueExpression: "true" }],
      }),
    );
    expect(status).toBe(422);
    const causes = (body.details.causes as { field: string; message: string }[]).map(
      ({ field, message }) => `${field}: ${message}`,
    );
    expect(causes).toEqual([
      `spec.matchConditions[0].expression: Invalid value: "params.x == 1": compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params.x == 1\n | ^`,
      `spec.variables[0].name: Invalid value: "for": must be a valid CEL identifier`,
      `spec.variables[0].expression: Invalid value: "1 +": compilation failed: ERROR: <input>:1:4: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | 1 +\n | ...^`,
      `spec.validations[0].expression: Invalid value: "object.spec.replicas + 1": must evaluate to bool but got int`,
      `spec.validations[0].messageExpression: Invalid value: "1": must evaluate to string but got int`,
      `spec.auditAnnotations[0].valueExpression: Invalid value: "true": must evaluate to one of [string null_type] but got bool`,
    ]);
  });

  test("needs rules, validations and known words", () => {
    const { body } = new World().request("POST", policies, {
      ...policy("p", {}),
      spec: { failurePolicy: "Maybe", matchConstraints: { resourceRules: [{}] } },
    });
    const causes = (body.details.causes as { field: string; message: string }[]).map(
      ({ field, message }) => `${field}: ${message}`,
    );
    expect(causes).toEqual([
      `spec.failurePolicy: Unsupported value: "Maybe": supported values: "Fail", "Ignore"`,
      "spec.matchConstraints.resourceRules[0].operations: Required value",
      "spec.matchConstraints.resourceRules[0].apiGroups: Required value",
      "spec.matchConstraints.resourceRules[0].apiVersions: Required value",
      "spec.matchConstraints.resourceRules[0].resources: Required value",
      "spec.validations: Required value: validations or auditAnnotations must contain at least one item",
      "spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item",
    ]);
  });

  test("a binding needs a name and actions that go together", () => {
    const { body } = new World().request("POST", bindings, {
      ...binding("p"),
      spec: { validationActions: ["Deny", "Warn"], paramRef: {} },
    });
    const fields = (body.details.causes as { field: string }[]).map(({ field }) => field);
    expect(fields).toEqual([
      "spec.policyName",
      "spec.paramRef",
      "spec.paramRef.parameterNotFoundAction",
      "spec.validationActions",
    ]);
  });

  test("is defaulted, and shown in a table", () => {
    const world = bound({
      paramKind: { apiVersion: "v1", kind: "ConfigMap" },
      validations: [{ expression: "true" }],
    });
    const { spec } = world.get(`${policies}/p`);
    expect(spec).toMatchObject({
      failurePolicy: "Fail",
      matchConstraints: {
        matchPolicy: "Equivalent",
        namespaceSelector: {},
        objectSelector: {},
        resourceRules: [{ scope: "*" }],
      },
    });
    expect(world.rows(policies)).toEqual([
      { Name: "p", Validations: 1, ParamKind: "v1/ConfigMap", Age: "0s" },
    ]);
    expect(world.rows(bindings)).toEqual([
      { Name: "p-binding", PolicyName: "p", ParamRef: "<unset>", Age: "0s" },
    ]);
  });

  test("its types are checked, and what would not fit is told in its status", () => {
    const world = new World();
    const matchConstraints = constraints("deployments", "apps");
    const right = { matchConstraints, validations: [{ expression: "object.spec.replicas > 1" }] };
    const wrong = {
      matchConstraints,
      validations: [
        {
          expression: "object.spec.replicas > '1'",
          messageExpression: "'wants replicas > 1, got ' + object.spec.replicas",
        },
      ],
    };
    make(world, policies, policy("right", right), policy("wrong", wrong));
    world.settle();
    expect(world.get(`${policies}/right`).status).toEqual({
      observedGeneration: 1,
      typeChecking: {},
    });
    expect(world.get(`${policies}/wrong`).status.typeChecking.expressionWarnings).toEqual([
      {
        fieldRef: "spec.validations[0].expression",
        warning:
          "apps/v1, Kind=Deployment: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(int, string)'\n | object.spec.replicas > '1'\n | .....................^\n",
      },
      {
        fieldRef: "spec.validations[0].messageExpression",
        warning:
          "apps/v1, Kind=Deployment: ERROR: <input>:1:28: found no matching overload for '_+_' applied to '(string, int)'\n | 'wants replicas > 1, got ' + object.spec.replicas\n | ...........................^\n",
      },
    ]);
  });

  test("are known of custom resources too, with the metadata that all have", () => {
    const world = new World({ nodes: 1 });
    const properties = {
      spec: { type: "object", properties: { size: { type: "integer" } } },
    };
    world.create({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "shirts.example.com" },
      spec: {
        group: "example.com",
        scope: "Namespaced",
        names: { plural: "shirts", kind: "Shirt" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: "object", properties } },
          },
        ],
      },
    });
    world.advance(1000);
    const rule = { apiGroups: ["example.com"], apiVersions: ["v1"], resources: ["shirts"] };
    const spec = {
      matchConstraints: { resourceRules: [{ ...rule, operations: ["CREATE"] }] },
      validations: [
        { expression: "object.spec.size > 1 && object.metadata.labels['a'] == 'b'" },
        { expression: "object.spec.size > '1'" },
        { expression: "object.spec.colour == 'red'" },
      ],
    };
    make(world, policies, policy("shirts", spec));
    world.settle();
    expect(world.get(`${policies}/shirts`).status.typeChecking.expressionWarnings).toEqual([
      {
        fieldRef: "spec.validations[1].expression",
        warning:
          "example.com/v1, Kind=Shirt: ERROR: <input>:1:18: found no matching overload for '_>_' applied to '(int, string)'\n | object.spec.size > '1'\n | .................^\n",
      },
      {
        fieldRef: "spec.validations[2].expression",
        warning:
          "example.com/v1, Kind=Shirt: ERROR: <input>:1:12: undefined field 'colour'\n | object.spec.colour == 'red'\n | ...........^\n",
      },
    ]);
  });
});
