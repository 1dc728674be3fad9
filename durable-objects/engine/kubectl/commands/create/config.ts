/** kubectl create configmap, secret. k8s: kubectl/pkg/cmd/create/create_{configmap,secret,secret_docker,secret_tls}.go */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { bytesOf, decodeUtf8, encodeUtf8, toBase64 } from "../../../runtime/bytes.ts";
import { trimEndOf } from "../../../core/trim.ts";
import { goQuote } from "../../../machinery/field.ts";
import { configMapKey } from "../../../machinery/names.ts";
import { environment, list, readBytes, stat } from "../../asks.ts";
import type { Command, Kubectl } from "../../command.ts";
import { Failure } from "../../errors.ts";
import { goJson } from "../../go/json.ts";
import { envVarProblems } from "../../mutate/env-names.ts";
import { generator, type Generated } from "../../mutate/generate.ts";
import type { Work } from "../../work.ts";

/** Keys with their values, binary strings. */
type Data = Map<string, string>;
/** Adds a key; throws what is wrong with it. */
type Add = (key: string, bytes: string) => void;

/** `key=path`, or a path whose last part is the key. k8s: kubectl/pkg/util/util.go ParseFileSource */
function fileSource(source: string): [key: string, path: string] {
  const parts = source.split("=");
  if (parts.length === 1) return [trimEndOf(source, "/").split("/").at(-1) ?? "", source];
  if (parts.length > 2) throw new Failure("key names or file paths cannot contain '='");
  const [key = "", path = ""] = parts;
  if (key === "") throw new Failure(`key name for file path ${path} missing`);
  if (path === "") throw new Failure(`file path for key name ${key} missing`);
  return [key, path];
}

/** Whether there is a folder; Failure in the words of those that read sources. */
function* isFolder(path: string): Work<boolean> {
  let found: { folder: boolean } | undefined;
  try {
    found = yield* stat(path);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`error reading ${path}: ${error.message.split(": ").at(-1)}`);
  }
  if (!found) throw new Failure(`error reading ${path}: no such file or directory`);
  return found.folder;
}

function* addFiles(sources: readonly string[], add: Add): Work<void> {
  for (const source of sources) {
    const [key, path] = fileSource(source);
    if (!(yield* isFolder(path))) {
      add(key, yield* readBytes(path));
      continue;
    }
    if (source.includes("=")) throw new Failure("cannot give a key name for a directory path");
    for (const name of yield* list(path)) {
      const inner = `${trimEndOf(path, "/")}/${name}`;
      if (!(yield* stat(inner))?.folder) add(name, yield* readBytes(inner));
    }
  }
}

function addLiterals(sources: readonly string[], add: Add): void {
  for (const source of sources) {
    const at = source.indexOf("=");
    if (at <= 0) throw new Failure(`invalid literal source ${source}, expected key=value`);
    add(source.slice(0, at), encodeUtf8(source.slice(at + 1)));
  }
}

/** Lines `key=value`. k8s: kubectl/pkg/cmd/util/env_file.go */
function* addEnvFiles(paths: readonly string[], what: string, add: Add): Work<void> {
  const env = yield* environment();
  for (const path of paths) {
    if (yield* isFolder(path)) throw new Failure(`env ${what} file cannot be a directory`);
    const text = decodeUtf8(yield* readBytes(path)).replace(/^\ufeff/, "");
    for (const raw of text.split("\n")) {
      const line = raw.replace(/\r$/, "").trimStart();
      if (line === "" || line.startsWith("#")) continue;
      const at = line.indexOf("=");
      const key = at < 0 ? line : line.slice(0, at);
      const problems = envVarProblems(key);
      if (problems.length > 0)
        throw new Failure(`${goQuote(key)} is not a valid key name: ${problems.join(";")}`);
      add(key, encodeUtf8(at < 0 ? (env[key] ?? "") : line.slice(at + 1)));
    }
  }
}

function checkSources(k: Kubectl, name: string): void {
  const { flags } = k;
  if (name === "") k.fail("name must be specified");
  const others = [...flags.list("from-file"), ...flags.list("from-literal")];
  if (flags.list("from-env-file").length > 0 && others.length > 0)
    k.fail("from-env-file cannot be combined with from-file or from-literal");
}

/** The end of a name that tells what is in it. k8s: kubectl/pkg/util/hash */
function hashOf(value: unknown): string {
  const hex = bytesToHex(sha256(bytesOf(encodeUtf8(goJson(value))))).slice(0, 10);
  const instead: Record<string, string> = { "0": "g", "1": "h", "3": "k", a: "m", e: "t" };
  return hex.replace(/[013ae]/g, (c) => instead[c] as string);
}

const isText = (bytes: string): boolean => encodeUtf8(decodeUtf8(bytes)) === bytes;

const tableOf = (data: Data, value: (bytes: string) => string): Record<string, string> =>
  Object.fromEntries([...data.keys()].toSorted().map((key) => [key, value(data.get(key) ?? "")]));

function* configMap(k: Kubectl, name: string): Work<Generated> {
  const { flags } = k;
  checkSources(k, name);
  const [texts, blobs]: [Data, Data] = [new Map(), new Map()];
  const add: Add = (key, bytes) => {
    const problems = configMapKey(key);
    if (problems.length > 0)
      throw new Failure(
        `${goQuote(key)} is not a valid key name for a ConfigMap: ${problems.join(",")}`,
      );
    for (const [where, data] of [
      ["Data", texts],
      ["BinaryData", blobs],
    ] as const)
      if (data.has(key))
        throw new Failure(
          `cannot add key ${goQuote(key)}, another key by that name already exists in ${where} for ConfigMap ${goQuote(name)}`,
        );
    (isText(bytes) ? texts : blobs).set(key, bytes);
  };
  yield* addFiles(flags.list("from-file"), add);
  addLiterals(flags.list("from-literal"), add);
  yield* addEnvFiles(flags.list("from-env-file"), "config", add);
  const data = tableOf(texts, decodeUtf8);
  const binaryData = tableOf(blobs, toBase64);
  const filled = blobs.size ? { binaryData } : {};
  const hash = flags.bool("append-hash")
    ? `-${hashOf({ kind: "ConfigMap", name, data, ...filled })}`
    : "";
  return {
    plural: "configmaps",
    failure: "failed to create configmap: ",
    object: {
      kind: "ConfigMap",
      apiVersion: "v1",
      metadata: { name: `${name}${hash}` },
      ...(texts.size ? { data } : {}),
      ...filled,
    },
  };
}

/** A Secret of what was gathered. */
function secretOf(k: Kubectl, name: string, type: string, gathered: Data): Generated {
  const data = tableOf(gathered, toBase64);
  const hash = k.flags.bool("append-hash")
    ? `-${hashOf({ kind: "Secret", type, name, data })}`
    : "";
  return {
    plural: "secrets",
    failure: "failed to create secret ",
    object: {
      kind: "Secret",
      apiVersion: "v1",
      metadata: { name: `${name}${hash}` },
      ...(gathered.size ? { data } : {}),
      ...(type ? { type } : {}),
    },
  };
}

const addTo =
  (data: Data): Add =>
  (key, bytes) => {
    const problems = configMapKey(key);
    if (problems.length > 0)
      throw new Failure(`${goQuote(key)} is not valid key name for a Secret ${problems.join(";")}`);
    if (data.has(key))
      throw new Failure(`cannot add key ${key}, another key by that name already exists`);
    data.set(key, bytes);
  };

function* generic(k: Kubectl, name: string): Work<Generated> {
  const { flags } = k;
  checkSources(k, name);
  const data: Data = new Map();
  const add = addTo(data);
  addLiterals(flags.list("from-literal"), add);
  yield* addFiles(flags.list("from-file"), add);
  yield* addEnvFiles(flags.list("from-env-file"), "secret", add);
  return secretOf(k, name, flags.string("type"), data);
}

function* dockerRegistry(k: Kubectl, name: string): Work<Generated> {
  const { flags } = k;
  const key = ".dockerconfigjson";
  const files = flags.list("from-file").map((one) => (one.includes("=") ? one : `${key}=${one}`));
  const [username, password, email, server] = ["username", "password", "email", "server"].map(
    (flag) => flags.string(`docker-${flag}`),
  );
  if (name === "") k.fail("name must be specified");
  if (files.length === 0 && !(username && password && server))
    k.fail(
      "either --from-file or the combination of --docker-username, --docker-password and --docker-server is required",
    );
  const data: Data = new Map();
  if (files.length > 0) yield* addFiles(files, addTo(data));
  else {
    const auth = toBase64(encodeUtf8(`${username}:${password}`));
    const entry = { username, password, ...(email ? { email } : {}), auth };
    const config = { auths: { [server ?? ""]: entry } };
    data.set(key, encodeUtf8(goJson(config, "", "", Object.keys)));
  }
  return secretOf(k, name, "kubernetes.io/dockerconfigjson", data);
}

function* readPem(path: string): Work<string> {
  try {
    return yield* readBytes(path);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`Cannot read file ${path}, ${error.message}`);
  }
}

function* tls(k: Kubectl, name: string): Work<Generated> {
  const [certificate, key] = [k.flags.string("cert"), k.flags.string("key")];
  if (!certificate || !key) k.fail("key and cert must be specified");
  const data: Data = new Map();
  data.set("tls.crt", yield* readPem(certificate));
  data.set("tls.key", yield* readPem(key));
  const pem = (text = ""): boolean => text.includes("-----BEGIN ") && text.includes("\n-----END ");
  for (const [file, what] of [
    ["tls.crt", "certificate"],
    ["tls.key", "key"],
  ] as const)
    if (!pem(data.get(file))) k.fail(`tls: failed to find any PEM data in ${what} input`);
  return secretOf(k, name, "kubernetes.io/tls", data);
}

export const createConfigs: readonly Command[] = [
  generator("configmap", configMap),
  generator("secret generic", generic),
  generator("secret docker-registry", dockerRegistry),
  generator("secret tls", tls),
];
