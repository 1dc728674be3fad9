/** A Pod template as `kubectl describe` writes it. */
import type { KubeObject } from "../objects.ts";
export const templateText = (_t: KubeObject): string => "";
