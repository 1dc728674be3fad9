/** A Pod template as `kubectl describe` writes it: for `rollout history --revision` and dry runs of `rollout undo`. */
import { Failure } from "../errors.ts";
import type { KubeObject } from "../objects.ts";

/** Until there are describers, what they would write cannot be said. */
export function templateText(_template: KubeObject): string {
  throw new Failure("Pod templates of revisions are not described by this kubectl");
}
