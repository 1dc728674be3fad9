/** The error of a refused request. k8s: apiserver/pkg/endpoints/handlers/responsewriters/errors.go ForbiddenStatusError */
import type { User } from "../../ports/request.ts";
import type { Attributes } from "./authorization.ts";
import * as status from "../../machinery/status.ts";

/** 403 for a user and what was asked for, in upstream's words. */
export function forbiddenTo(user: User, asked: Attributes, reason: string): status.StatusError {
  const text = reason ? `${deed(user, asked)}: ${reason}` : deed(user, asked);
  if (!asked.resource) return new status.StatusError(403, "Forbidden", `forbidden: ${text}`, {});
  return status.forbidden({ group: asked.group, plural: asked.resource }, asked.name, text);
}

function deed(user: User, asked: Attributes): string {
  const { verb, group, namespace, path } = asked;
  const who = `User "${user.name}" cannot ${verb}`;
  if (!asked.resource) return `${who} path "${path}"`;
  const plural = asked.subresource ? `${asked.resource}/${asked.subresource}` : asked.resource;
  const where = namespace ? `in the namespace "${namespace}"` : "at the cluster scope";
  return `${who} resource "${plural}" in API group "${group}" ${where}`;
}
