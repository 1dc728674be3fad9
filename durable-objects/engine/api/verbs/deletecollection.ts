import { collectionDeletesMax } from "../../core/limits.ts";
import type { ApiResponse } from "../../ports/request.ts";
import type { Call } from "../context.ts";
import { shown, wantedOf } from "../read/object.ts";
import { deleteOptions } from "../request/delete-options.ts";
import { written } from "../request/reply.ts";
import { ofDelete } from "../request/write-parameters.ts";
import { listed, listOf } from "./list.ts";

export function deleteCollection(call: Call): ApiResponse {
  const { context, resource } = call;
  const { items: chosen, ...found } = listed(call, collectionDeletesMax);
  if (chosen.length === collectionDeletesMax && found.continue !== undefined) {
    call.warnings.push(
      `only the first ${collectionDeletesMax} were deleted, ask again for the others`,
    );
  }
  const { options, dryRun } = deleteOptions(call);
  const write = { ...ofDelete(call), dryRun };
  context.operations.calls.together(() => {
    for (const { metadata } of chosen) {
      const { namespace = "", name } = metadata;
      if (!context.store.get(resource.id, namespace, name)) continue;
      context.operations.delete(resource, namespace, name, options, write);
    }
  });
  // The answer tells what was found, not what became of it.
  const items = chosen.map((o) => shown(resource, o, context.reader));
  return written(200, listOf(resource, found, items), wantedOf(call));
}
