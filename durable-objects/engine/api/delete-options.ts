/** DeleteOptions from the body or, without one, the query; the body wins. k8s: handlers/delete.go */
import type { DeleteOptions } from "../controllers/define.ts";
import { bodyText, readBody } from "./body.ts";
import type { Call } from "./context.ts";
import { invalid, invalidObject, notSupported, type FieldError } from "./field.ts";
import * as status from "./status.ts";

const policies = ["Orphan", "Background", "Foreground"];

interface RawOptions {
  gracePeriodSeconds?: unknown;
  propagationPolicy?: unknown;
  orphanDependents?: unknown;
  preconditions?: { uid?: string; resourceVersion?: string };
  dryRun?: string[];
}

export function deleteOptions(call: Call): { options: DeleteOptions; dryRun: boolean } {
  const { request, info } = call;
  const raw: RawOptions =
    request.body?.length && bodyText(request).trim() ? (readBody(request).value as RawOptions) : fromQuery(call);
  const errors: FieldError[] = [];
  const { gracePeriodSeconds: grace, propagationPolicy: policy, orphanDependents: orphan } = raw;
  if (grace !== undefined && grace !== null && (typeof grace !== "number" || !Number.isInteger(grace))) {
    throw status.badRequest(
      `DeleteOptions in version "v1" cannot be handled as a DeleteOptions: json: cannot unmarshal ${typeof grace} into Go struct field DeleteOptions.gracePeriodSeconds of type int64`,
    );
  }
  if (policy !== undefined && orphan !== undefined) {
    errors.push(
      invalid("propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set"),
    );
  }
  if (policy !== undefined && !policies.includes(policy as string)) {
    errors.push(notSupported("propagationPolicy", policy, [...policies, "nil"]));
  }
  const dryRun = raw.dryRun ?? [];
  if (dryRun.some((d) => d !== "All")) errors.push(notSupported("dryRun", dryRun, ["All"]));
  if (errors.length) throw invalidObject("meta.k8s.io", "DeleteOptions", "", errors);
  const options: DeleteOptions = {};
  if (typeof grace === "number") options.gracePeriodSeconds = grace;
  if (typeof policy === "string") options.propagationPolicy = policy as "Orphan";
  if (orphan === true) options.propagationPolicy = "Orphan";
  if (raw.preconditions) options.preconditions = raw.preconditions;
  return { options, dryRun: dryRun.length > 0 || info.query.get("dryRun") === "All" };
}

function fromQuery(call: Call): RawOptions {
  const { query } = call.info;
  const raw: RawOptions = {};
  if (query.has("gracePeriodSeconds")) {
    const text = query.get("gracePeriodSeconds");
    if (!/^-?\d+$/.test(text)) {
      throw status.badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
    }
    raw.gracePeriodSeconds = Number(text);
  }
  if (query.has("propagationPolicy")) raw.propagationPolicy = query.get("propagationPolicy");
  if (query.has("orphanDependents")) raw.orphanDependents = query.flag("orphanDependents");
  if (query.has("dryRun")) raw.dryRun = query.all("dryRun");
  return raw;
}

