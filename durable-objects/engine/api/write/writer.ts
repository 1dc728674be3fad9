/** Who writes, for kinds that let only some change a part of an object. */
import type { Writer } from "../../kinds/define.ts";
import type { Reader } from "../../ports/controller.ts";
import type { User } from "../../ports/request.ts";
import { authorize } from "../auth/authorization.ts";
import { forbiddenTo } from "../auth/forbidden.ts";
import { nodeNameExtra } from "../auth/token-validation.ts";
import type { WriteOptions } from "./write-options.ts";

/** k8s: pkg/registry/resource/utils.go saAssociatedWithAllocatedNode */
function nodeOf({ name, extra }: User): string | undefined {
  if (!/^system:serviceaccount:[^:]+:[^:]+$/.test(name)) return undefined;
  const [node, ...more] = extra?.[nodeNameExtra] ?? [];
  return node && more.length === 0 ? node : undefined;
}

/** k8s: pkg/registry/resource/utils.go checkAuthorization */
export const writerOf = (
  { user, verb = "update" }: Pick<WriteOptions, "user" | "verb">,
  reader: Reader,
): Writer => ({
  verb,
  get node() {
    return nodeOf(user);
  },
  refusal(asked) {
    const attributes = { ...asked, path: "" };
    const { allowed, reason } = authorize(user, attributes, reader);
    return allowed ? undefined : forbiddenTo(user, attributes, reason).message;
  },
});
