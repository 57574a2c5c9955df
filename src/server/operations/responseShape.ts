import { Kind, type SelectionSetNode } from 'graphql';
import type { ResponseShape } from '../../schema/responseSize.ts';
import type { ParsedOperation } from './selections.ts';

/**
 * Returns the shape of the response to a valid operation. Fields with the same key have the same shape in all types, so
 * the fields of all fragments are merged.
 */
export function responseShapeOf({ definition, fragments }: ParsedOperation): ResponseShape {
  const shape: Growing = new Map();
  addFields(definition.selectionSet, fragments, shape);
  return shape;
}

type Growing = Map<string, Growing | undefined>;

function addFields({ selections }: SelectionSetNode, fragments: ParsedOperation['fragments'], shape: Growing): void {
  for (const selection of selections) {
    if (selection.kind !== Kind.FIELD) {
      const part = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
      if (part) addFields(part.selectionSet, fragments, shape);
      continue;
    }
    const { selectionSet } = selection;
    const key = (selection.alias ?? selection.name).value;
    const below = shape.get(key) ?? (selectionSet && new Map());
    shape.set(key, below);
    if (selectionSet && below) addFields(selectionSet, fragments, below);
  }
}
