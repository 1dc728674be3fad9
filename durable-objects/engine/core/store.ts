/**
 * All state of a cluster in memory: objects by resource, their indices, and the records that Kubernetes has no object
 * for. Objects are immutable; a write replaces the reference. Only api/write/operations.ts writes objects.
 */
import { assert } from "./assert.ts";
import { causeCharsMax } from "./limits.ts";
import { Group, type SmallGroup } from "./groups.ts";
import { Indices, type Index } from "./indices.ts";
import type { RecordCodecs } from "./record-codec.ts";
import { objectKey, splitKey, type Change, type KubeObject, type ResourceId } from "./object.ts";

const none: readonly KubeObject[] = [];

type Undo =
  | {
      what: "object";
      resource: ResourceId;
      key: string;
      before: KubeObject | undefined;
      after: KubeObject | undefined;
    }
  | { what: "record"; table: string; key: string; before: unknown };

export interface RecordChange {
  table: string;
  key: string;
  /** undefined: deleted. */
  value: unknown;
  /** What the log has of it. */
  before: unknown;
}

/** A class of keys that waits on disk. */
export interface Deferred {
  /** Some object in it has an owner. */
  owned: boolean;
  load(): void;
}

const isObjects = (kind: string): boolean => kind.startsWith("o\0");

/** Called for each object that is created, changed or deleted. */
type Follower = (before: KubeObject | undefined, after: KubeObject | undefined) => void;

export class Store {
  /** resourceVersion of the last change. */
  rv = 0;
  /** Changes and record changes since `takePending`. */
  #changes: Change[] = [];
  #recordChanges: RecordChange[] = [];
  /** The same by table and key. */
  readonly #noted = new Map<string, Map<string, RecordChange>>();
  #undo: Undo[] | undefined;
  #by: string | undefined;
  readonly #resources = new Map<ResourceId, Group>();
  /** By resource, then namespace; a namespace's objects by name. */
  readonly #namespaces = new Map<ResourceId, Map<string, Group>>();
  readonly #indices: Indices;
  readonly #followers = new Map<ResourceId, Follower>();
  readonly #records = new Map<string, Map<string, unknown>>();
  objectCount = 0;
  /** Classes of keys (`o\0pods`, `r\0timers`) that are still on disk: read when first asked for. */
  readonly #deferred = new Map<string, Deferred>();

  readonly #codecs: RecordCodecs;

  constructor(indices: readonly Index[], codecs: RecordCodecs = {}) {
    this.#indices = new Indices(indices);
    this.#codecs = codecs;
  }

  /** Tells of every object of a resource, also of what is read from disk and of what is taken back. */
  follow(resource: ResourceId, follower: Follower): void {
    this.#followers.set(resource, follower);
  }

  /** Leaves a class of keys on disk until it is asked for; `load` then calls `load` or `loadRecord` for each. */
  defer(kind: string, deferred: Deferred): void {
    this.#deferred.set(kind, deferred);
  }

  /** The class has an object with an owner after all. */
  owns(kind: string): void {
    const deferred = this.#deferred.get(kind);
    if (deferred) deferred.owned = true;
  }

  #need(kind: string): void {
    const deferred = this.#deferred.get(kind);
    if (!deferred) return;
    this.#deferred.delete(kind);
    // They were counted when they came to life.
    const count = this.objectCount;
    deferred.load();
    this.objectCount = count;
  }

  #needAll(which: (kind: string, deferred: Deferred) => boolean): void {
    for (const [kind, deferred] of [...this.#deferred]) if (which(kind, deferred)) this.#need(kind);
  }

  get(resource: ResourceId, namespace: string, name: string): KubeObject | undefined {
    if (this.#deferred.size) this.#need(`o\0${resource}`);
    return this.#get(resource, namespace, name);
  }

  #get(resource: ResourceId, namespace: string, name: string): KubeObject | undefined {
    return namespace
      ? this.#namespaces.get(resource)?.get(namespace)?.get(name)
      : this.#resources.get(resource)?.get(name);
  }

  list(resource: ResourceId, namespace?: string): readonly KubeObject[] {
    if (this.#deferred.size) this.#need(`o\0${resource}`);
    if (namespace) return this.#namespaces.get(resource)?.get(namespace)?.array() ?? none;
    return this.#resources.get(resource)?.array() ?? none;
  }

  count(resource: ResourceId, namespace?: string): number {
    if (this.#deferred.size) this.#need(`o\0${resource}`);
    if (namespace) return this.#namespaces.get(resource)?.get(namespace)?.size ?? 0;
    return this.#resources.get(resource)?.size ?? 0;
  }

  inNamespace(namespace: string): readonly KubeObject[] {
    this.#needAll(isObjects);
    const all: KubeObject[] = [];
    for (const resource of [...this.#resources.keys()].sort())
      for (const object of this.list(resource, namespace)) all.push(object);
    return all;
  }

  resources(): Iterable<ResourceId> {
    this.#needAll(isObjects);
    return this.#resources.keys();
  }

  byIndex(index: string, value: string): readonly KubeObject[] {
    return this.#group(index, value)?.array() ?? none;
  }

  countByIndex(index: string, value: string): number {
    return this.#group(index, value)?.size ?? 0;
  }

  #group(index: string, value: string): Group | SmallGroup | undefined {
    if (this.#deferred.size) this.#needFor(index);
    return this.#indices.at(index, value);
  }

  /** The same in no order, for who looks for one among thousands that change all the time. */
  unordered(index: string, value: string): Iterable<KubeObject> {
    return this.#group(index, value)?.members() ?? none;
  }

  /** Indices over all resources file by owner, so classes in which nothing has one can wait. */
  #needFor(index: string): void {
    for (const { name, resource } of this.#indices.table) {
      if (name !== index) continue;
      if (resource === "*") this.#needAll((kind, { owned }) => owned && isObjects(kind));
      else this.#need(`o\0${resource}`);
    }
  }

  record<T>(table: string, key: string): T | undefined {
    if (this.#deferred.size) this.#need(`r\0${table}`);
    return this.#records.get(table)?.get(key) as T | undefined;
  }

  /** In an order that a loss of memory changes. */
  recordKeys(table: string): Iterable<string> {
    if (this.#deferred.size) this.#need(`r\0${table}`);
    return this.#records.get(table)?.keys() ?? [];
  }

  recordTables(): Iterable<string> {
    this.#needAll((kind) => !isObjects(kind));
    return this.#records.keys();
  }

  putRecord(table: string, key: string, value: unknown): void {
    if (this.#deferred.size) this.#need(`r\0${table}`);
    const before = this.#records.get(table)?.get(key);
    if (before === value) return;
    this.#undo?.push({ what: "record", table, key, before });
    this.#setRecord(table, key, value);
    this.#noteRecord(table, key, value, before);
  }

  #noteRecord(table: string, key: string, value: unknown, before: unknown): void {
    let ofTable = this.#noted.get(table);
    if (!ofTable) this.#noted.set(table, (ofTable = new Map()));
    const noted = ofTable.get(key);
    if (noted) {
      noted.value = value;
      return;
    }
    const change = { table, key, value, before };
    ofTable.set(key, change);
    this.#recordChanges.push(change);
  }

  /**
   * Writes one revision. `object` is complete but for resourceVersion, which is set here: in a copy, unless the caller
   * made it for this write alone (`own`).
   */
  write(
    op: Change["op"],
    resource: ResourceId,
    object: KubeObject,
    atMs: number,
    own = false,
  ): Change {
    const namespace = object.metadata.namespace ?? "";
    const name = object.metadata.name;
    const key = objectKey(namespace, name);
    if (this.#deferred.size) this.#need(`o\0${resource}`);
    const previous = this.#get(resource, namespace, name);
    assert((previous === undefined) === (op === "create"), `${op} of ${resource} ${key}`);
    const rv = ++this.rv;
    const stored: KubeObject = own ? object : { ...object, metadata: { ...object.metadata } };
    stored.metadata.resourceVersion = String(rv);
    this.#undo?.push({
      what: "object",
      resource,
      key,
      before: previous,
      after: op === "delete" ? undefined : stored,
    });
    this.#place(resource, namespace, name, key, previous, op === "delete" ? undefined : stored);
    const change: Change = { rv, at: atMs, op, resource, namespace, name, key, object: stored };
    if (previous) change.previous = previous;
    change.by = this.#by;
    this.#changes.push(change);
    return change;
  }

  /** Who causes what is written now. */
  get cause(): string | undefined {
    return this.#by;
  }

  /** Runs `body`, whose revisions `by` causes; the innermost counts. Long names are cut. */
  as<T>(by: string | undefined, body: () => T): T {
    const outer = this.#by;
    this.#by = by?.slice(0, causeCharsMax);
    try {
      return body();
    } finally {
      this.#by = outer;
    }
  }

  /**
   * Runs `body` all or nothing in memory; a throw takes back what it wrote (revisions included) and is thrown on.
   * Returns the changes it made.
   */
  transaction(body: () => void): readonly Change[] {
    assert(this.#undo === undefined, "transactions do not nest");
    const rvBefore = this.rv;
    const changesBefore = this.#changes.length;
    const undo: Undo[] = [];
    this.#undo = undo;
    try {
      body();
    } catch (error) {
      this.#undo = undefined;
      for (let i = undo.length - 1; i >= 0; i--) this.#takeBack(undo[i] as Undo);
      this.rv = rvBefore;
      this.#changes.length = changesBefore;
      throw error;
    } finally {
      this.#undo = undefined;
    }
    return this.#changes.length === changesBefore ? [] : this.#changes.slice(changesBefore);
  }

  /** Within a transaction: a throw takes back what `body` wrote, and nothing else, and is thrown on. */
  attempt<T>(body: () => T): T {
    const undo = this.#undo;
    assert(undo, "within a transaction");
    const [steps, rv, changes] = [undo.length, this.rv, this.#changes.length];
    try {
      return body();
    } catch (error) {
      while (undo.length > steps) this.#takeBack(undo.pop() as Undo);
      this.rv = rv;
      this.#changes.length = changes;
      throw error;
    }
  }

  /** Hands over everything written since the last call: what a log row must hold. */
  takePending(): { changes: Change[]; records: RecordChange[] } {
    const pending = { changes: this.#changes, records: this.#recordChanges };
    this.#changes = [];
    this.#recordChanges = [];
    this.#noted.clear();
    return pending;
  }

  /** The revisions among them. */
  get pendingChanges(): readonly Change[] {
    return this.#changes;
  }

  get hasPending(): boolean {
    return this.#changes.length > 0 || this.#recordChanges.length > 0;
  }

  /** Hydration: places an object as read from disk, no revision, no undo. */
  load(
    resource: ResourceId,
    namespace: string,
    name: string,
    object: KubeObject | undefined,
  ): void {
    const before = this.#get(resource, namespace, name);
    this.#place(resource, namespace, name, objectKey(namespace, name), before, object);
  }

  /** The same for a record, in its form on disk. */
  loadRecord(table: string, key: string, stored: unknown): void {
    this.#setRecord(table, key, this.#codecs[table]?.load(stored) ?? stored);
  }

  /** A record's value in its form on disk. */
  storedForm(table: string, value: unknown): unknown {
    return this.#codecs[table]?.save(value) ?? value;
  }

  #setRecord(table: string, key: string, value: unknown): void {
    let rows = this.#records.get(table);
    if (!rows) this.#records.set(table, (rows = new Map()));
    if (value === undefined) rows.delete(key);
    else rows.set(key, value);
  }

  #takeBack(undo: Undo): void {
    if (undo.what === "record") {
      this.#setRecord(undo.table, undo.key, undo.before);
      // It was noted when it was written.
      this.#noteRecord(undo.table, undo.key, undo.before, undefined);
      return;
    }
    const { namespace, name } = splitKey(undo.key);
    this.#place(undo.resource, namespace, name, undo.key, undo.after, undo.before);
  }

  #place(
    resource: ResourceId,
    namespace: string,
    name: string,
    key: string,
    before: KubeObject | undefined,
    after: KubeObject | undefined,
  ): void {
    let group = this.#resources.get(resource);
    if (!group) this.#resources.set(resource, (group = new Group()));
    this.#putIn(group, key, after);
    if (namespace) {
      let namespaces = this.#namespaces.get(resource);
      if (!namespaces) this.#namespaces.set(resource, (namespaces = new Map()));
      let inNamespace = namespaces.get(namespace);
      if (!inNamespace) namespaces.set(namespace, (inNamespace = new Group()));
      this.#putIn(inNamespace, name, after);
    }
    this.objectCount += (after ? 1 : 0) - (before ? 1 : 0);
    this.#followers.get(resource)?.(before, after);
    this.#indices.place(resource, key, before, after);
  }

  /** Files a resource by these indices from now on, in place of what it was filed by; what is there already, too. */
  setIndices(resource: ResourceId, indices: readonly Index[]): void {
    // What is still on disk is filed when it is read.
    this.#indices.set(resource, indices, this.#resources.get(resource)?.members() ?? none);
  }

  #putIn(group: Group, key: string, after: KubeObject | undefined): void {
    if (after) group.put(key, after);
    else group.remove(key);
  }
}
