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

/** The header by which the object tells the Worker about a stream. */
export const writeHead = (head: StreamHead): Record<string, string> => ({
  [name]: encodeURIComponent(JSON.stringify(head)),
});

/** Undefined: the answer is no stream's. */
export function readHead(headers: Headers): StreamHead | undefined {
  const text = headers.get(name);
  return text === null ? undefined : (JSON.parse(decodeURIComponent(text)) as StreamHead);
}
