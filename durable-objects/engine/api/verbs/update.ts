import * as status from "../../machinery/status.ts";
import type { ApiResponse } from "../../ports/request.ts";
import type { Call } from "../context.ts";
import { objectReply, scopeOf } from "../read/object.ts";
import { checkName, checkNamespace } from "../request/identity.ts";
import { readObject } from "../request/read-object.ts";
import { writeOptions } from "../request/write-parameters.ts";

export function update(call: Call): ApiResponse {
  const { context, resource, info } = call;
  const options = writeOptions(call);
  const object = readObject(call);
  checkNamespace(call, object);
  checkName(call, object);
  const namespace = scopeOf(call);
  const current = context.store.get(resource.id, namespace, info.name);
  if (!current && resource.hooks.allowCreateOnUpdate) {
    if (object.metadata.uid) {
      throw status.conflict(
        resource,
        info.name,
        `Precondition failed: UID in precondition: ${object.metadata.uid}, UID in object meta: `,
      );
    }
    return objectReply(call, 201, context.operations.create(resource, namespace, object, options));
  }
  const updated = context.operations.update(resource, namespace, info.name, () => object, options);
  return objectReply(call, 200, updated);
}
