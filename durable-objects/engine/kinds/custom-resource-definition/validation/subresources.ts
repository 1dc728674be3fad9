/** k8s: ValidateCustomResourceDefinitionSubresources */
import { child, invalid, required, type FieldError } from "../../../machinery/field.ts";
import type { Subresources } from "../types.ts";

export function validateSubresources(
  subresources: Subresources | undefined,
  path: string,
): FieldError[] {
  const scale = subresources?.scale;
  if (!scale) return [];
  const errors: FieldError[] = [];
  const check = (
    name: "specReplicasPath" | "statusReplicasPath" | "labelSelectorPath",
    roots: string[],
    where: string,
  ): void => {
    const place = child(path, `scale.${name}`);
    const text = scale[name];
    if (!text) {
      if (name !== "labelSelectorPath") errors.push(required(place));
    } else if (!text.startsWith("."))
      errors.push(invalid(place, text, "must be a simple json path starting with ."));
    else if (!roots.some((root) => text.startsWith(root)))
      errors.push(invalid(place, text, `should be a json path under ${where}`));
  };
  check("specReplicasPath", [".spec."], ".spec");
  check("statusReplicasPath", [".status."], ".status");
  check("labelSelectorPath", [".spec.", ".status."], "either .spec or .status");
  return errors;
}
