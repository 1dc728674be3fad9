/** What a rule of the timeline looks at. */
import type { Change, KubeObject } from "../core/object.ts";

export interface Step {
  /** Subject of the sentence. */
  who: string;
  /** The same as `after` where there was nothing. */
  before: KubeObject;
  /** Of a deletion, what was there last. */
  after: KubeObject;
}

export interface Rule {
  /** Resources that it speaks of. */
  of: RegExp;
  /** Absent: whatever was done. */
  on?: Change["op"];
  /** Undefined: nothing to say. */
  say(step: Step): string | undefined;
}

/** `Deployment web`, `Deployment team-a/web` where its namespace is not `default`. */
export function nameOf({ kind, metadata: { namespace, name } }: KubeObject): string {
  return namespace && namespace !== "default" ? `${kind} ${namespace}/${name}` : `${kind} ${name}`;
}
