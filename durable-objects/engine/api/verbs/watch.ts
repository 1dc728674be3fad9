import type { ApiResponse } from "../../ports/request.ts";
import type { Call } from "../context.ts";
import { wantedOf } from "../read/object.ts";
import { openWatch } from "../read/watch.ts";
import type { Form } from "../request/negotiation.ts";

export function watch(call: Call): ApiResponse {
  const { context, resource, info } = call;
  const { form, protobuf } = wantedOf(call);
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
