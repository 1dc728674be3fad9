import type { ApiResponse } from "../../ports/request.ts";
import type { Call } from "../context.ts";
import { objectReply, scopeOf } from "../read/object.ts";
import { checkNamespace } from "../request/identity.ts";
import { readObject } from "../request/read-object.ts";
import { writeOptions } from "../request/write-parameters.ts";

export function create(call: Call): ApiResponse {
  const { context, resource } = call;
  const options = writeOptions(call);
  const object = readObject(call);
  checkNamespace(call, object);
  const namespace = scopeOf(call);
  return objectReply(call, 201, context.operations.create(resource, namespace, object, options));
}
