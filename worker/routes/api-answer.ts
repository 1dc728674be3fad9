/** What every answer of the Kubernetes API has in its head, whoever made it. */
import { clearOwnKinds, takeLarge } from "../../durable-objects/edge-request.ts";

/** The object's answer, of which the head may be changed; a socket's stays. */
export const changeable = (answer: Response): Response =>
  answer.webSocket ? answer : new Response(answer.body, answer);

/** What upstream says of and does to each, sockets' handshakes aside. */
export function finished(request: Request, answer: Response): Response {
  if (answer.webSocket) return answer;
  const { headers } = answer;
  clearOwnKinds(headers);
  // The engine, in which nothing is by chance, has no part in it. k8s: apiserver/pkg/endpoints/filters/audit_init.go
  headers.set("audit-id", request.headers.get("audit-id") || crypto.randomUUID());
  if (takeLarge(headers) && asksForGzip(request)) {
    // The runtime compresses what says that it is compressed. k8s: responsewriters/writers.go deferredResponseWriter
    headers.set("content-encoding", "gzip");
    headers.append("vary", "Accept-Encoding");
  }
  return answer;
}

/** Weights are not read. k8s: responsewriters/writers.go negotiateContentEncoding */
const asksForGzip = ({ headers }: Request): boolean =>
  (headers.get("accept-encoding") ?? "").split(",").some((coding) => coding.trim() === "gzip");
