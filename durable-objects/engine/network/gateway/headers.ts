/** What modifiers do to headers. k8s: gateway-api apis/v1 HTTPHeaderFilter */
import { list, texts } from "../../kinds/gateway/lists.ts";
import type { HeaderModifier } from "../../kinds/gateway/types.ts";
import type { HttpResponse } from "../../runtime/kernel/state.ts";

type Headers = Readonly<Record<string, string>>;

/** Sets, then adds, then removes; names know no case. */
export function modified(headers: Headers, modifier: HeaderModifier | undefined): Headers {
  if (!modifier) return headers;
  const out = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  for (const { name, value } of list(modifier.set))
    out.set(String(name).toLowerCase(), String(value));
  for (const { name, value } of list(modifier.add)) {
    const before = out.get(String(name).toLowerCase());
    out.set(
      String(name).toLowerCase(),
      before === undefined ? String(value) : `${before},${value}`,
    );
  }
  for (const name of texts(modifier.remove)) out.delete(name.toLowerCase());
  return Object.fromEntries(out);
}

export function withHeaders(
  response: HttpResponse,
  answer: readonly HeaderModifier[],
): HttpResponse {
  const headers = answer.reduce(modified, response.headers as Readonly<Record<string, string>>);
  return { ...response, headers: { ...headers } };
}
