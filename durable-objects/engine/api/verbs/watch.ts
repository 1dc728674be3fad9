import type { ApiResponse } from "../../ports/request.ts";
import type { Call } from "../context.ts";
import { openWatch } from "../read/watch.ts";
import { formOf, hasProtobuf, type Form } from "../request/negotiation.ts";

export function watch(call: Call): ApiResponse {
  const { context, resource, info, request } = call;
  const { accept } = request.headers;
  const { form, protobuf } = formOf(accept, true, hasProtobuf(resource), true);
  const opened = openWatch(
    {
      store: context.store,
      log: context.log,
      registry: context.registry,
      now: context.reader.now,
      wallNow: context.wallNow,
      random: () => (context.wallNow % 1000) / 1000,
    },
    resource,
    info,
    form === "partial-list" ? ("partial" satisfies Form) : form,
  );
  return {
    type: "watch",
    status: 200,
    headers: {
      "content-type": protobuf
        ? "application/vnd.kubernetes.protobuf;stream=watch"
        : "application/json",
      "content-encoding": "identity",
      "cache-control": "no-cache, private, no-transform",
    },
    ...opened,
  };
}
