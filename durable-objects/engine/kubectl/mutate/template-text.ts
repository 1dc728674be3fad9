/** A Pod template as `rollout history --revision` and dry runs of `rollout undo` show it. k8s: polymorphichelpers/history.go printTemplate */
import type { PodTemplateSpec } from "../../kinds/pod/types.ts";
import { Out } from "../describe/out.ts";
import { writeTemplate } from "../describe/pod-template.ts";
import type { KubeObject } from "../objects.ts";

export function templateText(template: KubeObject): string {
  const out = new Out({ aligned: false });
  writeTemplate(out, template as unknown as PodTemplateSpec);
  return out.text();
}
