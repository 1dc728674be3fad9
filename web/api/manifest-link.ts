/** Manifests in an address: deflated (RFC 1951), base64url. */

/** As many as the service takes. */
const textBytesMax = 3 * 1024 * 1024;

export async function pack(text: string): Promise<string> {
  const deflated = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(deflated).arrayBuffer());
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Throws what to tell the visitor. Stops where a short link would unfold into more than anyone reads. */
export async function unpack(packed: string | undefined): Promise<string> {
  if (!packed) throw new Error("This link carries no manifests: it ends with #m= and more.");
  try {
    const binary = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return new TextDecoder("utf-8", { fatal: true }).decode(await bounded(inflated));
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new Error("This link is damaged: perhaps its end was cut off. Ask for it again.", {
      cause: error,
    });
  }
}

async function bounded(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > textBytesMax) {
      await reader.cancel();
      throw new RangeError(`This link carries more than ${textBytesMax} bytes of manifests.`);
    }
    chunks.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
