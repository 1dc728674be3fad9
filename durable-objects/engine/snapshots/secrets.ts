/**
 * A snapshot without what its Secrets hold. Their keys stay, and as many bytes; so files, variables and programs that had a
 * value go on with as long a one that says nothing. What a value looks like when it was changed, cut or compressed nobody
 * can know.
 */
import type { Secret } from "../kinds/secret.ts";
import type { Pod } from "../kinds/pod/types.ts";
import type { ChangeRow } from "../core/log-rows.ts";
import type { PastRow, Snapshot } from "../core/snapshot.ts";
import type { KubeObject } from "../core/object.ts";
import { secretValueCharsMin } from "../core/limits.ts";
import { storedContentName } from "../runtime/fs/tree-codec.ts";
import { runtimeRecordCodec } from "../runtime/kernel/record-codec.ts";
import { decodeUtf8, encodeUtf8, fromBase64, toBase64 } from "../runtime/bytes.ts";
import { heldTable } from "../ports/request.ts";
import { Search } from "./search.ts";
import { insideBase64, mapTexts } from "./texts.ts";

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";
const blank = (length: number): string => "*".repeat(length);

interface Values {
  /** Replaced wherever they stand: no name or word is like them. */
  anywhere: Search;
  /** Where the whole of a file or of a variable that came from a Secret is one. */
  whole: ReadonlySet<string>;
  /** Variables that came from Secrets. */
  names: ReadonlySet<string>;
}

type Data = Record<string, string>;

/** Tokens of service accounts carry no signature in a snapshot, and the new cluster signs its own. */
const keeps = (secret: Secret): boolean => secret.type === "kubernetes.io/service-account-token";

/** `past`: revisions that are not in the snapshot; Secrets among them had values that may still lie about. */
export function withoutSecrets(
  snapshot: Snapshot,
  past: Iterable<readonly [by: string, row: ChangeRow]>,
): Snapshot {
  const secrets = secretsIn(snapshot, past);
  const names = variablesIn(snapshot, secrets);
  const values = valuesOf([...bytesIn(secrets), ...bytesOfVariables(snapshot, names)], names);
  return {
    ...snapshot,
    objects: snapshot.objects.map(([resource, rows]) => [
      resource,
      rows.map(([key, object]) => [key, object && scrubObject(resource, object, values)]),
    ]),
    records: withoutWaiting(snapshot.records).map(([table, rows]) => [
      table,
      rows.map(([key, value]) => [key, scrubRecord(table, value, values)]),
    ]),
    past: { ...snapshot.past, rows: snapshot.past.rows.map((row) => scrubRow(row, values)) },
  };
}

/** A request that waits for webhooks may bring what no Secret holds yet. */
function withoutWaiting(records: Snapshot["records"]): Snapshot["records"] {
  const waits = (value: unknown): boolean => (value as { request?: unknown }).request !== undefined;
  return records.map(([table, rows]) =>
    table === heldTable ? [table, rows.filter(([, value]) => !waits(value))] : [table, rows],
  );
}

function secretsIn(
  { objects }: Snapshot,
  past: Iterable<readonly [by: string, row: ChangeRow]>,
): Secret[] {
  const all = (objects.find(([resource]) => resource === "secrets")?.[1] ?? []).map(([, o]) => o);
  for (const [, [, , , resource, , , object]] of past) if (resource === "secrets") all.push(object);
  return (all as (Secret | null)[]).filter(
    (secret) => secret !== null && !keeps(secret),
  ) as Secret[];
}

function* bytesIn(secrets: readonly Secret[]): Iterable<string> {
  for (const { data = {} } of secrets) {
    for (const value of Object.values(data)) yield fromBase64(value) ?? "";
  }
}

interface Started {
  containers?: Record<string, { spec?: { env?: { name: string; value: string }[] } }>;
}

/** What containers were started with, however long ago the Secret held it. */
function* bytesOfVariables({ records }: Snapshot, names: ReadonlySet<string>): Iterable<string> {
  const rows = records.find(([table]) => table === "runtime")?.[1] ?? [];
  for (const [, stored] of rows) {
    const { containers = {} } = runtimeRecordCodec.load(stored) as Started;
    for (const { spec } of Object.values(containers)) {
      for (const { name, value } of spec?.env ?? []) if (names.has(name)) yield encodeUtf8(value);
    }
  }
}

function variablesIn({ objects }: Snapshot, secrets: readonly Secret[]): Set<string> {
  const names = new Set<string>();
  for (const [, pod] of objects.find(([resource]) => resource === "pods")?.[1] ?? []) {
    const {
      containers = [],
      initContainers = [],
      ephemeralContainers = [],
    } = (pod as Partial<Pod> | null)?.spec ?? {};
    for (const { env = [], envFrom = [] } of [
      ...containers,
      ...initContainers,
      ...ephemeralContainers,
    ]) {
      for (const { name, valueFrom } of env) if (valueFrom?.secretKeyRef) names.add(name);
      for (const { prefix = "", secretRef } of envFrom) {
        const from = secrets.filter(({ metadata }) => metadata?.name === secretRef?.name);
        for (const { data = {} } of from) for (const key in data) names.add(prefix + key);
      }
    }
  }
  return names;
}

function valuesOf(contents: Iterable<string>, names: ReadonlySet<string>): Values {
  const whole = new Set<string>();
  const anywhere = new Map<string, string>();
  for (const bytes of new Set(contents)) {
    const inner = bytes.trimEnd();
    for (const text of [bytes, decodeUtf8(bytes), inner]) {
      if (text === "") continue;
      whole.add(text);
      if (isDistinct(text)) anywhere.set(text, blank(text.length));
    }
    if (isDistinct(inner)) for (const form of encodedForms(inner)) anywhere.set(...form);
  }
  return { anywhere: new Search(anywhere), whole, names };
}

/** Not a word that may as well be a name, an image or a port: long, or of several kinds of characters. */
function isDistinct(text: string): boolean {
  if (text.length < secretValueCharsMin) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/].filter((kind) => kind.test(text));
  return kinds.length > 1 || text.length >= 2 * secretValueCharsMin;
}

/** How it shows in base64, after none, one or two other bytes of a group. */
function encodedForms(bytes: string): [string, string][] {
  const stars = blank(bytes.length);
  return [0, 1, 2].map((n) => [insideBase64(bytes, n), insideBase64(stars, n)]);
}

/** As long, and what a type of Secret wants to be JSON is some. */
function blankData(type: string | undefined, data: Data): Data {
  const json = type === "kubernetes.io/dockerconfigjson" || type === "kubernetes.io/dockercfg";
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => {
      const { length } = fromBase64(value) ?? "";
      const text = json && length >= 2 ? `{${" ".repeat(length - 2)}}` : blank(length);
      return [key, toBase64(text)];
    }),
  );
}

function scrubObject(resource: string, object: KubeObject, values: Values): KubeObject {
  if (resource !== "secrets") return mapTexts(object, (text) => values.anywhere.replaced(text));
  const secret = object as Secret;
  if (keeps(secret)) return object;
  const { [lastApplied]: _told, ...annotations } = object.metadata.annotations ?? {};
  const metadata = { ...object.metadata, ...(object.metadata.annotations && { annotations }) };
  const data = secret.data && { data: blankData(secret.type, secret.data as Data) };
  return { ...object, metadata, ...data } as KubeObject;
}

function scrubRow(row: PastRow, values: Values): PastRow {
  const [by, rv, at, op, resource, namespace, name, object, ...before] = row;
  const scrubbed = object && scrubObject(resource, object, values);
  return [by, rv, at, op, resource, namespace, name, scrubbed, ...before];
}

/** Contents of files: as they are, or behind a letter that says how they are written. */
const contentTables = new Set(["files", "trees"]);

function scrubRecord(table: string, value: unknown, values: Values): unknown {
  const { anywhere, whole, names } = values;
  return mapTexts(value, (text, name, beside) => {
    const content = contentTables.has(table) && (name === storedContentName || name === "");
    const variable = names.has(name) || (name === "value" && names.has(beside));
    if ((content || variable) && whole.has(text)) return blank(text.length);
    if (content && name === "" && text.startsWith("t") && whole.has(text.slice(1)))
      return `t${blank(text.length - 1)}`;
    return anywhere.replaced(text);
  });
}
