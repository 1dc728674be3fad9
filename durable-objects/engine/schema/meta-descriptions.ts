/** What `kubectl explain` says of the metadata of custom resources, whose documents no build has put descriptions into. */
import type { Descriptions } from "./openapi-schemas.ts";

export const metaDescriptions: Descriptions = {
  "meta/v1.ObjectMeta": {
    "": "ObjectMeta is what every stored object has: its name, and what the server and others note about it.",
    name: "Name, unique among objects of the kind in its namespace. It cannot be changed.",
    generateName: "Beginning of a name that the server completes where none is given.",
    namespace: "Namespace that the object lies in; none for kinds of the whole cluster.",
    selfLink: "Not set any more.",
    uid: "UID is the object's own id, in time too: another object of the same name has another.",
    resourceVersion: "The object's revision, to be sent back with an update as it was read.",
    generation: "Number that grows with every change of what is wanted.",
    creationTimestamp:
      "CreationTimestamp is a timestamp that the server sets when the object is made.",
    deletionTimestamp:
      "DeletionTimestamp is the moment from which on the object is to be gone; the server sets it on a deletion that has to wait.",
    deletionGracePeriodSeconds: "Seconds that the deletion leaves for an orderly end.",
    labels: "Pairs of texts by which objects are selected.",
    annotations: "Pairs of texts that are kept for whoever reads them.",
    ownerReferences: "Objects that this one hangs on: when all are gone, it goes too.",
    finalizers: "Names of those who must act before the object may go.",
    managedFields: "Who manages which fields, kept for server-side apply.",
  },
  "meta/v1.OwnerReference": {
    "": "OwnerReference names an object that owns another.",
    apiVersion: "Its group and version.",
    kind: "Its kind.",
    name: "Its name.",
    uid: "Its uid.",
    controller: "Whether it is the one owner that controls the object.",
    blockOwnerDeletion: "Whether its deletion in the foreground waits for the object.",
  },
};
