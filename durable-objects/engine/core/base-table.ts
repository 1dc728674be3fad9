/** The built-in base (bootstrap/base.ts) by its keys on disk, which are worked out when one is first asked for: most starts ask for none. */
import { objectKey, type KubeObject } from "./object.ts";
import { keyOnDisk } from "./tail.ts";

export interface BaseObject {
  resource: string;
  object: KubeObject;
}

export class BaseTable {
  #objects: readonly BaseObject[] = [];
  #byKey: Map<string, KubeObject> | undefined;

  begin(objects: readonly BaseObject[]): void {
    this.#objects = objects;
    this.#byKey = undefined;
  }

  get(key: string): KubeObject | undefined {
    this.#byKey ??= new Map(
      this.#objects.map(({ resource, object }) => {
        const { namespace = "", name } = object.metadata;
        return [keyOnDisk(resource, objectKey(namespace, name)), object];
      }),
    );
    return this.#byKey.get(key);
  }
}
