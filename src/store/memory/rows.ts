import type { Id } from '../../domain/ids.ts';
import { freezeJson } from '../../domain/json.ts';

/** A small number that identifies a row as long as it is stored, through all its versions. */
export type Handle = number;

/**
 * The rows of one table, each stored once. Indexes contain handles, so a new version replaces the old one in all of
 * them.
 */
export class Rows<E extends { readonly id: Id }> {
  /** The rows by handle; undefined where a handle is free. */
  readonly byHandle: (E | undefined)[] = [];
  readonly #handles = new Map<Id, Handle>();
  readonly #free: Handle[] = [];

  get size(): number {
    return this.#handles.size;
  }

  handleOf(id: Id): Handle | undefined {
    return this.#handles.get(id);
  }

  get(id: Id): E | undefined {
    const handle = this.#handles.get(id);
    return handle === undefined ? undefined : this.byHandle[handle];
  }

  add(row: E): Handle {
    const handle = this.#free.pop() ?? this.byHandle.length;
    this.#handles.set(row.id, handle);
    this.byHandle[handle] = freezeJson(row);
    return handle;
  }

  replace(handle: Handle, row: E): void {
    this.byHandle[handle] = freezeJson(row);
  }

  remove(handle: Handle, id: Id): void {
    this.#handles.delete(id);
    this.byHandle[handle] = undefined;
    this.#free.push(handle);
  }
}
