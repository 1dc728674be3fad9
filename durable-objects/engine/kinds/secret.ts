import type * as core from "kubernetes-types/core/v1";
import { at, invalid, required, tooLong, type FieldError } from "../machinery/field.ts";
import { validateImmutable } from "../machinery/metadata.ts";
import { configMapKey, invalidEach } from "../machinery/names.ts";
import { dataBytesMax } from "../core/limits.ts";
import { fromBase64, toBase64 } from "../machinery/base64.ts";
import { JsonSyntaxError, scanJson } from "../schema/json-scan.ts";
import { decodeUtf8, encodeUtf8 } from "../core/utf8.ts";
import { base64Length, keysOf } from "./checks.ts";
import { age, ageColumn, column, nameColumn } from "./columns.ts";
import { checkFrozen } from "./config-map.ts";
import type { Kind } from "./define.ts";
import type { Stored } from "./stored.ts";
import { schemaNamed } from "../schema/types.ts";

export type Secret = Stored<core.Secret>;

type Data = Record<string, string>;

/** What a type demands of the data. k8s: core validation ValidateSecret */
const typeChecks: Record<string, (data: Data, secret: Secret) => FieldError[]> = {
  "kubernetes.io/service-account-token": (_data, secret) =>
    secret.metadata.annotations?.["kubernetes.io/service-account.name"]
      ? []
      : [required("metadata.annotations[kubernetes.io/service-account.name]")],
  "kubernetes.io/dockercfg": (data) => checkJson(data, ".dockercfg"),
  "kubernetes.io/dockerconfigjson": (data) => checkJson(data, ".dockerconfigjson"),
  "kubernetes.io/basic-auth": (data) =>
    data["username"] === undefined && data["password"] === undefined
      ? [required("data[username]"), required("data[password]")]
      : [],
  "kubernetes.io/ssh-auth": (data) =>
    data["ssh-privatekey"] ? [] : [required("data[ssh-privatekey]")],
  "kubernetes.io/tls": (data) =>
    ["tls.crt", "tls.key"].flatMap((key) =>
      data[key] === undefined ? [required(at("data", key))] : [],
    ),
};

function checkJson(data: Data, key: string): FieldError[] {
  const path = at("data", key);
  const text = data[key];
  if (text === undefined) return [required(path)];
  const problem = jsonProblem(decodeUtf8(fromBase64(text)));
  return problem ? [invalid(path, "<secret contents redacted>", problem)] : [];
}

/** Why a text is no JSON object, in Go's words. */
function jsonProblem(text: string): string | undefined {
  let value: unknown;
  try {
    value = scanJson(text).value;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error.message;
    throw error;
  }
  if (value === null || (typeof value === "object" && !Array.isArray(value))) return undefined;
  const word = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  return `json: cannot unmarshal ${word} into Go value of type map[string]interface {}`;
}

function validate(secret: Secret): FieldError[] {
  const data: Data = secret.data ?? {};
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const key of keysOf(data)) {
    errors.push(...invalidEach(at("data", key), key, configMapKey(key)));
    bytes += base64Length(data[key] ?? "");
  }
  if (bytes > dataBytesMax) errors.push(tooLong("data", dataBytesMax));
  const type = secret.type ?? "";
  if (Object.hasOwn(typeChecks, type)) errors.push(...(typeChecks[type]?.(data, secret) ?? []));
  return errors;
}

/** stringData is write-only: it ends in data. k8s: pkg/apis/core/v1/conversion.go Convert_v1_Secret_To_core_Secret */
function takeStringData(secret: Secret): Secret {
  if (!secret.stringData) return secret;
  const { stringData, ...rest } = secret;
  const data: Data = { ...secret.data };
  for (const key of keysOf(stringData)) data[key] = toBase64(encodeUtf8(stringData[key] ?? ""));
  return { ...rest, data };
}

/** Types of the PEM blocks of a text, each from its BEGIN to the next END of the same type. */
function pemTypes(data: string | undefined): string[] {
  const lines = decodeUtf8(fromBase64(data ?? "")).split(/\r?\n/);
  const typeAt = (i: number, word: string): string | undefined => {
    const line = lines[i] ?? "";
    const marked = line.startsWith(`-----${word} `) && line.endsWith("-----");
    return marked ? line.slice(word.length + 6, -5) : undefined;
  };
  const lastEnds = new Map<string, number>();
  for (let i = 0; i < lines.length; i++) {
    const type = typeAt(i, "END");
    if (type !== undefined) lastEnds.set(type, i);
  }
  const types: string[] = [];
  let open: string | undefined;
  for (let i = 0; i < lines.length; i++) {
    if (open === undefined) {
      const type = typeAt(i, "BEGIN");
      if (type !== undefined && (lastEnds.get(type) ?? 0) > i) open = type;
    } else if (typeAt(i, "END") === open) {
      types.push(open);
      open = undefined;
    }
  }
  return types;
}

/** What is said of a certificate and key that hold no such thing. k8s: crypto/tls X509KeyPair */
function keyPairWarnings(data: Data): string[] {
  const isKey = (type: string): boolean => /(^| )PRIVATE KEY$/.test(type);
  const certificates = pemTypes(data["tls.crt"]);
  if (!certificates.includes("CERTIFICATE")) {
    if (certificates.length === 0) {
      return ["tls: failed to find any PEM data in certificate input"];
    }
    return certificates.length === 1 && isKey(certificates[0] ?? "")
      ? [
          "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched",
        ]
      : [
          `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${certificates.join(" ")}]`,
        ];
  }
  const keys = pemTypes(data["tls.key"]);
  if (keys.some(isKey)) return [];
  if (keys.length === 0) return ["tls: failed to find any PEM data in key input"];
  return keys.length === 1 && keys[0] === "CERTIFICATE"
    ? ["tls: found a certificate rather than a key in the PEM for the private key"]
    : [
        `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [${keys.join(" ")}]`,
      ];
}

export const Secret: Kind<Secret> = {
  resource: "secrets",
  apiVersion: "v1",
  kind: "Secret",
  schema: schemaNamed("core/v1.Secret"),
  namespaced: true,
  hasGeneration: false,
  applyDefaults(secret) {
    const plain = takeStringData(secret);
    return plain.type ? plain : { ...plain, type: "Opaque" };
  },
  validateCreate: validate,
  validateUpdate: (secret, old) => [
    ...validateImmutable(secret.type, old.type, "type"),
    ...checkFrozen(secret, old, ["data"]),
    ...validate(secret),
  ],
  warnings: (secret) =>
    secret.type === "kubernetes.io/tls" ? keyPairWarnings(secret.data ?? {}) : [],
  fields: (secret) => ({ type: secret.type ?? "" }),
  table: {
    columns: [
      nameColumn,
      column("Type", "What the data is for."),
      column("Data", "Number of its keys."),
      ageColumn,
    ],
    cells: (secret, now) => [
      secret.metadata.name,
      secret.type ?? "",
      keysOf(secret.data).length,
      age(secret, now),
    ],
  },
};
