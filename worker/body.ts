import { badRequest } from "../durable-objects/engine/machinery/status.ts";

/**
 * The body whole, or what `tooLarge` throws; it never holds more than the limit. A read has none: what a client sends along
 * with one is passed over, as upstream does. Who breaks an upload off hears nothing any more, and nothing has failed.
 */
export async function readBody(
  request: Request,
  bytesMax: number,
  tooLarge: () => never,
): Promise<Uint8Array | undefined> {
  if (!request.body || request.method === "GET" || request.method === "HEAD") return undefined;
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = (request.body as ReadableStream<Uint8Array>).getReader();
  for (;;) {
    const { value } = await reader.read().catch(() => {
      throw badRequest("unexpected EOF");
    });
    if (!value) break;
    size += value.length;
    if (size > bytesMax) {
      void reader.cancel().catch(() => {});
      tooLarge();
    }
    chunks.push(value);
  }
  if (chunks.length === 1) return chunks[0];
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
