/** Objects that the server would not take: which field, and what it was. */
import type { Trial } from "../api/context.ts";
import { explanationValueCharsMax } from "../core/limits.ts";
import type { KubeObject } from "../core/object.ts";
import type { StatusCause } from "../machinery/status.ts";
import {
  about,
  inNamespace,
  kindOf,
  listed,
  mend,
  nameOf,
  plural,
  type Found,
} from "./situation.ts";

/** What stands at `spec.containers[0].image`, as JSON. */
function valueAt(object: KubeObject, field: string): string {
  let value: unknown = object;
  for (const [, place, key] of field.matchAll(/\[(\w+)\]|([^.[\]]+)/g)) {
    if (typeof value !== "object" || value === null) return "";
    value = (value as Record<string, unknown>)[place ?? key ?? ""];
  }
  const text = value === undefined ? "" : JSON.stringify(value);
  return text.length > explanationValueCharsMax
    ? `${text.slice(0, explanationValueCharsMax)}...`
    : text;
}

/** Texts of what may not change once it is there. k8s: apimachinery/pkg/api/validation FieldImmutableErrorMsg and the kinds' own */
const isFixed = ({ message = "", reason }: StatusCause): boolean =>
  reason === "FieldValueForbidden" || /immutable|may not change|are forbidden/.test(message);

/** `spec.selector was {"a":"b"} and cannot be changed` */
function causeText(object: KubeObject, cause: StatusCause, exists: boolean): string {
  const { field = "", message = "" } = cause;
  const was = exists ? valueAt(object, field) : "";
  if (exists && isFixed(cause))
    return `${field}${was ? ` was ${was} and` : ""} cannot be changed (${message})`;
  return `${field}: ${message}`;
}

export function explainRefusal(object: KubeObject, { exists, refusal }: Trial): Found {
  const target = `${kindOf(object).toLowerCase()}/${object.metadata.name}${inNamespace(object)}`;
  if (!refusal) {
    return {
      sentence: `The API server takes this ${nameOf(object)}: 0 of its fields are refused (${exists ? "an update" : "a new object"}, tried and not stored).`,
      evidence: [],
      mend: [],
      decidedBy: "kube-apiserver",
      well: true,
    };
  }
  const { causes = [] } = refusal.details ?? {};
  const fixed = exists && causes.some(isFixed);
  const texts = causes.map((cause) => causeText(object, cause, exists));
  return {
    sentence: `The API server refuses this ${nameOf(object)} (${refusal.code}): ${texts.length ? `${plural(texts.length, "field")}, ${listed(texts)}` : refusal.message}.`,
    evidence: exists
      ? causes.map((cause) =>
          about(
            object,
            `${cause.field ?? ""} is ${valueAt(object, cause.field ?? "") || "not set"}`,
            {
              field: cause.field ?? "",
            },
          ),
        )
      : [],
    mend: fixed
      ? [
          mend("Delete it, then apply again: it is created anew", `kubectl delete ${target}`),
          mend("Or leave the field as it was", `kubectl get ${target} -o yaml`),
        ]
      : [
          mend(
            "Correct the field",
            `kubectl explain ${kindOf(object).toLowerCase()}${causes[0]?.field ? `.${causes[0].field.replace(/\[\w+\]/g, "")}` : ""}`,
          ),
        ],
    decidedBy: "kube-apiserver",
    reason: "refused",
  };
}
