import { aggregate } from "../../machinery/field.ts";
import * as status from "../../machinery/status.ts";
import type { Call } from "../context.ts";
import { notANumber } from "./list.ts";
import { futureRevision } from "./watch.ts";

/** Throws for a `resourceVersion` that is no number (500), or that the cluster has not reached yet (504). */
export function checkRevision(call: Call, resourceVersion: string): void {
  const { rv } = call.context.store;
  if (resourceVersion && !/^\d+$/.test(resourceVersion)) {
    throw status.plainError(aggregate([notANumber(resourceVersion)]));
  }
  if (Number(resourceVersion) > rv) throw futureRevision(Number(resourceVersion), rv);
}
