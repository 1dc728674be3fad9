/**
 * The kinds that the server serves, and which of them a word means. k8s: client-go/discovery, client-go/restmapper
 * (discovery.go, shortcut.go, category_expansion.go), apimachinery/pkg/api/meta/priority.go
 */
import { rfc3339Milli } from "../core/clock.ts";
import { goQuote } from "../machinery/field.ts";
import { Failure, NoKindMatch, UrlFailure } from "./errors.ts";
import type { ApiClient } from "./client.ts";
import { at, section, type Work } from "./work.ts";

export interface ResourceType {
  group: string;
  version: string;
  plural: string;
  singular: string;
  kind: string;
  namespaced: boolean;
  shortNames: string[];
  categories: string[];
  verbs: string[];
  /** Names of subresources with their verbs: `status`, `scale`. */
  subresources: Record<string, string[]>;
  /** Its group's preferred version. */
  preferred: boolean;
}

/** `apps/v1`, `v1` */
export const apiVersionOf = ({ group, version }: Pick<ResourceType, "group" | "version">): string =>
  group ? `${group}/${version}` : version;

/** `deployments.apps`, `pods` */
export const fullNameOf = ({ group, plural }: Pick<ResourceType, "group" | "plural">): string =>
  group ? `${plural}.${group}` : plural;

/** Path of a collection, or of one object. */
export function pathOf(
  type: Pick<ResourceType, "group" | "version" | "plural" | "namespaced">,
  namespace: string,
  name?: string,
  subresource?: string,
): string {
  const root = type.group ? `/apis/${type.group}/${type.version}` : `/api/${type.version}`;
  const within = type.namespaced && namespace ? `/namespaces/${encode(namespace)}` : "";
  const one = name === undefined ? "" : `/${encode(name)}`;
  return `${root}${within}/${type.plural}${one}${subresource ? `/${subresource}` : ""}`;
}

/** url.PathEscape, as far as it differs. */
const encode = (text: string): string => encodeURIComponent(text).replaceAll("%3A", ":");

interface ServedResource {
  resource: string;
  responseKind?: { kind?: string };
  scope?: string;
  singularResource?: string;
  verbs?: string[];
  shortNames?: string[];
  categories?: string[];
  subresources?: { subresource: string; verbs?: string[] }[];
}

interface ServedGroup {
  metadata?: { name?: string };
  versions?: { version: string; resources?: ServedResource[] }[];
}

const kinds = (version: string): string =>
  `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
const accept = `${kinds("v2")},${kinds("v2beta1")},application/json`;

function typesOf(groups: readonly ServedGroup[]): ResourceType[] {
  const out: ResourceType[] = [];
  for (const group of groups) {
    group.versions?.forEach(({ version, resources = [] }, i) => {
      for (const one of resources) {
        const subresources: Record<string, string[]> = {};
        for (const { subresource, verbs = [] } of one.subresources ?? [])
          subresources[subresource] = verbs;
        out.push({
          group: group.metadata?.name ?? "",
          version,
          plural: one.resource,
          singular: one.singularResource ?? "",
          kind: one.responseKind?.kind ?? "",
          namespaced: one.scope === "Namespaced",
          shortNames: one.shortNames ?? [],
          categories: one.categories ?? [],
          verbs: one.verbs ?? [],
          subresources,
          preferred: i === 0,
        });
      }
    });
  }
  return out;
}

function* served(client: ApiClient, path: string): Work<ServedGroup[]> {
  const list = yield* client.json<{ items?: ServedGroup[] }>({ path, accept });
  return list.items ?? [];
}

/** All that the server serves, groups in its order. */
export const discover = (client: ApiClient, err: (text: string) => void): Work<ResourceType[]> =>
  section<ResourceType[] | { failed: [string, string, string] }>(function* () {
    try {
      const core = yield* served(client, "/api");
      const others = yield* served(client, "/apis");
      return typesOf([...core, ...others]);
    } catch (error) {
      if (error instanceof UrlFailure) yield* complain(error, err);
      throw error;
    }
  }) as Work<ResourceType[]>;

/** What klog prints of each of the five attempts of a cached client. k8s: client-go/discovery/cached/memory/memcache.go */
function* complain(error: UrlFailure, err: (text: string) => void): Work<void> {
  const head = yield* klogHead("memcache.go:265");
  const inner = `Get ${goQuote(`${error.url}?timeout=32s`)}: ${error.why}`;
  const text = `couldn't get current server API group list: ${inner}`;
  for (let i = 0; i < 5; i++) err(`${head} "Unhandled Error" err=${goQuote(text)}\n`);
}

/** `E1129 10:45:12.123456   12345 memcache.go:265]` */
export const klogHead = (place: string, level = "E"): Work<string> =>
  at((sys) => {
    const iso = rfc3339Milli(sys.now);
    const day = `${iso.slice(5, 7)}${iso.slice(8, 10)}`;
    return `${level}${day} ${iso.slice(11, 23)}000 ${String(sys.pid).padStart(7)} ${place}]`;
  });

/** A word of the command line: `deploy`, `deployments.apps`, `deployments.v1.apps`. */
interface Partial {
  resource: string;
  group: string;
  version: string;
}

export class Mapper {
  readonly types: readonly ResourceType[];

  constructor(types: readonly ResourceType[]) {
    this.types = types;
  }

  /** Those that a partly named resource may mean, the most likely first. */
  #matches({ resource, group, version }: Partial): ResourceType[] {
    const name = resource.toLowerCase();
    const named = (type: ResourceType): boolean => type.plural === name || type.singular === name;
    const inVersion = (type: ResourceType): boolean => !version || type.version === version;
    const found = this.types.filter((type) => named(type) && inVersion(type));
    if (!group) return preferredFirst(found);
    const exact = found.filter((type) => type.group === group);
    return preferredFirst(
      exact.length ? exact : found.filter((type) => type.group.startsWith(group)),
    );
  }

  /** A short name's resource. k8s: shortcut.go expandResourceShortcut */
  #expanded(partial: Partial): Partial {
    if (this.types.some(({ plural }) => plural === partial.resource)) return partial;
    const within = this.types.filter(({ shortNames }) => shortNames.includes(partial.resource));
    const found =
      within.find(({ group }) => !partial.group || group === partial.group) ??
      (partial.group ? within.find(({ group }) => group.startsWith(partial.group)) : undefined);
    return found ? { ...partial, resource: found.plural, group: found.group } : partial;
  }

  /** The resource that a word means; undefined: none. k8s: builder.go mappingFor */
  find(word: string): ResourceType | undefined {
    const [resource = "", ...rest] = word.split(".");
    const group = rest.join(".");
    if (rest.length >= 2) {
      const full = { resource, version: rest[0] as string, group: rest.slice(1).join(".") };
      const exact = this.#matches(this.#expanded(full))[0];
      if (exact) return exact;
    }
    const found = this.#matches(this.#expanded({ resource, group, version: "" }))[0];
    if (found) return found;
    return this.#ofKindWord(resource, rest);
  }

  /** A kind in its own letters or in small ones, with its version or only with its group. k8s: restmapper/discovery.go NewDiscoveryRESTMapper */
  #ofKindWord(word: string, rest: readonly string[]): ResourceType | undefined {
    const named = this.types.filter(({ kind }) => kind === word || kind.toLowerCase() === word);
    const [version, ...group] = rest;
    const full = named.find((type) => type.version === version && type.group === group.join("."));
    return full ?? preferredFirst(named.filter((type) => type.group === rest.join(".")))[0];
  }

  /** Failure where the word means none. */
  need(word: string): ResourceType {
    const found = this.find(word);
    if (found) return found;
    const name = word.split(".")[0] ?? "";
    throw new Failure(`the server doesn't have a resource type ${goQuote(name)}`);
  }

  /** The resource of an object's apiVersion and kind. NoKindMatch */
  ofKind(apiVersion: string, kind: string): ResourceType {
    const [group, version] = splitVersion(apiVersion);
    const kinds = this.types.filter((type) => type.group === group && type.kind === kind);
    // Without a version the kind is known, and its requests go to a path that is none.
    if (version === "" && kinds[0]) return { ...kinds[0], version };
    const found = kinds.find((type) => type.version === version);
    if (!found) throw new NoKindMatch(kind, group, [version]);
    return found;
  }

  /** Words with categories (`all`) in place of which stand the resources in them. k8s: builder.go ReplaceAliases */
  replaceCategories(words: string): string {
    return words
      .split(",")
      .map((word) => {
        const within = this.types.filter(({ categories }) => categories.includes(word));
        return within.length ? within.map(fullNameOf).join(",") : word;
      })
      .join(",");
  }
}

const preferredFirst = (types: readonly ResourceType[]): ResourceType[] =>
  types.toSorted((a, b) => Number(b.preferred) - Number(a.preferred));

/** `apps/v1` as group and version. */
export function splitVersion(apiVersion: string): [group: string, version: string] {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? ["", apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
}
