import * as v from "valibot";
import type { Env } from "../env.ts";
import { EdgeError } from "../errors.ts";
import type { Call, Row } from "../route.ts";

/** https://oembed.com, for what an address alone opens: snapshots and scenarios. */

const shape = v.object({
  version: v.literal("1.0"),
  type: v.literal("rich"),
  provider_name: v.string(),
  provider_url: v.string(),
  title: v.string(),
  html: v.string(),
  width: v.number(),
  height: v.number(),
});

/** The service's own door: what it tells anybody of a thing is told here too, and no more. */
type Door = (request: Request, env: Env, context: ExecutionContext) => Response | Promise<Response>;

export const oembedRoutes = (door: Door): Row[] => [
  {
    method: "GET",
    path: "/oembed",
    who: "anyone",
    title: "Read how to embed a snapshot or scenario by its address (oEmbed)",
    query: {
      url: "Address of a snapshot or scenario of this deployment",
      maxwidth: "Pixels",
      maxheight: "Pixels",
      format: "json, which is all there is",
    },
    answers: { 200: { text: "A frame", schema: shape } },
    handle: (call) => oembed(call, door),
  },
];

const width = 800;
const height = 480;

async function oembed(call: Call, door: Door): Promise<Response> {
  const format = call.c.req.query("format") ?? "json";
  if (format !== "json") throw new EdgeError(501, "oEmbed is answered as JSON alone", "format");
  const found = thingAt(call, call.c.req.query("url"));
  const title = await titleOf(call, found, door);
  const size = {
    width: within(call, "maxwidth", width),
    height: within(call, "maxheight", height),
  };
  const src = `${call.origin}/embed/${found.kind}/${found.id}`;
  const answer: v.InferOutput<typeof shape> = {
    version: "1.0",
    type: "rich",
    provider_name: "Podyard",
    provider_url: call.origin,
    title,
    html: `<iframe src="${src}" title="${escaped(title)}" width="${size.width}" height="${size.height}" style="border: 0" loading="lazy" allow="clipboard-write"></iframe>`,
    ...size,
  };
  return call.json(answer, 200, {
    "access-control-allow-origin": "*",
    "cache-control": "public, max-age=300",
  });
}

interface Thing {
  kind: "x" | "l";
  id: string;
}

/** Throws 404 for what is not of here. A sandbox's key is in the fragment, which is not sent: so that is 401. */
function thingAt(call: Call, said: string | undefined): Thing {
  if (!said) throw new EdgeError(400, "url is missing", "url");
  const url = URL.parse(said);
  if (!url || url.origin !== call.origin) throw nothingThere();
  const [, kind, id] = /^\/(s|x|l)\/([A-Za-z0-9_-]{1,64})$/.exec(url.pathname) ?? [];
  if (kind === "s") throw new EdgeError(401, "a sandbox is private; share a snapshot of it");
  if (kind === undefined) throw nothingThere();
  return { kind: kind as Thing["kind"], id: id! };
}

const nothingThere = (): EdgeError =>
  new EdgeError(404, "this is no address of a snapshot or scenario here", "url");

/** As the service tells anybody who has the address: what is private, or gone, is answered as there. */
async function titleOf(call: Call, { kind, id }: Thing, door: Door): Promise<string> {
  const noun = kind === "x" ? "snapshots" : "scenarios";
  const asked = new Request(`${call.origin}/api/${noun}/${id}`);
  const response = await door(asked, call.env, call.c.executionCtx as ExecutionContext);
  if (response.status === 401 || response.status === 403) {
    throw new EdgeError(401, "this is private", "url");
  }
  if (!response.ok) throw nothingThere();
  const { title } = (await response.json()) as { title?: string };
  return title || (kind === "x" ? "A Kubernetes cluster, frozen" : "A Kubernetes lab");
}

function within(call: Call, name: string, usual: number): number {
  const said = call.c.req.query(name);
  if (said === undefined) return usual;
  const most = Number(said);
  if (!Number.isInteger(most) || most < 1) {
    throw new EdgeError(400, `${name} must be a whole number of pixels`, name);
  }
  return Math.min(usual, most);
}

const escaped = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll('"', "&quot;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
