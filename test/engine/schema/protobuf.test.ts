import { structType, typeForKind } from "../../../durable-objects/engine/schema/types.ts";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StatusError } from "../../../durable-objects/engine/machinery/status.ts";
import { fromBase64, toBase64 } from "../../../durable-objects/engine/machinery/base64.ts";
import { decodeObject } from "../../../durable-objects/engine/schema/decode.ts";
import { decodeProtobuf, encodeProtobuf } from "../../../durable-objects/engine/schema/protobuf.ts";

// Objects, and the bytes that upstream's own serializer (1.36) writes for them.
const upstream: [string, { apiVersion: string; kind: string }, string][] = [
  [
    "a Deployment: zeros, pointers, quantities, int-or-string, inline structs, maps",
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: {
        name: "web",
        labels: { b: "1", a: "2" },
        creationTimestamp: "2026-01-01T00:00:00Z",
      },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: "web" } },
        strategy: { rollingUpdate: { maxSurge: "25%", maxUnavailable: 1 } },
        template: {
          spec: {
            containers: [
              {
                name: "c",
                image: "nginx",
                ports: [{ containerPort: 80 }],
                resources: { limits: { cpu: "500m" } },
                livenessProbe: { httpGet: { path: "/", port: 80 } },
              },
            ],
            activeDeadlineSeconds: -1,
          },
        },
      },
    } as { apiVersion: string; kind: string },
    "azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50EoQCCisKA3dlYhIAGgAiACoAMgA4AEIICIDy1soGEABaBgoBYRIBMloGCgFiEgExEsYBCAASDAoKCgNhcHASA3dlYhqWAQoQCgASABoAIgAqADIAOABCABKBARJYCgFjEgVuZ2lueCoAMgoKABAAGFAiACoAQg8KDQoDY3B1EgYKBDUwMG1SHQoREg8KAS8SBggAEFAaABoAIgAQABgAIAAoADAAagByAIABAIgBAJABAKIBABoAKP///////////wEyAEIASgBSAFgAYABoAIIBAIoBAJoBAMIBACIXCgASEwoGCAAQARoAEgkIARAAGgMyNSUoADgAGgwIABAAGAAgACgAOAAaACIA",
  ],
  [
    "a Lease: MicroTime",
    {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name: "x" },
      spec: { renewTime: "2026-01-02T03:04:05.123456Z" },
    } as { apiVersion: string; kind: string },
    "azhzAAofChZjb29yZGluYXRpb24uazhzLmlvL3YxEgVMZWFzZRIiChEKAXgSABoAIgAqADIAOABCABINIgsIpevcygYQgJTvOhoAIgA=",
  ],
  [
    "an access review: lists wrapped in a message",
    {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      metadata: {},
      spec: { user: "u", extra: { k: ["a", "b"] } },
    } as { apiVersion: string; kind: string },
    "azhzAAouChdhdXRob3JpemF0aW9uLms4cy5pby92MRITU3ViamVjdEFjY2Vzc1JldmlldxIwChAKABIAGgAiACoAMgA4AEIAEhIaAXUqCwoBaxIGCgFhCgFiMgAaCAgAEgAaACAAGgAiAA==",
  ],
  [
    "a ControllerRevision: raw JSON",
    {
      apiVersion: "apps/v1",
      kind: "ControllerRevision",
      metadata: { name: "r" },
      data: { a: [1] },
      revision: 2,
    } as { apiVersion: string; kind: string },
    "azhzAAodCgdhcHBzL3YxEhJDb250cm9sbGVyUmV2aXNpb24SIgoRCgFyEgAaACIAKgAyADgAQgASCwoJeyJhIjpbMV19GAIaACIA",
  ],
];

const typeName = (o: { apiVersion: string; kind: string }): string =>
  typeForKind(o.apiVersion, o.kind)!.name;

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
/** An envelope of a v1 Pod around a raw body. */
const pod = (raw: string): Uint8Array =>
  bytes(`k8s\0\x0a\x09\x0a\x02v1\x12\x03Pod\x12${String.fromCharCode(raw.length)}${raw}`);

describe("protobuf", () => {
  test.each(upstream)("%s", (_name, object, base64) => {
    const canonical = decodeObject(structType(typeName(object)), object).object;
    expect(toBase64(encodeProtobuf(object.apiVersion, object.kind, canonical))).toBe(base64);
    const decoded = decodeProtobuf(fromBase64(base64));
    expect(decoded).toMatchObject({ apiVersion: object.apiVersion, kind: object.kind });
    expect(decodeObject(structType(typeName(object)), decoded.value).object).toEqual(canonical);
  });

  test.each([
    ["nothing", new Uint8Array(), "empty data"],
    [
      "JSON",
      bytes("{}"),
      "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
    ],
    ["a cut body", pod("\x0a\x7f"), "unexpected EOF"],
    ["a wrong wire type", pod("\x08\x01"), "proto: wrong wireType = 0 for field ObjectMeta"],
    ["a group's end", pod("\x0c"), "proto: Pod: wiretype end group for non-group"],
    ["field zero", pod("\x00"), "proto: Pod: illegal tag 0 (wire type 0)"],
    ["an endless varint", pod("\xff".repeat(11)), "proto: integer overflow"],
    [
      "a negative length",
      pod("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
      "proto: negative length found during unmarshaling",
    ],
    [
      "an unknown kind",
      bytes("k8s\0\x0a\x07\x0a\x02v1\x12\x01X"),
      'no kind "X" is registered for version "v1" in scheme',
    ],
  ])("%s is refused", (_name, body, message) => {
    expect(() => decodeProtobuf(body)).toThrow(message);
  });

  test("bodies of every size survive the way there and back", () => {
    for (let size = 900; size < 4200; size += 7) {
      const data = { a: "x".repeat(size), b: "y".repeat(size % 300) };
      const object = { kind: "ConfigMap", apiVersion: "v1", metadata: { name: "c" }, data };
      const { value } = decodeProtobuf(encodeProtobuf("v1", "ConfigMap", object));
      expect(decodeObject(structType("core/v1.ConfigMap"), value).object).toEqual(object);
    }
  });

  test("unknown fields are passed over, integers keep sign and width", () => {
    const { value } = decodeProtobuf(
      pod("\xf8\x7f\x01\x12\x10\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\xc8\x01\x80\x80\x01"),
    );
    expect(value).toEqual({
      apiVersion: "v1",
      kind: "Pod",
      spec: { activeDeadlineSeconds: -1, priority: 16384 },
    });
  });

  test("damaged bytes are decoded or refused, never worse", () => {
    const good = fromBase64(upstream[0]![2]);
    const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(damage, fc.nat(good.length), (changes, length) => {
        const body = good.slice(0, Math.max(5, length));
        for (const [at, byte] of changes) if (at >= 4 && at < body.length) body[at] = byte;
        try {
          const { apiVersion, kind, value } = decodeProtobuf(body);
          decodeObject(typeForKind(apiVersion, kind)!, value);
        } catch (error) {
          expect(error).toBeInstanceOf(StatusError);
        }
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});
