import type { ApiResponse } from "../../ports/request.ts";
import type { Call } from "../context.ts";
import { objectReply } from "../read/object.ts";
import { writeOptions } from "../request/write-parameters.ts";
import { patch } from "../write/patch-request.ts";

export function patchOne(call: Call): ApiResponse {
  const { object, created } = patch(call, writeOptions(call));
  return objectReply(call, created ? 201 : 200, object);
}
