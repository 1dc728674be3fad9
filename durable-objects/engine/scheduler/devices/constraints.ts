/** What devices of one claim must have in common, or apart. k8s: allocator_incubating.go matchAttributeConstraint, constraint.go */
import type { Device, DeviceAttribute, DeviceClaim } from "../../kinds/resource/shape.ts";
import type { Option } from "./request-data.ts";

type Given = NonNullable<DeviceClaim["constraints"]>[number];

/** k8s: lookupAttribute: by its full name, or by its own where the domain is the driver's. */
function attributeOf(device: Device, driver: string, name: string): string | undefined {
  const attributes = device.attributes ?? {};
  const slash = name.indexOf("/");
  const own = name.slice(0, slash) === driver ? name.slice(slash + 1) : undefined;
  const found = Object.hasOwn(attributes, name)
    ? attributes[name]
    : own !== undefined && Object.hasOwn(attributes, own)
      ? attributes[own]
      : undefined;
  return found && valueText(found);
}

/** The value with its type. */
function valueText({ string, int, bool, version }: DeviceAttribute): string | undefined {
  if (string !== undefined) return `s${string}`;
  if (int !== undefined) return `i${int}`;
  if (bool !== undefined) return `b${bool}`;
  return version === undefined ? undefined : `v${version}`;
}

export class Constraint {
  readonly #requests: ReadonlySet<string>;
  readonly #attribute: string;
  readonly #distinct: boolean;
  readonly #values: string[] = [];

  constructor({ requests = [], matchAttribute, distinctAttribute }: Given) {
    this.#requests = new Set(requests);
    this.#distinct = matchAttribute === undefined;
    this.#attribute = matchAttribute ?? distinctAttribute ?? "";
  }
  #concerns({ names: [request, alternative], name }: Option): boolean {
    if (this.#requests.size === 0 || this.#requests.has(request)) return true;
    return alternative !== undefined && this.#requests.has(name);
  }
  add(option: Option, device: Device, driver: string): boolean {
    if (!this.#concerns(option)) return true;
    const value = attributeOf(device, driver, this.#attribute);
    if (value === undefined) return false;
    if (this.#distinct ? this.#values.includes(value) : (this.#values[0] ?? value) !== value)
      return false;
    this.#values.push(value);
    return true;
  }
  /** Takes the last one back. */
  remove(option: Option): void {
    if (this.#concerns(option)) this.#values.pop();
  }
}
