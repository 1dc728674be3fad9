/** What classes of storage share. k8s: pkg/apis/storage/validation */
import { invalid, required, tooLong, type FieldError } from "../../machinery/field.ts";
import { byteLength, invalidEach, qualifiedName } from "../../machinery/names.ts";

/** k8s: pkg/apis/storage/validation maxProvisionerParameterLen, maxProvisionerParameterSize */
const parametersMax = 512;
const parametersBytesMax = 256 * 1024;

/** k8s: validateProvisioner */
export function checkProvisioner(path: string, provisioner: string): FieldError[] {
  const lower = provisioner.toLowerCase();
  return provisioner ? invalidEach(path, lower, qualifiedName(lower)) : [required(path)];
}

/** k8s: validateParameters */
export function checkParameters(
  parameters: Record<string, string>,
  { allowEmpty }: { allowEmpty: boolean },
): FieldError[] {
  const entries = Object.entries(parameters);
  if (entries.length > parametersMax) return [tooLong("parameters", parametersMax)];
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of entries) {
    if (key === "") errors.push(invalid("parameters", key, "field can not be empty."));
    bytes += byteLength(key) + byteLength(value);
  }
  if (bytes > parametersBytesMax) errors.push(tooLong("parameters", parametersBytesMax));
  if (!allowEmpty && entries.length === 0)
    errors.push(required("parameters", "must contain at least one key/value pair"));
  return errors;
}
