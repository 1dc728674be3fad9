/**
 * What a command is about: objects named by arguments, found by selectors or read from files.
 * k8s: cli-runtime/pkg/resource/builder.go, selector.go
 */
import { goQuote } from "../machinery/field.ts";
import { parseLabelSelector } from "../machinery/selectors.ts";
import type { ApiCall } from "./client.ts";
import { fullNameOf, pathOf, type Mapper, type ResourceType } from "./discovery.ts";
import { aggregate, Failure, NoKindMatch, StatusFailure } from "./errors.ts";
import { fileSources, type FileSource } from "./files.ts";
import { objectOf, readObjects, type KubeObject } from "./objects.ts";
import { allWithSlash, splitTuple, typesAndNames, uniqueWords } from "./resource-arguments.ts";
import {
  flattened,
  readInfo,
  Result,
  type Emit,
  type Info,
  type Reach,
  type Source,
  type Wanted,
} from "./result.ts";
import type { Work } from "./work.ts";

/** k8s: builder.go missingResourceError */
export const missingResource = `You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'`;

/** Finds out what is meant; throws what is wrong with how it was said. */
export function* build(reach: Reach, given: Wanted): Work<Result> {
  const wanted = { flatten: true, ...given };
  const errors: Failure[] = [];
  const files = wanted.files ? yield* fileSources(wanted.files, errors) : undefined;
  const named = yield* readArguments(reach, wanted, errors);
  const all = aggregate(errors);
  if (all) throw all;
  if (files && files.sources.length > 0) return byPaths(reach, wanted, files, named);
  if (named.selector !== undefined || wanted.fieldSelector?.trim())
    return yield* bySelector(reach, wanted, named);
  if (named.tuples.length > 0) return yield* byResource(reach, wanted, named);
  if (named.names.length > 0) return yield* byName(reach, wanted, named);
  if (named.types.length === 0) throw new Failure(missingResource);
  const { mapper } = yield* reach();
  for (const type of named.types) mapper.need(type);
  throw new Failure("resource(s) were provided, but no name was specified");
}

interface Named {
  types: string[];
  names: string[];
  tuples: { type: string; name: string }[];
  /** Label selector; "" for all. Undefined: nothing was selected. */
  selector: string | undefined;
}

function* readArguments(reach: Reach, wanted: Wanted, errors: Failure[]): Work<Named> {
  const named: Named = {
    types: [...(wanted.types ?? [])],
    names: [],
    tuples: [],
    selector: undefined,
  };
  const labels = wanted.labelSelector?.trim() ?? "";
  const fields = wanted.fieldSelector?.trim() ?? "";
  if (labels) named.selector = labels;
  if (wanted.all && (labels || fields))
    errors.push(new Failure("setting 'all' parameter but found a non empty selector. "));
  for (const name of wanted.names?.names ?? []) {
    const tuple = splitTuple(name);
    if (tuple && "problem" in tuple) errors.push(new Failure(tuple.problem));
    else if (tuple) named.tuples.push(tuple);
    else if (!wanted.names?.type)
      errors.push(new Failure(`the argument ${goQuote(name)} must be RESOURCE/NAME`));
    else named.tuples.push({ type: wanted.names.type, name });
  }
  const args = typesAndNames(wanted.args ?? []);
  const combined = allWithSlash(args);
  if (combined === "mixed") {
    errors.push(
      new Failure(
        "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
      ),
    );
  } else if (combined) {
    for (const arg of args) {
      const tuple = splitTuple(arg);
      if (tuple && "problem" in tuple) {
        errors.push(new Failure(tuple.problem));
        break;
      }
      if (tuple) named.tuples.push(tuple);
    }
  } else if (args.length > 0) {
    const { mapper } = wanted.local ? { mapper: undefined } : yield* reach();
    const [first = "", ...names] = args;
    named.names = names;
    named.types.push(...uniqueWords(mapper?.replaceCategories(first) ?? first));
    if (names.length === 0 && named.selector === undefined && wanted.allOfType) named.selector = "";
  }
  if (wanted.all) named.selector = "";
  return named;
}

function byPaths(
  reach: Reach,
  wanted: Wanted,
  files: { sources: FileSource[]; single: boolean },
  named: Named,
): Result {
  if (named.types.length > 0)
    throw new Failure(
      "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well",
    );
  if (named.names.length > 0) throw new Failure("name cannot be provided when a path is specified");
  if (named.tuples.length > 0)
    throw new Failure("resource/name arguments cannot be provided when a path is specified");
  const selects = named.selector ? selectorOf(named.selector) : undefined;
  const sources = files.sources.map(
    ({ name, read }): Source =>
      function* (emit) {
        for (const value of readObjects(yield* read(), name)) {
          if (wanted.validate) yield* wanted.validate(value, name);
          yield* fromFile(reach, wanted, value, name, selects, emit);
        }
      },
  );
  return new Result(sources, wanted, reach, { single: files.single, targetsSingle: true });
}

function selectorOf(text: string): (labels: Record<string, string>) => boolean {
  try {
    const selector = parseLabelSelector(text);
    return (labels) => selector.matches(labels);
  } catch (error) {
    throw new Failure(
      `the provided selector ${goQuote(text)} is not valid: ${error instanceof Error ? error.message : ""}`,
    );
  }
}

/** An object of a file, or the items of a list in it. */
function* fromFile(
  reach: Reach,
  wanted: Wanted,
  value: unknown,
  source: string,
  selects: ((labels: Record<string, string>) => boolean) | undefined,
  emit: Emit,
): Work<void> {
  const object = objectOf(value, source);
  const items = wanted.flatten === false ? [object] : flattened(object);
  for (const item of items) {
    const type = wanted.local ? localType(item) : (yield* reach()).mapper;
    const info = infoOfFile(item, type, source);
    if (selects && !selects(item.metadata?.labels ?? {})) continue;
    if (wanted.latest && info.name) {
      if (info.type.namespaced && info.namespace === "") info.namespace = wanted.namespace;
      if (
        !(wanted.enforceNamespace && info.namespace !== wanted.namespace) ||
        !info.type.namespaced
      )
        yield* readInfo(yield* reach(), info, wanted);
    }
    yield* emit(info);
  }
}

/** What can be known of a type without a server. */
function localType(object: KubeObject): ResourceType {
  const [group = "", version = ""] = (object.apiVersion ?? "").includes("/")
    ? (object.apiVersion ?? "").split("/")
    : ["", object.apiVersion];
  const kind = object.kind ?? "";
  return {
    group,
    version,
    kind,
    plural: kind.toLowerCase(),
    singular: kind.toLowerCase(),
    namespaced: true,
    shortNames: [],
    categories: [],
    verbs: [],
    subresources: {},
    preferred: true,
  };
}

function infoOfFile(object: KubeObject, known: Mapper | ResourceType, source: string): Info {
  const { name = "", namespace = "", resourceVersion = "" } = object.metadata ?? {};
  try {
    const type =
      "types" in known ? known.ofKind(object.apiVersion ?? "", object.kind ?? "") : known;
    return { type, namespace, name, source, object, resourceVersion };
  } catch (error) {
    if (!(error instanceof NoKindMatch)) throw error;
    throw new Failure(
      `resource mapping not found for name: ${goQuote(name)} namespace: ${goQuote(namespace)} from ${goQuote(source)}: ${error.message}\nensure CRDs are installed first`,
    );
  }
}

/** The types that words mean, each once. */
function typesOf(mapper: Mapper, words: readonly string[], wanted: Wanted): ResourceType[] {
  if (words.length > 1 && wanted.singleType) throw new Failure(multipleTypes);
  return [...new Set(words.map((word) => mapper.need(word)))];
}
const multipleTypes = "you may only specify a single resource type";

function* bySelector(reach: Reach, wanted: Wanted, named: Named): Work<Result> {
  if (named.names.length > 0)
    throw new Failure("name cannot be provided when a selector is specified");
  if (named.tuples.length > 0)
    throw new Failure(
      "selectors and the all flag cannot be used when passing resource/name arguments",
    );
  if (named.types.length === 0)
    throw new Failure("at least one resource must be specified to use a selector");
  if (wanted.subresource)
    throw new Failure("subresource cannot be used when bulk resources are specified");
  const { mapper } = yield* reach();
  const types = typesOf(mapper, named.types, wanted);
  const namespaceOf = (type: ResourceType): string =>
    type.namespaced && !wanted.allNamespaces ? wanted.namespace : "";
  const sources = types.map(
    (type): Source =>
      (emit) =>
        chunks(reach, wanted, type, namespaceOf(type), named.selector ?? "", emit),
  );
  const [first] = types;
  const watched = first && { type: first, namespace: namespaceOf(first) };
  return new Result(sources, wanted, reach, {
    single: false,
    targetsSingle: false,
    ...(watched ? { watched } : {}),
  });
}

/** Lists a collection piece by piece. k8s: selector.go, helper.go FollowContinue, EnhanceListError */
function* chunks(
  reach: Reach,
  wanted: Wanted,
  type: ResourceType,
  namespace: string,
  labelSelector: string,
  emit: Emit,
): Work<void> {
  const { client } = yield* reach();
  const fieldSelector = wanted.fieldSelector?.trim() ?? "";
  for (let next = ""; ;) {
    const query: NonNullable<ApiCall["query"]> = [
      ["labelSelector", labelSelector],
      ["fieldSelector", fieldSelector],
      ["limit", wanted.chunk || ""],
      ["continue", next],
      ...(wanted.read?.query ?? []),
    ];
    let list: KubeObject;
    try {
      const call = { path: pathOf(type, namespace), query };
      list = yield* client.json<KubeObject>({ ...wanted.read, ...call });
    } catch (error) {
      throw enhanced(error, type, labelSelector, fieldSelector);
    }
    const { resourceVersion = "" } = list.metadata ?? {};
    yield* emit({ type, namespace, name: "", source: "", object: list, resourceVersion });
    next = String(list.metadata?.["continue"] ?? "");
    if (next === "") return;
  }
}

function enhanced(error: unknown, type: ResourceType, labels: string, fields: string): unknown {
  if (!(error instanceof StatusFailure)) return error;
  const resource = fullNameOf(type);
  if (error.reason === "BadRequest" && (labels || fields)) {
    const what = `Unable to find ${goQuote(`${type.group ? `${type.group}/` : "/"}${type.version}, Resource=${type.plural}`)} that match label selector ${goQuote(labels)}, field selector ${goQuote(fields)}`;
    return new StatusFailure({ ...error.status, message: `${what}: ${error.message}` });
  }
  if (
    error.reason === "NotFound" &&
    error.message === "the server could not find the requested resource"
  )
    return new StatusFailure({
      ...error.status,
      message: `Unable to list ${goQuote(resource)}: ${error.message}`,
    });
  return error;
}

function* byResource(reach: Reach, wanted: Wanted, named: Named): Work<Result> {
  if (named.types.length > 0)
    throw new Failure(
      "you may not specify individual resources and bulk resources in the same call",
    );
  const { mapper } = yield* reach();
  const types = new Map(named.tuples.map(({ type }) => [type, mapper.need(type)]));
  if (wanted.singleType && new Set(types.values()).size > 1) throw new Failure(multipleTypes);
  const infos = named.tuples.map(({ type, name }) =>
    infoOfName(types.get(type) as ResourceType, name, wanted),
  );
  return ofInfos(infos, reach, wanted);
}

function infoOfName(type: ResourceType, name: string, wanted: Wanted): Info {
  if (type.namespaced && wanted.allNamespaces)
    throw new Failure("a resource cannot be retrieved by name across all namespaces");
  const namespace = type.namespaced ? wanted.namespace : "";
  return { type, namespace, name, source: "", resourceVersion: "" };
}

function* byName(reach: Reach, wanted: Wanted, named: Named): Work<Result> {
  if (named.types.length === 0)
    throw new Failure("you must provide a resource and a resource name together");
  if (named.types.length > 1) throw new Failure("you must specify only one resource");
  const { mapper } = yield* reach();
  const [type] = typesOf(mapper, named.types, wanted);
  const infos = named.names.map((name) => infoOfName(type as ResourceType, name, wanted));
  return ofInfos(infos, reach, wanted);
}

function ofInfos(infos: readonly Info[], reach: Reach, wanted: Wanted): Result {
  const sources = infos.map(
    (info): Source =>
      (emit) =>
        emit({ ...info }),
  );
  const [first] = infos;
  const watched = first && { type: first.type, namespace: first.namespace, name: first.name };
  return new Result(sources, wanted, reach, {
    single: infos.length === 1,
    targetsSingle: true,
    ...(watched ? { watched } : {}),
  });
}
