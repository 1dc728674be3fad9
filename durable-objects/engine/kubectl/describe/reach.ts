/** What descriptions read from the API beside the object itself. */
import type { Event, Pod } from "kubernetes-types/core/v1";
import type { ApiCall, ApiClient } from "../client.ts";
import { Failure, StatusFailure } from "../errors.ts";
import { goQuote } from "../../machinery/field.ts";
import type { Work } from "../work.ts";
import type { Meta } from "./out.ts";

export interface Settings {
  client: ApiClient;
  showEvents: boolean;
  /** Objects of one answer; 0: all. */
  chunk: number;
  /** Virtual ms. */
  now: number;
}

/** Kind as it is in references to an object: `involvedObject.kind`. */
export interface Described {
  kind?: string;
  metadata: Meta;
}

type Query = NonNullable<ApiCall["query"]>;

/** All objects of a collection, some at a time. */
export function* listAll<T>(
  { client, chunk }: Pick<Settings, "client" | "chunk">,
  path: string,
  resource: string,
  query: Query = [],
): Work<T[]> {
  const out: T[] = [];
  for (let next = ""; ;) {
    let list: { items?: T[]; metadata?: { continue?: string } };
    try {
      list = yield* client.json({
        path,
        query: [...query, ["limit", chunk || ""], ["continue", next]],
      });
    } catch (error) {
      throw enhanced(error, resource, query);
    }
    out.push(...(list.items ?? []));
    next = list.metadata?.continue ?? "";
    if (next === "") return out;
  }
}

/** k8s: cli-runtime/pkg/resource/helper.go EnhanceListError */
function enhanced(error: unknown, resource: string, query: Query): unknown {
  if (!(error instanceof StatusFailure) || !["BadRequest", "NotFound"].includes(error.reason))
    return error;
  const of = (name: string): string => String(query.find(([key]) => key === name)?.[1] ?? "");
  const [labels, fields] = [of("labelSelector"), of("fieldSelector")];
  const what =
    labels || fields
      ? `Unable to find ${goQuote(resource)} that match label selector ${goQuote(labels)}, field selector ${goQuote(fields)}`
      : `Unable to list ${goQuote(resource)}`;
  return new StatusFailure({ ...error.status, message: `${what}: ${error.message}` });
}

const within = (namespace: string | undefined, plural: string): string =>
  namespace ? `/api/v1/namespaces/${namespace}/${plural}` : `/api/v1/${plural}`;

export const podsOf = (
  settings: Settings,
  namespace: string | undefined,
  query: Query = [],
): Work<Pod[]> => listAll<Pod>(settings, within(namespace, "pods"), "pods", query);

/** Events about an object; a kind of "" means any. k8s: describe.go searchEvents */
export const eventsAbout = (
  settings: Settings,
  { kind, metadata }: Described,
  uid = metadata.uid,
): Work<Event[]> => {
  const { name = "", namespace = "" } = metadata;
  const terms = [
    ...(kind ? [`involvedObject.kind=${kind}`] : []),
    `involvedObject.name=${name}`,
    `involvedObject.namespace=${namespace}`,
    ...(uid ? [`involvedObject.uid=${uid}`] : []),
  ];
  const path = within(namespace, "events");
  return listAll<Event>(settings, path, "events", [["fieldSelector", terms.join(",")]]);
};

/** Events about an object where they are to be shown; none where they cannot be read. */
export function* eventsOf(settings: Settings, object: Described): Work<Event[] | undefined> {
  if (!settings.showEvents) return undefined;
  return yield* orNothing(eventsAbout(settings, object));
}

export function* orNothing<T>(work: Work<T[]>): Work<T[]> {
  try {
    return yield* work;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [];
  }
}

/** What an object is, or the failure. */
export function* orFailure<T>(work: Work<T>): Work<T | Failure> {
  try {
    return yield* work;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error;
  }
}
