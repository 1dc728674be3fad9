import { marksIn, type Mark } from "./check.ts";
import { typeMeta } from "./place.ts";
import type { TypeOf } from "./schema.ts";

const typesMax = 20;

/** What is wrong with a text of one or several objects; their types are asked for first. */
export async function checkAll(
  text: string,
  typeIn: (apiVersion: string, kind: string) => Promise<TypeOf | undefined>,
): Promise<Mark[]> {
  const types = new Map<string, TypeOf | undefined>();
  const nameOf = (apiVersion: string, kind: string): string => `${apiVersion} ${kind}`;
  for (const document of text.split(/^---.*$/m).slice(0, typesMax)) {
    const { apiVersion, kind } = typeMeta(document);
    const name = nameOf(apiVersion, kind);
    if (!types.has(name)) types.set(name, await typeIn(apiVersion, kind));
  }
  return marksIn(text, (apiVersion, kind) => types.get(nameOf(apiVersion, kind)));
}
