import type { ApiResponse } from "../../ports/request.ts";
import type { Call } from "../context.ts";
import { existing, objectReply } from "../read/object.ts";
import { checkRevision } from "../read/revision.ts";

export function get(call: Call): ApiResponse {
  checkRevision(call, call.info.query.get("resourceVersion"));
  return objectReply(call, 200, existing(call));
}
