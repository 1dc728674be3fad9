/** An object of one version as another has it. k8s: apiextensions-apiserver pkg/apiserver/conversion */
import type { KubeObject } from "../../core/object.ts";
import { goQuote } from "../../machinery/field.ts";
import { plainError } from "../../machinery/status.ts";
import type { DefinitionSpec } from "../../kinds/custom-resource-definition/types.ts";

/** With strategy None only the version's name changes. Throws 500 where a webhook is wanted. */
export function converted(
  spec: DefinitionSpec,
  object: KubeObject,
  apiVersion: string,
): KubeObject {
  if (object.apiVersion === apiVersion) return object;
  if (spec.conversion?.strategy === "Webhook") throw unconverted(spec, object);
  return { ...object, apiVersion };
}

/** The API server finds no way to the webhook. k8s: webhook_converter.go Convert */
function unconverted({ conversion }: DefinitionSpec, { apiVersion, kind }: KubeObject): Error {
  const { url, service } = conversion?.webhook?.clientConfig ?? {};
  const { name = "", namespace = "", path = "", port = 443 } = service ?? {};
  const address = url ?? `https://${name}.${namespace}.svc:${port}${path}`;
  const host = url ? (/^https:\/\/([^/:]+)/.exec(url)?.[1] ?? "") : "";
  const why = url ? `dial tcp: lookup ${host}: no such host` : `service ${goQuote(name)} not found`;
  return plainError(
    `conversion webhook for ${apiVersion}, Kind=${kind} failed: Post ${goQuote(`${address}?timeout=30s`)}: ${why}`,
  );
}
