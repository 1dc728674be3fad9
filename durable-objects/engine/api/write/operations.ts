/**
 * The one place that writes objects, for users and controllers alike: default -> mutating admission -> prepare ->
 * validate -> validating admission -> store. k8s: apiserver/pkg/registry/generic/registry/store.go, registry/rest
 */
import { rfc3339 } from "../../core/clock.ts";
import { equal } from "../../core/equal.ts";
import type { KubeObject, ObjectMeta } from "../../core/object.ts";
import type { Random } from "../../core/random.ts";
import type { Store } from "../../core/store.ts";
import type { DeleteOptions, Reader } from "../../ports/controller.ts";
import type { Kind, WriteContext } from "../../kinds/define.ts";
import { generateNameAttemptsMax } from "../../core/limits.ts";
import { applyFieldDefaults } from "../../schema/defaults.ts";
import { admit, validateAdmission } from "../admission/admission.ts";
import type { Admission, ExpressionCost } from "../admission/define.ts";
import { isMutated, mutate } from "../admission/mutate.ts";
import { admitRequest, isHooked } from "../admission/connect-and-bind.ts";
import { MutatingWebhooks } from "../admission/webhooks/mutating.ts";
import type { Calls } from "../webhooks/calls.ts";
import { invalidObject } from "../../machinery/field.ts";
import { checkPrecondition } from "./precondition.ts";
import { deletion } from "./deletion.ts";
import { asStored, goingText, kept, released, statusOnly } from "./kept-on-update.ts";
import { apiServerUser, discardWarning, type WriteOptions } from "./write-options.ts";
import { writerOf } from "./writer.ts";
import { trackUpdate } from "../managed-fields/managed-fields.ts";
import type { Registry, Resource } from "../discovery/registry.ts";
import { equalExceptStatus, statusOf, withStatus } from "../object-status.ts";
import {
  checkGrowth,
  checkCapacity,
  checkSize,
  hasCapacityForEvent,
  type Capacity,
} from "./capacity.ts";
import * as status from "../../machinery/status.ts";
import { validateObjectMeta, validateObjectMetaUpdate } from "../../machinery/metadata.ts";

/** Writes of these leave the status as it is. */
const keepsStatus = new Set(["", "finalize"]);
/** Writes of these may change the spec, so the generation grows. */
const specSubresources = new Set(["", "scale", "resize", "ephemeralcontainers"]);

export class Operations {
  readonly store: Store;
  readonly random: Random;
  readonly reader: Reader;
  readonly registry: Registry;
  readonly capacity: Capacity;
  /** Set to zero by whoever begins a request or a step. */
  readonly expressionCost: ExpressionCost = { used: 0 };
  readonly calls: Calls;
  readonly #simulatesImage: WriteContext["simulatesImage"];

  constructor(
    store: Store,
    random: Random,
    reader: Reader,
    capacity: Capacity,
    registry: Registry,
    simulatesImage: WriteContext["simulatesImage"],
    calls: Calls,
  ) {
    this.calls = calls;
    this.registry = registry;
    this.#simulatesImage = simulatesImage;
    this.store = store;
    this.random = random;
    this.reader = reader;
    this.capacity = capacity;
  }

  get now(): number {
    return this.reader.now;
  }

  /** Creates; `input` is decoded and canonical. */
  create(
    resource: Resource,
    namespace: string,
    input: KubeObject,
    options: WriteOptions,
  ): KubeObject {
    const hooks = resource.hooks;
    if (hooks.custom?.terminating)
      throw status.forbidden(resource, input.metadata.name ?? "", goingText);
    const context = this.#context(options);
    let object = this.#named(resource, namespace, input);
    object = this.#defaulted(hooks, object, context);
    // Who owns what is settled before admission adds its own. k8s: handlers/create.go, fieldmanager/admission.go
    if (options.fieldManager) object = this.#tracked(resource, undefined, object, options);
    const admission: Admission = {
      ...this.#admission("CREATE", resource, namespace, options),
      unnamed: !input.metadata.name,
    };
    object = this.#admitted(resource, admission, object, undefined, context);
    object = this.#fresh(resource, namespace, object);
    if (hooks.prepareForCreate) object = hooks.prepareForCreate(object, context);
    const errors = [
      ...validateObjectMeta(
        object.metadata,
        resource.namespaced,
        hooks.nameRule ?? "subdomain",
        "metadata",
        hooks.plainFinalizers,
      ),
      ...(resource.checks.validateCreate?.(object, context) ?? []),
    ];
    if (errors.length)
      throw invalidObject(resource.group, resource.kind, object.metadata.name, errors);
    if (options.warn !== discardWarning)
      for (const text of hooks.warnings?.(object, undefined) ?? []) options.warn(text);
    validateAdmission(admission, object, undefined, context);
    if (Number(input.metadata.resourceVersion) > 0 && !options.dryRun) {
      throw status.plainError("resourceVersion should not be set on objects to be created");
    }
    if (this.store.get(resource.id, namespace, object.metadata.name)) {
      if (input.metadata.generateName) {
        throw status.generatedNameTaken(resource, object.metadata.name);
      }
      throw status.alreadyExists(resource, object.metadata.name);
    }
    checkCapacity(this.capacity, resource, namespace, object.metadata.name);
    if (options.dryRun) return object;
    if (options.user !== apiServerUser) checkSize(object);
    return this.store.write("create", resource.id, asStored(hooks, object), this.now).object;
  }

  /** Events of Podyard's own components: complete as they come and made for this, so nothing is left to check. */
  createEvent(event: KubeObject): void {
    if (!hasCapacityForEvent(this.capacity)) return;
    event.metadata.uid = this.random.uid();
    this.store.write("create", "events", event, this.now, true);
  }

  /** Replaces an object by what `change` makes of it; checks the resourceVersion that the result carries. */
  update(
    resource: Resource,
    namespace: string,
    name: string,
    change: (current: KubeObject) => KubeObject,
    options: WriteOptions,
  ): KubeObject {
    const stored = this.store.get(resource.id, namespace, name);
    if (!stored) throw status.notFound(resource, name);
    const hooks = resource.hooks;
    const current = hooks.custom?.read(stored) ?? stored;
    const input = change(current);
    if (input === current) return stored;
    checkPrecondition(resource, current, input);
    const context = this.#context(options);
    const reports = options.user === apiServerUser && options.subresource === "status";
    let object = this.#within(hooks, current, reports ? input : kept(current, input), options);
    if (options.subresource === "binding") return this.#write(resource, object, options);
    if (!reports) object = this.#defaulted(hooks, object, context);
    if (options.fieldManager) object = this.#tracked(resource, current, object, options);
    const admission = this.#admission("UPDATE", resource, namespace, options);
    object = this.#admitted(resource, admission, object, current, context);
    if (hooks.prepareForUpdate) object = hooks.prepareForUpdate(object, current, context);
    object = this.#withGeneration(hooks, current, object, options);
    this.#validateUpdate(resource, object, current, context);
    if (options.warn !== discardWarning)
      for (const text of hooks.warnings?.(object, current) ?? []) options.warn(text);
    validateAdmission(admission, object, current, context);
    object = asStored(hooks, object);
    if (equal(stored, object)) return stored;
    if (options.user !== apiServerUser) checkGrowth(this.capacity, resource, stored, object);
    return this.#write(resource, object, options);
  }

  /** An object of which only what the subresource is for is new. */
  #within(
    hooks: Kind,
    current: KubeObject,
    object: KubeObject,
    { subresource }: Pick<WriteOptions, "subresource">,
  ): KubeObject {
    if (subresource === "status") return statusOnly(hooks, current, object);
    const keeps = keepsStatus.has(subresource) && hooks.schema.struct.fields.has("status");
    return keeps ? withStatus(object, statusOf(current)) : object;
  }

  /** Mutating admission: built-in rules, the kind's own, policies. */
  #admitted(
    { hooks }: Resource,
    admission: Admission,
    object: KubeObject,
    current: KubeObject | undefined,
    context: WriteContext,
  ): KubeObject {
    const own = current && admission.subresource === "status" ? undefined : hooks.admit;
    const builtIn = (one: KubeObject): KubeObject => {
      const next = admit(admission, one, current, context);
      return own ? own(next, current, context) : next;
    };
    if (!isMutated(admission.resource, context.reader)) return builtIn(object);
    return mutate(admission, object, current, context, {
      schema: hooks.schema.struct,
      builtIn,
      settled: (one) => {
        const next = current ? this.#within(hooks, current, kept(current, one), admission) : one;
        return this.#defaulted(hooks, next, context);
      },
    });
  }

  #write(resource: Resource, object: KubeObject, options: WriteOptions): KubeObject {
    if (options.dryRun) return object;
    const op = released(resource.hooks, object) ? "delete" : "update";
    return this.store.write(op, resource.id, object, this.now).object;
  }

  /** k8s: registry/generic/registry/store.go Delete. Returns the object and whether it is gone now. */
  delete(
    resource: Resource,
    namespace: string,
    name: string,
    request: DeleteOptions,
    options: WriteOptions,
  ): { object: KubeObject; gone: boolean } {
    const current = this.store.get(resource.id, namespace, name);
    if (!current) throw status.notFound(resource, name);
    const admission = this.#admission("DELETE", resource, namespace, {
      ...options,
      subresource: "",
    });
    const context = this.#context(options);
    const isSeen = !options.admitted && isHooked(resource.id, this.reader);
    const seen = (isSeen && resource.hooks.custom?.read(current)) || current;
    if (isSeen) new MutatingWebhooks(admission, seen, context, undefined).run(seen);
    if (!options.admitted) validateAdmission(admission, seen, seen, context);
    const outcome = deletion(resource, current, request, this.now);
    if (outcome.what === "nothing") return { object: current, gone: false };
    if (options.dryRun) return { object: outcome.object, gone: outcome.what === "remove" };
    if (outcome.what === "remove" && outcome.marked) {
      this.store.write("update", resource.id, outcome.object, this.now);
    }
    const op = outcome.what === "remove" ? "delete" : "update";
    const { object } = this.store.write(op, resource.id, outcome.object, this.now);
    return { object, gone: op === "delete" };
  }

  /** What is no object of the resource, as its subresource takes it: only policies and webhooks see it. Throws StatusError. */
  admitRequest(
    operation: "CREATE" | "CONNECT",
    resource: Resource,
    namespace: string,
    name: string,
    object: { apiVersion: string; kind: string },
    options: WriteOptions,
  ): void {
    if (!isHooked(resource.id, this.reader)) return;
    const [version = "", group = ""] = object.apiVersion.split("/").reverse();
    const about = { group, version, kind: object.kind, name };
    const admission = { ...this.#admission(operation, resource, namespace, options), about };
    admitRequest(admission, object as KubeObject, this.#context(options));
  }

  #admission(
    operation: Admission["operation"],
    resource: Resource,
    namespace: string,
    { subresource, user, dryRun, fieldManager }: WriteOptions,
  ): Admission {
    const { id, hooks, version } = resource;
    return {
      operation,
      resource: id,
      subresource,
      namespace,
      user,
      dryRun,
      fieldManager,
      component: user === apiServerUser ? this.store.cause : undefined,
      ...(hooks.custom ? { version } : {}),
      calls: this.calls,
      cost: this.expressionCost,
    };
  }

  #context(options: WriteOptions): WriteContext {
    return {
      reader: this.reader,
      now: this.now,
      subresource: options.subresource,
      random: () => this.random.next(),
      randomSuffix: (n) => this.random.suffix(n),
      simulatesImage: this.#simulatesImage,
      warn: options.warn,
      writer: () => writerOf(options, this.reader),
      charge: (units) => void (this.expressionCost.used += units),
    };
  }

  #defaulted(hooks: Kind, object: KubeObject, context: WriteContext): KubeObject {
    const filled = applyFieldDefaults(hooks.schema.struct, object) as KubeObject;
    return hooks.applyDefaults ? hooks.applyDefaults(filled, context) : filled;
  }

  /** The name, made from generateName where there is none. k8s: rest.BeforeCreate */
  #named(resource: Resource, namespace: string, input: KubeObject): KubeObject {
    const metadata: ObjectMeta = { ...input.metadata, name: input.metadata.name ?? "" };
    if (namespace) metadata.namespace = namespace;
    else delete metadata.namespace;
    // Sent by a client these are ignored, also in its managed fields. k8s: rest.WipeObjectMetaSystemFields
    delete metadata.deletionTimestamp;
    delete metadata.deletionGracePeriodSeconds;
    if (!metadata.name && metadata.generateName) {
      const base = metadata.generateName.slice(0, 58);
      for (let attempt = 0; attempt < generateNameAttemptsMax; attempt++) {
        metadata.name = base + this.random.suffix(5);
        if (!this.store.get(resource.id, namespace, metadata.name)) break;
      }
    }
    return { ...input, metadata };
  }

  /** What only the server sets. */
  #fresh(resource: Resource, namespace: string, object: KubeObject): KubeObject {
    const given = object.metadata;
    const metadata: ObjectMeta = {
      ...given,
      uid: this.random.uid(),
      creationTimestamp: rfc3339(this.now),
    };
    delete (metadata as Partial<ObjectMeta>).resourceVersion;
    if (resource.hooks.hasGeneration === false) delete metadata.generation;
    else metadata.generation = 1;
    delete metadata.deletionTimestamp;
    delete metadata.deletionGracePeriodSeconds;
    if (namespace) metadata.namespace = namespace;
    return {
      ...object,
      apiVersion: resource.hooks.apiVersion,
      kind: resource.hooks.kind,
      metadata,
    };
  }

  #withGeneration(
    hooks: Kind,
    current: KubeObject,
    object: KubeObject,
    options: WriteOptions,
  ): KubeObject {
    if (hooks.hasGeneration === false || !specSubresources.has(options.subresource)) return object;
    if (object.metadata.generation !== current.metadata.generation) return object;
    const isWhole = hooks.custom !== undefined && !hooks.schema.struct.fields.has("status");
    const changed =
      !equalExceptStatus(current, object) ||
      (isWhole && !equal(statusOf(current), statusOf(object))) ||
      (hooks.generationOnAnnotations &&
        !equal(current.metadata.annotations ?? {}, object.metadata.annotations ?? {}));
    if (!changed) return object;
    const generation = (current.metadata.generation ?? 0) + 1;
    return { ...object, metadata: { ...object.metadata, generation } };
  }

  #validateUpdate(
    resource: Resource,
    object: KubeObject,
    current: KubeObject,
    context: WriteContext,
  ): void {
    const hooks = resource.hooks;
    const { plainFinalizers: plain } = hooks;
    const own =
      context.subresource === "status"
        ? hooks.validateStatusUpdate?.(object, current, context)
        : resource.checks.validateUpdate?.(object, current, context);
    const errors = [
      ...validateObjectMetaUpdate(object.metadata, current.metadata, "metadata", plain),
      ...(own ?? []),
    ];
    if (errors.length)
      throw invalidObject(resource.group, resource.kind, object.metadata.name, errors);
  }

  #tracked(
    resource: Resource,
    current: KubeObject | undefined,
    object: KubeObject,
    options: WriteOptions,
  ): KubeObject {
    const managedFields = trackUpdate({
      schema: resource.hooks.schema.struct,
      statusResets: resource.hooks.statusResets,
      apiVersion: resource.hooks.apiVersion,
      manager: options.fieldManager,
      subresource: options.subresource,
      now: rfc3339(this.now),
      before: current,
      after: object,
    });
    const metadata: ObjectMeta = { ...object.metadata };
    if (managedFields) metadata.managedFields = managedFields;
    else delete metadata.managedFields;
    return { ...object, metadata };
  }
}
