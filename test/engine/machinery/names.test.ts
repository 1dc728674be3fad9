import { describe, expect, it } from "vitest";
import {
  formatIp,
  parseIp,
  validateCidr,
  validateIp,
  validateIpLegacy,
} from "../../../durable-objects/engine/machinery/ip.ts";
import {
  semanticEqual,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from "../../../durable-objects/engine/machinery/metadata.ts";
import {
  configMapKey,
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  envVarName,
  labelValue,
  nameRules,
  pathSegmentName,
  portName,
  qualifiedName,
} from "../../../durable-objects/engine/machinery/names.ts";
import type { ObjectMeta } from "../../../durable-objects/engine/core/object.ts";

const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const key =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

describe("name rules", () => {
  it.each([
    [dns1123Subdomain, "a.b-c", []],
    [dns1123Subdomain, "A", [subdomain]],
    [dns1123Subdomain, "a".repeat(254), ["must be no more than 253 characters"]],
    [dns1123Label, "a.b", ["must not contain dots"]],
    [dns1123Label, "a_b", [label]],
    [dns1123Label, `${"a".repeat(64)}`, ["must be no more than 63 characters"]],
    [
      dns1035Label,
      "1a",
      [
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
      ],
    ],
    [qualifiedName, "example.com/My_Name", []],
    [qualifiedName, "-", [`name part ${key}`]],
    [qualifiedName, "/a", ["prefix part must be non-empty"]],
    [qualifiedName, "B/a", [`prefix part ${subdomain}`]],
    [qualifiedName, "a/", ["name part must be non-empty", `name part ${key}`]],
    [
      qualifiedName,
      "a/b/c",
      [
        `a valid label key ${key} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
      ],
    ],
    [qualifiedName, "x".repeat(64), ["name part must be no more than 63 bytes"]],
    [labelValue, "", []],
    [labelValue, "x".repeat(64), ["must be no more than 63 bytes"]],
    [portName, "http", []],
    [portName, "80", ["must contain at least one letter (a-z)"]],
    [
      portName,
      "a--b-",
      ["must not contain consecutive hyphens", "must not begin or end with a hyphen"],
    ],
    [portName, "a-very-long-port-name", ["must be no more than 15 characters"]],
    [envVarName, "1 any-thing.goes", []],
    [
      envVarName,
      "a=b",
      [
        "a valid environment variable name must consist only of printable ASCII characters other than '='",
      ],
    ],
    [configMapKey, "..", ["must not be '..'"]],
    [configMapKey, "..a", ["must not start with '..'"]],
    [pathSegmentName, "a/b%", ["may not contain '/'", "may not contain '%'"]],
    [pathSegmentName, "..", ["may not be '..'"]],
  ] as [(text: string) => readonly string[], string, string[]][])(
    "%o %s",
    (rule, text, expected) => {
      expect(rule(text)).toEqual(expected);
    },
  );

  it("lets a generateName end in a dash", () => {
    expect(nameRules.subdomain("web-", true)).toEqual([]);
    expect(nameRules.subdomain("web-", false)).toEqual([subdomain]);
  });
});

describe("addresses", () => {
  it.each([
    ["::1", "::1"],
    ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::ffff:1.2.3.4", "1.2.3.4"],
    ["010.0.0.1", "10.0.0.1"],
  ])("%s is written %s", (text, canonical) => {
    const ip = parseIp(text);
    expect(ip && formatIp(ip)).toBe(canonical);
  });

  it.each(["", "1.2.3", "1.2.3.256", ":::", "1:2", "g::", "1::2::3", "12345::"])(
    "%s is none",
    (text) => {
      expect(parseIp(text)).toBeUndefined();
    },
  );

  it("refuses what 1.36 refuses", () => {
    const text = (errors: { message: string }[]): string[] => errors.map((e) => e.message);
    expect(text(validateIpLegacy("f", "010.0.0.1"))).toEqual([
      'Invalid value: "010.0.0.1": must not have leading 0s',
    ]);
    expect(validateIpLegacy("f", "010.0.0.1", ["010.0.0.1"])).toEqual([]);
    expect(text(validateIp("f", "2001:DB8::1"))).toEqual([
      'Invalid value: "2001:DB8::1": must be in canonical form ("2001:db8::1")',
    ]);
    expect(text(validateCidr("f", "10.0.0.1/24"))).toEqual([
      'Invalid value: "10.0.0.1/24": must not have bits set beyond the prefix length',
    ]);
    expect(validateCidr("f", "10.0.0.0/24")).toEqual([]);
  });
});

const meta = (more: Partial<ObjectMeta> = {}): ObjectMeta => ({
  name: "web",
  namespace: "default",
  uid: "u",
  resourceVersion: "1",
  creationTimestamp: "2026-01-01T12:00:00Z",
  ...more,
});
const texts = (errors: { field: string; message: string }[]): string[] =>
  errors.map((e) => `${e.field}: ${e.message}`);
const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "a", uid: "1", controller: true };

describe("metadata", () => {
  it.each([
    [meta(), []],
    [meta({ name: "" }), ["metadata.name: Required value: name or generateName is required"]],
    [meta({ namespace: "" }), ["metadata.namespace: Required value"]],
    [
      meta({ generation: -1 }),
      ["metadata.generation: Invalid value: -1: must be greater than or equal to 0"],
    ],
    [meta({ labels: { "a b": "x" } }), [`metadata.labels: Invalid value: "a b": name part ${key}`]],
    [
      meta({ annotations: { a: "x".repeat(256 * 1024) } }),
      ["metadata.annotations: Too long: may not be more than 262144 bytes"],
    ],
    [meta({ annotations: { "Example.com/a": "x" } }), []],
    [
      meta({ finalizers: ["mine"] }),
      [
        'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
      ],
    ],
    [
      meta({ finalizers: ["orphan", "foregroundDeletion"] }),
      [
        'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
      ],
    ],
    [
      meta({ ownerReferences: [{ ...owner, uid: "" }] }),
      ['metadata.ownerReferences.uid: Invalid value: "": must not be empty'],
    ],
  ] as [ObjectMeta, string[]][])("create %#", (object, expected) => {
    expect(texts(validateObjectMeta(object, true))).toEqual(expected);
  });

  it("allows one controller only", () => {
    const errors = validateObjectMeta(
      meta({ ownerReferences: [owner, { ...owner, name: "b", uid: "2" }] }),
      true,
    );
    expect(errors.map((e) => e.message.replace(/^.*?\]: /, ""))).toEqual([
      'Only one reference can have Controller set to true. Found "true" in references for ReplicaSet/a and ReplicaSet/b',
    ]);
  });

  it("keeps what a server set", () => {
    expect(
      texts(validateObjectMetaUpdate(meta({ uid: "other", resourceVersion: "" }), meta())),
    ).toEqual([
      'metadata.resourceVersion: Invalid value: "": must be specified for an update',
      'metadata.uid: Invalid value: "other": field is immutable',
    ]);
    const deleted = meta({ deletionTimestamp: "2026-01-01T13:00:00Z" });
    expect(
      texts(validateObjectMetaUpdate({ ...deleted, finalizers: ["a.io/b"] }, deleted)),
    ).toEqual([
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a.io/b"}',
    ]);
  });

  it("takes unset and empty as equal", () => {
    expect(semanticEqual({ a: [], b: { c: {} } }, {})).toBe(false);
    expect(semanticEqual({ a: [] }, {})).toBe(true);
    expect(semanticEqual({ a: [{ b: {} }] }, { a: [{}] })).toBe(true);
    expect(semanticEqual({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
  });
});
