/** ConfigMaps and Secrets made of literals and files, and the hash in their names. k8s: kustomize/api/{internal/generators,hasher} */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesOf, decodeUtf8, encodeUtf8, toBase64 } from "../../runtime/bytes.ts";
import { readBytes, stat } from "../asks.ts";
import { Failure } from "../errors.ts";
import { goJson } from "../go/json.ts";
import type { KubeObject } from "../objects.ts";
import type { Work } from "../work.ts";
import { absolute } from "./paths.ts";
import { resourceOf, type GeneratorArgs, type Kustomization, type Resource } from "./types.ts";

/** Values as bytes. */
function* dataOf(folder: string, args: GeneratorArgs): Work<Record<string, string>> {
  const out: Record<string, string> = {};
  for (const literal of args.literals ?? []) {
    const at = literal.indexOf("=");
    if (at < 1)
      throw new Failure(
        `loading KV pairs: literal sources [${args.literals?.join(" ")}]: invalid literal source ${literal}, expected key=value`,
      );
    out[literal.slice(0, at)] = encodeUtf8(literal.slice(at + 1).replace(/^(["'])(.*)\1$/s, "$2"));
  }
  for (const file of args.files ?? []) {
    const at = file.indexOf("=");
    const path = at < 0 ? file : file.slice(at + 1);
    const key = at < 0 ? path.slice(path.lastIndexOf("/") + 1) : file.slice(0, at);
    const full = yield* absolute(`${folder}/${path}`);
    if (!(yield* stat(full)))
      throw new Failure(
        `loading KV pairs: file sources: [${args.files?.join(" ")}]: evalsymlink failure on '${full}' : lstat ${full}: no such file or directory`,
      );
    out[key] = yield* readBytes(full);
  }
  for (const file of [...(args.envs ?? []), ...(args.env ? [args.env] : [])]) {
    const text = yield* readBytes(`${folder}/${file}`);
    for (const line of text.split("\n")) {
      const at = line.indexOf("=");
      if (line.trim() !== "" && !line.startsWith("#") && at > 0)
        out[line.slice(0, at)] = line.slice(at + 1);
    }
  }
  return out;
}

function objectFor(
  kind: "ConfigMap" | "Secret",
  args: GeneratorArgs,
  data: Record<string, string>,
  shared: GeneratorArgs["options"],
): KubeObject {
  const options = { ...shared, ...args.options };
  const { labels, annotations, immutable } = options;
  const values = Object.fromEntries(
    Object.entries(data).map(([key, bytes]) => [
      key,
      kind === "Secret" ? toBase64(bytes) : decodeUtf8(bytes),
    ]),
  );
  return {
    apiVersion: "v1",
    kind,
    metadata: {
      name: args.name ?? "",
      ...(args.namespace ? { namespace: args.namespace } : {}),
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
    },
    ...(Object.keys(values).length ? { data: values } : {}),
    ...(immutable ? { immutable } : {}),
    ...(kind === "Secret" ? { type: args.type ?? "Opaque" } : {}),
  };
}

/** Adds what is generated; `merge` and `replace` change what is there. */
export function* generate(
  folder: string,
  config: Kustomization,
  resources: Resource[],
): Work<void> {
  const lists = [
    ["ConfigMap", config.configMapGenerator ?? []],
    ["Secret", config.secretGenerator ?? []],
  ] as const;
  for (const [kind, list] of lists)
    for (const args of list) {
      const data = yield* dataOf(folder, args);
      const object = objectFor(kind, args, data, config.generatorOptions);
      const hashed = !{ ...config.generatorOptions, ...args.options }.disableNameSuffixHash;
      const before = resources.find(
        (one) => one.object.kind === kind && one.origin.name === args.name,
      );
      if (args.behavior === "merge" || args.behavior === "replace") {
        if (!before)
          throw new Failure(
            `merging from generator &{0xc0004b2e10 <nil>}: id resid.ResId{Gvk:resid.Gvk{Group:"", Version:"v1", Kind:"${kind}", isClusterScoped:false}, Name:"${args.name}", Namespace:""} does not exist; cannot merge or replace`,
          );
        const old = args.behavior === "merge" ? (before.object["data"] as object) : {};
        before.object = {
          ...before.object,
          data: { ...old, ...(object["data"] as object | undefined) },
        };
        continue;
      }
      resources.push({ ...resourceOf(object), ...(hashed ? { hashed: true as const } : {}) });
    }
}

const vowels: Record<string, string> = { 0: "g", 1: "h", 3: "k", a: "m", e: "t" };

/** k8s: kustomize/api/hasher/hasher.go */
export function hashOf(object: KubeObject): string {
  const { kind } = object;
  const fields: Record<string, unknown> = {
    data: object["data"] ?? "",
    kind,
    // Upstream looks the name up under a path that no object has.
    name: "",
  };
  if (object["binaryData"]) fields["binaryData"] = object["binaryData"];
  if (kind === "Secret") fields["type"] = object["type"] ?? "";
  const digest = sha256(bytesOf(encodeUtf8(goJson(fields))));
  const hex = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [...hex.slice(0, 10)].map((c) => vowels[c] ?? c).join("");
}
