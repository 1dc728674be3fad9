/** Patches that are carried out without a server, in the server's own way. */
import { decodeObject } from "../../schema/decode.ts";
import { typeForKind, type StructType } from "../../schema/types.ts";
import { applyOperations, decodeJsonPatch, JsonPatchError } from "../../schema/patch/json-patch.ts";
import { mergePatch } from "../../schema/patch/merge-patch.ts";
import { strategicMergePatch } from "../../schema/patch/strategic-merge.ts";
import type { JsonObject } from "../../schema/patch/go-value.ts";
import { StatusError } from "../../machinery/status.ts";
import { jsonPatchType, strategicPatchType } from "../client.ts";
import { apiVersionOf, type ResourceType } from "../discovery.ts";
import { Failure } from "../errors.ts";
import type { KubeObject } from "../objects.ts";

/** The built-in type of a kind, as kubectl has it compiled in; undefined for kinds that a cluster defines itself. */
export const builtInType = (apiVersion: string, kind: string): StructType | undefined =>
  apiVersion.startsWith("podyard.dev/") ? undefined : typeForKind(apiVersion, kind);

export const structOfType = (type: ResourceType): StructType | undefined =>
  builtInType(apiVersionOf(type), type.kind);

/** An object of a file as kubectl has it that reads it into its Go type: with the fields that such a type never leaves out. */
export function asGoType(object: KubeObject): KubeObject {
  const type = builtInType(object.apiVersion ?? "", object.kind ?? "");
  const decoded = type && decodeObject(type, object);
  return decoded && decoded.error === undefined ? (decoded.object as KubeObject) : object;
}

/** An object with a patch of a content type in it. Failure as the library says it. */
export function patchLocally(object: KubeObject, patch: unknown, contentType: string): KubeObject {
  const current = object as JsonObject;
  try {
    if (contentType === jsonPatchType) {
      const { operations } = decodeJsonPatch(patch);
      return applyOperations(current, operations) as KubeObject;
    }
    if (contentType !== strategicPatchType) return mergePatch(current, patch) as KubeObject;
    const { apiVersion = "", kind = "" } = object;
    const type = builtInType(apiVersion, kind);
    if (type) return strategicMergePatch(current, patch, type) as KubeObject;
    const version = apiVersion.includes("/") ? apiVersion : `/${apiVersion}`;
    throw new Failure(
      `strategic merge patch is not supported for ${version}, Kind=${kind} locally, try --type merge`,
    );
  } catch (error) {
    if (error instanceof JsonPatchError || error instanceof StatusError)
      throw new Failure(error.message);
    throw error;
  }
}
