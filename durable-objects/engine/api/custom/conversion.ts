/**
 * An object of one version as another has it: renamed, or as a webhook says. k8s: apiextensions-apiserver
 * pkg/apiserver/conversion/{converter,webhook_converter}.go
 */
import type { KubeObject, ObjectMeta } from "../../core/object.ts";
import type {
  CustomResourceDefinition,
  DefinitionSpec,
} from "../../kinds/custom-resource-definition/types.ts";
import { goQuote } from "../../machinery/field.ts";
import { plainError } from "../../machinery/status.ts";
import { isObject } from "../../schema/decode.ts";
import type { Calls, HookAnswer, HookCall } from "../webhooks/calls.ts";
import { reviewBody } from "../webhooks/http-answer.ts";

/** k8s: apiserver/pkg/util/webhook/authentication.go: a client's timeout where none is asked for */
const timeoutSeconds = 30;

export class Converter {
  readonly #spec: DefinitionSpec;
  readonly #calls: Calls;

  constructor({ spec }: CustomResourceDefinition, calls: Calls) {
    this.#spec = spec;
    this.#calls = calls;
  }

  /** Somebody outside has to be asked. */
  get asks(): boolean {
    return this.#spec.conversion?.strategy === "Webhook";
  }

  /** With strategy None only the version's name changes. Throws 500 where a webhook fails. */
  convert(object: KubeObject, apiVersion: string): KubeObject {
    if (object.apiVersion === apiVersion) return object;
    if (!this.asks) return { ...object, apiVersion };
    this.prepare([object], apiVersion);
    return this.#calls.memo(object, apiVersion) ?? object;
  }

  /** Asks for all that are of another version in one call; `convert` then knows them, as long as the request lasts. */
  prepare(objects: readonly KubeObject[], apiVersion: string, listKind?: string): void {
    const calls = this.#calls;
    const needed = objects.filter(
      (one) => one.apiVersion !== apiVersion && !calls.memo(one, apiVersion),
    );
    const [first] = needed;
    if (!first || !this.asks) return;
    const what = `${first.apiVersion}, Kind=${listKind ?? first.kind}`;
    const version = this.#spec.conversion?.webhook?.conversionReviewVersions?.find(
      (one) => one === "v1" || one === "v1beta1",
    );
    if (!version) throw plainError("no supported conversion review versions");
    const [answer] = calls.ask([this.#call(needed, apiVersion, version)]);
    // It is only assumed that there will be one.
    if (!answer) return;
    const found = convertedObjects(answer, version, what);
    if (found.length !== needed.length)
      throw plainError(
        `conversion webhook for ${what} returned ${found.length} objects, expected ${needed.length}`,
      );
    needed.forEach((object, i) => {
      const place = listKind ? `converted object at index ${i}` : "object";
      calls.remember(
        object,
        apiVersion,
        checked(object, found[i], apiVersion, `${what} returned invalid ${place}`),
      );
    });
  }

  #call(objects: readonly KubeObject[], apiVersion: string, version: string): HookCall {
    return {
      client: this.#spec.conversion?.webhook?.clientConfig ?? {},
      timeoutSeconds,
      review: {
        apiVersion: `apiextensions.k8s.io/${version}`,
        kind: "ConversionReview",
        request: { desiredAPIVersion: apiVersion, objects },
      },
      // What a webhook may not change of an object is no part of the question.
      same: [apiVersion, ...objects.map(essence)],
    };
  }
}

function essence({ metadata, ...object }: KubeObject): object {
  const { name, namespace, labels, annotations } = metadata;
  return { ...object, metadata: { name, namespace, labels, annotations } };
}

/** k8s: getConvertedObjectsFromResponse */
function convertedObjects(answer: HookAnswer, version: string, what: string): unknown[] {
  const failed = (why: string): Error =>
    plainError(`conversion webhook for ${what} failed: ${why}`);
  const found = reviewBody(answer);
  if ("error" in found) throw failed(found.error);
  const { body } = found;
  const sent = `apiextensions.k8s.io/${version}`;
  if (version === "v1" && (body.apiVersion !== sent || body.kind !== "ConversionReview"))
    throw failed(
      `expected webhook response of ${sent}, Kind=ConversionReview, got ${body.apiVersion}, Kind=${body.kind}`,
    );
  if (!isObject(body.response)) throw failed("no response provided");
  const { uid, result, convertedObjects: objects } = body.response;
  if (version === "v1" && uid !== answer.uid)
    throw failed(`expected response.uid=${goQuote(answer.uid)}, got ${goQuote(String(uid ?? ""))}`);
  const { status = "", message = "" } = isObject(result) ? result : {};
  if (status !== "Success")
    throw failed(
      String(message) || `response.result.status was '${String(status)}', not 'Success'`,
    );
  return Array.isArray(objects) ? objects : [];
}

/** What came back for an object, with the rest of its metadata as it was. k8s: validateConvertedObject, restoreObjectMeta */
function checked(object: KubeObject, found: unknown, apiVersion: string, what: string): KubeObject {
  const refuse = (why: string): Error => plainError(`conversion webhook for ${what}: ${why}`);
  if (!isObject(found)) throw refuse("Object 'Kind' is missing in 'null'");
  const made = found as unknown as KubeObject;
  if (made.apiVersion !== apiVersion)
    throw refuse(
      `invalid groupVersion (expected ${apiVersion}, received ${made.apiVersion ?? ""})`,
    );
  if (made.kind !== object.kind)
    throw refuse(`invalid kind (expected ${object.kind}, received ${made.kind ?? ""})`);
  const metadata: Partial<ObjectMeta> = isObject(made.metadata) ? made.metadata : {};
  for (const field of ["name", "namespace", "uid"] as const) {
    const [was = "", is = ""] = [object.metadata[field], metadata[field]];
    const word = field === "uid" ? "UID" : field;
    if (was !== is) throw refuse(`must have the same ${word}: ${was} != ${is}`);
  }
  const { labels: _l, annotations: _a, ...kept } = object.metadata;
  const { labels, annotations } = metadata;
  return {
    ...made,
    metadata: { ...kept, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) },
  };
}
