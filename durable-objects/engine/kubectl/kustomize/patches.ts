/** Patches of a kustomization: JSON patches and strategic merge patches, and the objects they mean. */
import { parseYaml } from "../../schema/yaml.ts";
import { parseLabelSelector } from "../../machinery/selectors.ts";
import { readFile, stat } from "../asks.ts";
import { jsonPatchType, mergePatchType, strategicPatchType } from "../client.ts";
import { Failure } from "../errors.ts";
import { builtInType, patchLocally } from "../merge/local-patch.ts";
import { printYaml } from "../printers/yaml.ts";
import { readObjects, type KubeObject } from "../objects.ts";
import { encodeUtf8 } from "../../runtime/bytes.ts";
import { Regex, regexFor } from "../../regex/regex.ts";
import { MatchWork } from "../../runtime/match-work.ts";
import type { Work } from "../work.ts";
import { absolute } from "./paths.ts";
import type { Kustomization, PatchEntry, Resource, Target } from "./types.ts";

/** Whether a pattern, as Go has them, matches all of a name; one that is none matches nothing. */
function whole(pattern: string | undefined, text: string): boolean {
  if (!pattern) return true;
  const work = new MatchWork();
  const made = regexFor(work, pattern, encodeUtf8(`^(?:${pattern})$`), { syntax: "perl" });
  return made instanceof Regex && made.test(encodeUtf8(text), work);
}

/** Whether an object, under its present or its first name, is meant. */
export function isTarget({ object, origin }: Resource, target: Target): boolean {
  const { apiVersion = "", kind = "", metadata } = object;
  const slash = apiVersion.indexOf("/");
  const group = slash < 0 ? "" : apiVersion.slice(0, slash);
  const named = (own: string, first: string, pattern: string | undefined): boolean =>
    whole(pattern, own) || whole(pattern, first);
  const labelled = (selector: string | undefined, map: Record<string, string> = {}): boolean =>
    !selector || parseLabelSelector(selector).matches(map);
  return (
    whole(target.group, group) &&
    whole(target.version, apiVersion.slice(slash + 1)) &&
    whole(target.kind, kind) &&
    named(metadata?.name ?? "", origin.name, target.name) &&
    named(metadata?.namespace ?? "", origin.namespace, target.namespace) &&
    labelled(target.labelSelector, metadata?.labels) &&
    labelled(target.annotationSelector, metadata?.annotations)
  );
}

/** Carries out all patches on the objects. */
export function* patchAll(
  folder: string,
  config: Kustomization,
  resources: Resource[],
): Work<void> {
  for (const one of config.patchesStrategicMerge ?? []) {
    const isFile = !one.includes("\n") && (yield* stat(yield* absolute(`${folder}/${one}`)));
    yield* patchOne(folder, isFile ? { path: one } : { patch: one }, resources);
  }
  for (const entry of [...(config.patches ?? []), ...(config.patchesJson6902 ?? [])])
    yield* patchOne(folder, entry, resources);
}

function* patchOne(folder: string, entry: PatchEntry, resources: Resource[]): Work<void> {
  const path = entry.path ? yield* absolute(`${folder}/${entry.path}`) : "";
  const text = path ? yield* readFile(path) : (entry.patch ?? "");
  const { value } = parseYaml(text.startsWith("---") ? text.slice(3) : text);
  if (Array.isArray(value)) {
    for (const one of resources)
      if (isTarget(one, entry.target ?? {}))
        one.object = patchLocally(one.object, value, jsonPatchType);
    return;
  }
  for (const patch of readObjects(text, path || "patch")) {
    const { kind, metadata } = patch as KubeObject;
    if (!kind || !metadata?.name) {
      const given = entry.path ? `path: "${entry.path}"` : `patch: ${JSON.stringify(entry.patch)}`;
      throw new Failure(
        `trouble configuring builtin PatchTransformer with config: \`\n${printYaml(entry)}\`: unable to parse SM or JSON patch from [${given}]`,
      );
    }
    merge(patch as KubeObject, entry, resources);
  }
}

function merge(patch: KubeObject, { target }: PatchEntry, resources: Resource[]): void {
  const { kind = "", apiVersion = "", metadata } = patch;
  const meant = resources.filter((one) =>
    target
      ? isTarget(one, target)
      : one.object.kind === kind &&
        one.object.apiVersion === apiVersion &&
        [one.object.metadata?.name, one.origin.name].includes(metadata?.name),
  );
  if (meant.length === 0 && !target) {
    const [version = "", group = ""] = apiVersion.split("/").toReversed();
    throw new Failure(
      `no resource matches strategic merge patch "${kind}.${version}.${group || "[noGrp]"}/${metadata?.name}.${metadata?.namespace ?? "[noNs]"}": no matches for Id ${kind}.${version}.${group || "[noGrp]"}/${metadata?.name}.${metadata?.namespace ?? "[noNs]"}; failed to find unique target for patch ${kind}.${version}.${group || "[noGrp]"}/${metadata?.name}.${metadata?.namespace ?? "[noNs]"}`,
    );
  }
  for (const one of meant) {
    if ((patch as { $patch?: string })["$patch"] === "delete") {
      resources.splice(resources.indexOf(one), 1);
      continue;
    }
    const { name: _name, namespace: _namespace, ...rest } = metadata ?? {};
    const change = target ? { ...patch, metadata: rest } : patch;
    const known = builtInType(one.object.apiVersion ?? "", one.object.kind ?? "");
    const { apiVersion: _version, kind: _kind, ...body } = change;
    one.object = patchLocally(one.object, body, known ? strategicPatchType : mergePatchType);
  }
}
