/** Extended resources that DeviceClasses stand behind. k8s: dynamic-resource-allocation/deviceclass/extendedresourcecache */
import type { KubeObject } from "../../core/object.ts";
import type { Reader } from "../../ports/controller.ts";
import { isExtendedResource } from "../checks.ts";
import type { DeviceClass } from "./shape.ts";

const classes = "deviceclasses.resource.k8s.io";

/** Every class is asked for by its own name, too. k8s: api/resource/v1/types.go ResourceDeviceClassPrefix */
export const deviceClassPrefix = "deviceclass.resource.kubernetes.io/";

/** k8s: api/resource/v1/types.go ExtendedResourceClaimAnnotation */
export const extendedClaimAnnotation = "resource.kubernetes.io/extended-resource-claim";

/** k8s: pkg/scheduler/util/utils.go IsDRAExtendedResourceName */
export const mayBeDevices = (name: string): boolean =>
  name.startsWith(deviceClassPrefix) || isExtendedResource(name);

const isOlder = (a: KubeObject, b: KubeObject): boolean => {
  const [was, is] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
  return was === is ? a.metadata.name < b.metadata.name : was < is;
};

/** Of several that want the same name the oldest has it. */
export function classOfResource(name: string, reader: Reader): DeviceClass | undefined {
  if (name.startsWith(deviceClassPrefix))
    return reader.get<DeviceClass>(classes, "", name.slice(deviceClassPrefix.length));
  let found: DeviceClass | undefined;
  for (const one of reader.list<DeviceClass>(classes))
    if (one.spec?.extendedResourceName === name && (!found || isOlder(one, found))) found = one;
  return found;
}

/** The names among these that some class stands behind, with the class. */
export function backedByClasses(
  names: Iterable<string>,
  reader: Reader,
): ReadonlyMap<string, DeviceClass> {
  const found = new Map<string, DeviceClass>();
  for (const name of names) {
    const one = mayBeDevices(name) ? classOfResource(name, reader) : undefined;
    if (one) found.set(name, one);
  }
  return found;
}
