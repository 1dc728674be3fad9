/**
 * Objects that a command is about, and how they are visited. k8s: cli-runtime/pkg/resource/{result,visitor}.go
 */
import { goQuote } from "../machinery/field.ts";
import type { ApiCall, ApiClient } from "./client.ts";
import { pathOf, type Mapper, type ResourceType } from "./discovery.ts";
import { aggregate, Failure, Failures, isNotFound, NoKindMatch } from "./errors.ts";
import type { FileOptions } from "./files.ts";
import { isList, type KubeObject } from "./objects.ts";
import { known, type Work } from "./work.ts";

/** One object that a command is about. */
export interface Info {
  type: ResourceType;
  /** "" for what lies in no namespace. */
  namespace: string;
  name: string;
  /** File or URL it was read from, `STDIN`; "" otherwise. */
  source: string;
  /** As it was read; nothing while it was not asked for. */
  object?: KubeObject;
  resourceVersion: string;
}

export interface Wanted {
  /** `TYPE`, `TYPE NAME...`, `TYPE/NAME...`, `TYPE,TYPE`. */
  args?: readonly string[];
  /** A TYPE alone means all of it. */
  allOfType?: boolean;
  /** Types alone, and names with a default type: for commands whose arguments are read otherwise. */
  types?: readonly string[];
  names?: { type: string; names: readonly string[] };
  files?: FileOptions;
  labelSelector?: string;
  fieldSelector?: string;
  /** `--all` */
  all?: boolean;
  /** Namespace of what names none. */
  namespace: string;
  /** Objects of files in another namespace are refused: `--namespace` was given. */
  enforceNamespace?: boolean;
  allNamespaces?: boolean;
  subresource?: string;
  /** Objects of one answer; 0: all. */
  chunk?: number;
  /** No server is asked. */
  local?: boolean;
  /** Types of one kind only. */
  singleType?: boolean;
  continueOnError?: boolean;
  /** Objects of files are read anew from the server. */
  latest?: boolean;
  /** Lists are taken apart. */
  flatten?: boolean;
  /** Objects named by arguments are not read before they are visited. */
  unread?: boolean;
  /** Changes requests that read: `Accept`, parameters. */
  read?: Pick<ApiCall, "accept" | "query">;
  /** Looks at what a file holds before anything is done with it; throws what is wrong. */
  validate?(object: unknown, source: string): Work<void>;
}

export interface Machinery {
  client: ApiClient;
  mapper: Mapper;
}

/** What lets go of the answer only when it has been asked: no server is reached where none is needed. */
export type Reach = () => Work<Machinery>;

export type Emit = (info: Info) => Work<void>;
export type Source = (emit: Emit) => Work<void>;

export class Result {
  readonly #sources: readonly Source[];
  readonly #wanted: Wanted;
  readonly #reach: Reach;
  /** One object was meant, by how it was named. */
  singleItemImplied: boolean;
  /** Objects were named one by one. */
  readonly targetsSingleItems: boolean;
  /** Failures that are none: see `ignore`. */
  #ignored: ((error: Failure) => boolean) | undefined;
  /** The type and place of what is watched: of a selector or a name. */
  readonly watched: { type: ResourceType; namespace: string; name?: string } | undefined;

  constructor(
    sources: readonly Source[],
    wanted: Wanted,
    reach: Reach,
    more: { single: boolean; targetsSingle: boolean; watched?: Result["watched"] },
  ) {
    this.#sources = sources;
    this.#wanted = wanted;
    this.#reach = reach;
    this.singleItemImplied = more.single;
    this.targetsSingleItems = more.targetsSingle;
    this.watched = more.watched;
  }

  ignore(which: (error: Failure) => boolean): this {
    this.#ignored = which;
    return this;
  }

  /** Visits each object. Throws the first failure, or with `continueOnError` all of them at the end. */
  *visit(fn: Emit): Work<void> {
    const errors: Failure[] = [];
    const ofSources: Failure[] = [];
    const { continueOnError } = this.#wanted;
    const emit: Emit = (info) => this.#decorated(info, fn);
    const guarded = function* (into: Failure[], work: () => Work<void>): Work<void> {
      try {
        yield* work();
      } catch (error) {
        if (!(error instanceof Failure) || !continueOnError) throw error;
        into.push(error);
      }
    };
    for (const source of this.#sources)
      yield* guarded(ofSources, () => source((info) => guarded(errors, () => emit(info))));
    // What a source could not read lies one level deeper than what was done with what it read.
    const left = this.#left([...errors, ...(ofSources.length ? [new Failures(ofSources)] : [])]);
    if (left.length === 1) throw left[0];
    if (left.length > 1) throw new Failures(left);
  }

  /** Failures without those that are none. */
  #left(errors: readonly Failure[]): Failure[] {
    const ignored = this.#ignored;
    if (!ignored) return [...errors];
    return errors.flatMap((one) => {
      if (!(one instanceof Failures)) return ignored(one) ? [] : [one];
      const left = this.#left(one.errors);
      return left.length === 0 ? [] : [new Failures(left)];
    });
  }

  /** All objects. A failure comes beside those that were found. */
  *infos(): Work<{ infos: Info[]; error?: Failure }> {
    const infos: Info[] = [];
    try {
      yield* this.visit((info) => known(void infos.push(info)));
      return { infos };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (this.#ignored?.(error)) return { infos };
      return { infos, error };
    }
  }

  /** Where an object lies, and the object where it was not read yet. */
  *#decorated(info: Info, fn: Emit): Work<void> {
    const { namespace, enforceNamespace, local, unread, flatten } = this.#wanted;
    if (info.type.namespaced) {
      if (info.namespace === "" && (!local || namespace)) place(info, namespace);
      else if (enforceNamespace && info.source && info.namespace !== namespace)
        throw new Failure(
          `the namespace from the provided object ${goQuote(info.namespace)} does not match the namespace ${goQuote(namespace)}. You must pass '--namespace=${info.namespace}' to perform this operation.`,
        );
    } else if (info.namespace !== "" && !local) {
      info.namespace = "";
      if (info.object?.metadata) delete info.object.metadata.namespace;
    }
    if (!info.object && !unread) yield* readInfo(yield* this.#reach(), info, this.#wanted);
    if (!flatten || !info.object || !isList(info.object)) return yield* fn(info);
    const errors: Failure[] = [];
    for (const item of flattened(info.object)) {
      try {
        yield* fn(infoOfItem(item, info, local ? undefined : (yield* this.#reach()).mapper));
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        errors.push(error);
      }
    }
    const all = aggregate(errors);
    if (all) throw all;
  }
}

function place(info: Info, namespace: string): void {
  info.namespace = namespace;
  if (info.object && !isList(info.object))
    info.object.metadata = { ...info.object.metadata, namespace };
}

/** Items of a list, and of lists in it. */
export function flattened(object: KubeObject): KubeObject[] {
  if (!isList(object)) return [object];
  const own = object.kind?.replace(/List$/, "");
  return object.items.flatMap((item) =>
    flattened(
      item.kind === undefined && own
        ? { apiVersion: object.apiVersion ?? "", kind: own, ...item }
        : item,
    ),
  );
}

function infoOfItem(object: KubeObject, list: Info, mapper: Mapper | undefined): Info {
  let { type } = list;
  if (mapper) {
    try {
      type = mapper.ofKind(object.apiVersion ?? "", object.kind ?? "");
    } catch (error) {
      if (!(error instanceof NoKindMatch)) throw error;
      throw new Failure(`unable to recognize ${error.message}`);
    }
  }
  return {
    type,
    namespace: type.namespaced ? (object.metadata?.namespace ?? list.namespace) : "",
    name: object.metadata?.name ?? "",
    source: list.source,
    object,
    resourceVersion: list.resourceVersion || (object.metadata?.resourceVersion ?? ""),
  };
}

/** Reads an object; one that is missing in a namespace that is missing says so. k8s: visitor.go Info.Get */
export function* readInfo(
  { client }: Machinery,
  info: Info,
  wanted: Pick<Wanted, "read" | "subresource"> = {},
): Work<KubeObject> {
  const { type, namespace, name } = info;
  const { subresource, read } = wanted;
  try {
    const path = pathOf(type, namespace, name, subresource);
    info.object = yield* client.json<KubeObject>({ path, ...read });
    info.resourceVersion = info.object.metadata?.resourceVersion ?? "";
    return info.object;
  } catch (error) {
    if (!isNotFound(error) || ["", "default"].includes(namespace)) throw error;
    try {
      yield* client.json({ path: `/api/v1/namespaces/${namespace}` });
    } catch (second) {
      if (isNotFound(second)) throw second;
    }
    throw error;
  }
}
