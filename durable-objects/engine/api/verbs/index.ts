/** What can be done with objects of any kind, a file per verb. */
import type { ApiResponse } from "../../ports/request.ts";
import type { Call } from "../context.ts";
import { create } from "./create.ts";
import { remove } from "./delete.ts";
import { deleteCollection } from "./deletecollection.ts";
import { get } from "./get.ts";
import { listAll } from "./list.ts";
import { patchOne } from "./patch.ts";
import { update } from "./update.ts";
import { watch } from "./watch.ts";

export const verbs: Record<string, (call: Call) => ApiResponse> = {
  get,
  list: listAll,
  watch,
  create,
  update,
  patch: patchOne,
  delete: remove,
  deletecollection: deleteCollection,
};
