import type { Suggestions } from "../ui/code-editor.ts";
import { documentAt, placeAt, typeMeta } from "./place.ts";
import type { TypeOf } from "./schema.ts";

/** What may stand where somebody types, by the type of the document's object. */

export async function suggestionsAt(
  text: string,
  offset: number,
  asked: boolean,
  typeIn: (apiVersion: string, kind: string) => Promise<TypeOf | undefined>,
): Promise<Suggestions | undefined> {
  const document = documentAt(text, offset);
  const place = placeAt(document.text, offset - document.start);
  if (!place || (place.typed === "" && !asked)) return undefined;
  const { apiVersion, kind } = typeMeta(document.text);
  const type = await typeIn(apiVersion, kind);
  if (!type) return undefined;
  const from = offset - place.typed.length;
  if (place.what === "value") {
    const values = type.valuesAt(place.path);
    return {
      from,
      options: values.map((label) => ({ label, detail: "", info: "", apply: label })),
    };
  }
  const below = " ".repeat(place.column);
  return {
    from,
    options: type.fieldsAt(place.path).map(({ name, type: of, required, description }) => ({
      label: name,
      detail: required ? `${of}, required` : of,
      info: description,
      apply: `${name}:${afterKey(of, below)}`,
    })),
  };
}

function afterKey(type: string, below: string): string {
  if (type.startsWith("[]")) return `\n${below}- `;
  return type === "object" ? `\n${below}  ` : " ";
}
