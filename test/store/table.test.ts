import { expect, it } from 'vitest';
import { LAYOUTS } from '../../src/store/memory/layouts.ts';
import { MemoryMeter } from '../../src/store/memory/meter.ts';
import { Table } from '../../src/store/memory/table.ts';
import { aSession } from './chatRows.ts';
import { nextId } from './rows.ts';

it('a table whose rows were all removed keeps no index of their values', () => {
  const table = new Table(LAYOUTS.chatSessions, { rows: 0 }, new MemoryMeter());
  const rows = Array.from({ length: 20 }, (_one, index) =>
    aSession(nextId('inst'), { ownerReference: `owner ${index % 7}`, positionId: nextId('pos') }),
  );
  for (const row of rows) table.insert(row);
  const [, ...byValue] = table.groups;
  const values = () => byValue.map(({ size }) => size);
  expect(values()).toEqual([20, 20, 20, 1, 1, 1]);
  const moved = rows.map((row) => ({ ...row, active: false, priority: 4 as const, version: 2 }));
  for (const row of moved) table.replace(row);
  expect(values()).toEqual([20, 20, 20, 1, 1, 1]);
  for (const row of moved) table.remove(row);
  expect(values()).toEqual([0, 0, 0, 0, 0, 0]);
});
