/** What the object tells the Worker about a stream when it opens, in one header of the upgrade's answer. */
export interface StreamHead {
  kind: "watch" | "follow";
  /** Headers of the answer that the client sees. */
  headers: Record<string, string>;
  /** Wall ms at which the server ends the stream. */
  endsAtWall?: number;
  /** Up to which revision the stream has been served when it opens. */
  revision?: string;
  /** A BOOKMARK line with `revisionMark` where the revision belongs, if the client allowed bookmarks. */
  bookmark?: string;
  /** The watch was over when it opened: all its lines. There is no socket, whose close could overtake them. */
  over?: string;
}

export const revisionMark = "REVISION";

const name = "podyard-stream";

export const writeHead = (head: StreamHead): Record<string, string> => ({
  [name]: encodeURIComponent(JSON.stringify(head)),
});

/** Undefined: the answer is no stream's. */
export function readHead(headers: Headers): StreamHead | undefined {
  const text = headers.get(name);
  return text === null ? undefined : (JSON.parse(decodeURIComponent(text)) as StreamHead);
}

/**
 * Says that the Worker ends the stream, and how the client asked for it: `http` or `websocket`. The inner socket is given to
 * nobody else. Only the Worker sets this header.
 */
export const bridgeHeader = "podyard-bridge";

/** The path as the client sees it: links in proxied pages are led through it. Only the Worker sets this header. */
export const publicPathHeader = "podyard-path";
/** A preview's token, which the object compares. Only the Worker sets this header. */
export const previewHeader = "podyard-preview";
/** The Ingress host that a preview asks for. Only the Worker sets this header. */
export const ingressHeader = "podyard-ingress";
