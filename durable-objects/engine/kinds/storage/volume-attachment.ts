import type * as storage from "kubernetes-types/storage/v1";
import {
  child,
  forbiddenField,
  invalid,
  required,
  tooLong,
  type FieldError,
} from "../../machinery/field.ts";
import { validateImmutable } from "../../machinery/metadata.ts";
import { byteLength, dns1123Subdomain, invalidEach, rangeText } from "../../machinery/names.ts";
import { age, ageColumn, column, nameColumn } from "../columns.ts";
import type { Kind } from "../define.ts";
import { validateCsiDriverName } from "../pod/validation/volumes.ts";
import { validateInlineVolume } from "./persistent-volume.ts";
import type { Stored } from "../stored.ts";
import { schemaNamed } from "../../schema/types.ts";

/** The code came after 1.30. */
type VolumeError = storage.VolumeError & { errorCode?: number };
export type VolumeAttachment = Stored<storage.VolumeAttachment>;

/** k8s: pkg/apis/storage/validation maxAttachedVolumeMetadataSize, maxVolumeErrorMessageSize */
const metadataBytesMax = 256 * 1024;
const messageBytesMax = 1024;
const int32Max = 2 ** 31 - 1;

function checkSource(source: storage.VolumeAttachmentSource): FieldError[] {
  const path = "spec.source";
  const { inlineVolumeSpec, persistentVolumeName } = source;
  const exactlyOne = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
  if (inlineVolumeSpec && persistentVolumeName !== undefined)
    return [forbiddenField(path, exactlyOne)];
  if (inlineVolumeSpec) return validateInlineVolume(inlineVolumeSpec, `${path}.inlineVolumeSpec`);
  if (persistentVolumeName === undefined) return [required(path, exactlyOne)];
  if (persistentVolumeName) return [];
  return [required(`${path}.persistentVolumeName`, "must specify non empty persistentVolumeName")];
}

function checkError(path: string, error: VolumeError | undefined): FieldError[] {
  const errors: FieldError[] = [];
  if (byteLength(error?.message ?? "") > messageBytesMax)
    errors.push(tooLong(child(path, "message"), metadataBytesMax));
  const code = error?.errorCode;
  if (code !== undefined && code < 0)
    errors.push(invalid(child(path, "errorCode"), code, rangeText(0, int32Max)));
  return errors;
}

function checkStatus(status: VolumeAttachment["status"]): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(status?.attachmentMetadata ?? {}))
    bytes += byteLength(key) + byteLength(value);
  if (bytes > metadataBytesMax) errors.push(tooLong("status.attachmentMetadata", metadataBytesMax));
  return [
    ...errors,
    ...checkError("status.attachError", status?.attachError),
    ...checkError("status.detachError", status?.detachError),
  ];
}

/** k8s: pkg/apis/storage/validation ValidateVolumeAttachment */
function validate(attachment: VolumeAttachment): FieldError[] {
  const { attacher = "", source = {}, nodeName = "" } = attachment.spec ?? {};
  const { persistentVolumeName: name } = source;
  return [
    ...validateCsiDriverName(attacher, "spec.attacher"),
    ...checkSource(source),
    ...invalidEach("spec.nodeName", nodeName, dns1123Subdomain(nodeName)),
    ...checkStatus(attachment.status),
    ...(name === undefined
      ? []
      : invalidEach("spec.source.persistentVolumeName", name, dns1123Subdomain(name))),
  ];
}

const validateUpdate = (attachment: VolumeAttachment, old: VolumeAttachment): FieldError[] => [
  ...validate(attachment),
  ...validateImmutable(attachment.spec, old.spec, "spec"),
];

export const VolumeAttachment: Kind<VolumeAttachment> = {
  resource: "volumeattachments.storage.k8s.io",
  apiVersion: "storage.k8s.io/v1",
  kind: "VolumeAttachment",
  schema: schemaNamed("storage/v1.VolumeAttachment"),
  namespaced: false,
  hasGeneration: false,
  allowUnconditionalUpdate: false,
  prepareForCreate: (attachment) => ({ ...attachment, status: { attached: false } }),
  validateCreate: validate,
  validateUpdate,
  validateStatusUpdate: validateUpdate,
  table: {
    columns: [
      nameColumn,
      { ...column("Attacher", "The driver that attaches it."), format: "name" },
      column("PV", "The volume."),
      column("Node", "Where it is attached."),
      column("Attached", "Whether it is.", "boolean"),
      ageColumn,
    ],
    cells: (a, now) => [
      a.metadata.name,
      a.spec?.attacher ?? "",
      a.spec?.source?.persistentVolumeName ?? "",
      a.spec?.nodeName ?? "",
      a.status?.attached ?? false,
      age(a, now),
    ],
  },
};
