/** DeleteOptions from the body or, without one, the query; the body wins. k8s: handlers/delete.go */
import { structType } from "../../schema/types.ts";
import type { DeleteOptions } from "../../ports/controller.ts";
import { decodeObject } from "../../schema/decode.ts";
import { readBody } from "./body.ts";
import type { Call } from "../context.ts";
import {
  goQuote,
  invalid,
  invalidObject,
  notSupported,
  type FieldError,
} from "../../machinery/field.ts";
import * as status from "../../machinery/status.ts";
import { dryRunErrors } from "./write-parameters.ts";

const policies = ["Orphan", "Background", "Foreground"];

interface RawOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: string;
  orphanDependents?: boolean;
  preconditions?: { uid?: string; resourceVersion?: string };
  dryRun?: string[];
}

/** `code`: of the answer where the object is not gone at once. */
export function deleteOptions(call: Call): {
  options: DeleteOptions;
  dryRun: boolean;
  code: number;
} {
  const raw = call.request.body?.length ? fromBody(call) : fromQuery(call);
  const { gracePeriodSeconds: grace, propagationPolicy: policy, orphanDependents: orphan } = raw;
  const errors: FieldError[] = [];
  if (policy !== undefined && orphan !== undefined) {
    errors.push(
      invalid(
        "propagationPolicy",
        policy,
        "orphanDependents and deletionPropagation cannot be both set",
      ),
    );
  }
  if (policy !== undefined && !policies.includes(policy)) {
    errors.push(notSupported("propagationPolicy", policy, [...policies, "nil"]));
  }
  errors.push(...dryRunErrors(raw.dryRun ?? []));
  if (errors.length) throw invalidObject("meta.k8s.io", "DeleteOptions", "", errors);
  const options: DeleteOptions = {};
  if (grace !== undefined) options.gracePeriodSeconds = grace;
  if (policy !== undefined) options.propagationPolicy = policy as "Orphan";
  if (orphan === true) options.propagationPolicy = "Orphan";
  if (raw.preconditions) options.preconditions = raw.preconditions;
  return { options, dryRun: (raw.dryRun ?? []).length > 0, code: orphan === false ? 202 : 200 };
}

const scheme = "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27";

/** Any group's DeleteOptions will do. */
function fromBody({ request }: Call): RawOptions {
  const { value, kind, apiVersion } = readBody(request);
  if (kind && kind !== "DeleteOptions") {
    throw status.badRequest(
      `no kind "${kind}" is registered for version "${apiVersion}" in scheme "${scheme}"`,
    );
  }
  const { object, error } = decodeObject(structType("meta/v1.DeleteOptions"), value);
  if (error !== undefined) throw status.badRequest(error);
  return object as RawOptions;
}

function fromQuery(call: Call): RawOptions {
  const { query } = call.info;
  const raw: RawOptions = {};
  if (query.has("gracePeriodSeconds")) {
    const text = query.get("gracePeriodSeconds");
    if (!/^[+-]?\d+$/.test(text)) {
      throw status.badRequest(`strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`);
    }
    raw.gracePeriodSeconds = Number(text);
  }
  if (query.has("propagationPolicy")) raw.propagationPolicy = query.get("propagationPolicy");
  if (query.has("orphanDependents")) raw.orphanDependents = query.flag("orphanDependents");
  if (query.has("dryRun")) raw.dryRun = query.all("dryRun");
  return raw;
}
