/** Objects of the sample server in its Pod's etcd, as the generic registry keeps them. k8s: apiserver/pkg/storage/etcd3 */
import { decodeUtf8, encodeUtf8, fromBase64, toBase64 } from "../../runtime/bytes.ts";
import { startHttp } from "../../runtime/http/http.ts";
import type { KubeObject } from "../../core/object.ts";
import type { Sys } from "../../runtime/kernel/types.ts";

/** etcd cannot be reached, or has no room. */
export class StorageError extends Error {
  override name = "StorageError";
}

interface KeyValue {
  key: string;
  value: string;
  mod_revision: string;
}
interface Answer {
  header: { revision: string };
  kvs?: KeyValue[];
}

const prefix = "/registry/wardle.example.com";
const encode = (text: string): string => toBase64(encodeUtf8(text));
const decode = (base64: string): string => decodeUtf8(fromBase64(base64) ?? "");

export class Storage {
  readonly #sys: Sys;
  readonly #port: number;
  constructor(sys: Sys, port: number) {
    this.#sys = sys;
    this.#port = port;
  }

  #call(path: string, body: object): Answer {
    const outcome = startHttp(this.#sys.kernel, {
      method: "POST",
      path,
      headers: { "content-type": "application/json" },
      body: encodeUtf8(JSON.stringify(body)),
      host: "127.0.0.1",
      port: this.#port,
      clientIp: "127.0.0.1",
    });
    if (!("response" in outcome))
      throw new StorageError(
        `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:${this.#port}: connect: connection refused"`,
      );
    const answer = JSON.parse(decodeUtf8(outcome.response.body)) as Answer & { message?: string };
    if (outcome.response.status !== 200) throw new StorageError(answer.message ?? "");
    return answer;
  }

  /** Whether somebody answers. */
  get ready(): boolean {
    try {
      this.#call("/v3/kv/range", { key: encode("/") });
      return true;
    } catch (error) {
      if (error instanceof StorageError) return false;
      throw error;
    }
  }

  /** Of one kind, in the order of their keys; with the store's revision. */
  list(plural: string, namespace: string): { items: KubeObject[]; revision: string } {
    const from = `${prefix}/${plural}/${namespace ? `${namespace}/` : ""}`;
    const range = { key: encode(from), range_end: encode(`${from.slice(0, -1)}0`) };
    const { header, kvs = [] } = this.#call("/v3/kv/range", range);
    return { items: kvs.map(objectOf), revision: header.revision };
  }
  get(plural: string, namespace: string, name: string): KubeObject | undefined {
    const { kvs = [] } = this.#call("/v3/kv/range", {
      key: encode(keyOf(plural, namespace, name)),
    });
    return kvs[0] && objectOf(kvs[0]);
  }
  put(plural: string, object: KubeObject): KubeObject {
    const { namespace = "", name } = object.metadata;
    const { resourceVersion: _, ...metadata } = object.metadata;
    const { header } = this.#call("/v3/kv/put", {
      key: encode(keyOf(plural, namespace, name)),
      value: encode(JSON.stringify({ ...object, metadata })),
    });
    return { ...object, metadata: { ...metadata, resourceVersion: header.revision } };
  }
  delete(plural: string, { metadata: { namespace = "", name } }: KubeObject): void {
    this.#call("/v3/kv/deleterange", { key: encode(keyOf(plural, namespace, name)) });
  }
}

const keyOf = (plural: string, namespace: string, name: string): string =>
  `${prefix}/${plural}/${namespace ? `${namespace}/` : ""}${name}`;

function objectOf({ value, mod_revision: resourceVersion }: KeyValue): KubeObject {
  const object = JSON.parse(decode(value)) as KubeObject;
  return { ...object, metadata: { ...object.metadata, resourceVersion } };
}
