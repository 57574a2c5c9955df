import { beforeAll, describe, expect, it } from 'vitest';
import type { ApiKey } from '../../src/domain/apiKey.ts';
import type { AuditEvent } from '../../src/domain/auditEvent.ts';
import type { Change } from '../../src/domain/change.ts';
import type { LedgerAccountKind, LedgerEventKind } from '../../src/domain/ledgerEvent.ts';
import { OPEN_STATES, POSITION_STATES, type PositionMove, type PositionState } from '../../src/domain/lifecycle.ts';
import type { MilestoneState } from '../../src/domain/milestone.ts';
import type { PartyRole } from '../../src/domain/terms.ts';
import type { DeliveryState } from '../../src/domain/webhookDelivery.ts';
import type { DisabledReason, EndpointState } from '../../src/domain/webhookEndpoint.ts';
import { LAYOUTS as MEMORY_LAYOUTS } from '../../src/store/memory/layouts.ts';
import { APP_ROLE } from '../../src/store/postgres/begin.ts';
import { type Column, columnName, type Sort, type SqlType } from '../../src/store/postgres/layout.ts';
import { LAYOUTS } from '../../src/store/postgres/layouts.ts';
import { REMOVABLE } from '../../src/store/postgres/privileges.ts';
import type { TableName } from '../../src/store/store.ts';
import { TABLE_NAMES } from '../../src/store/tables.ts';
import { asAdmin } from '../support/admin.ts';
import { openPostgresAt } from '../support/stores.ts';

interface CatalogColumn {
  readonly name: string;
  readonly type: string;
  readonly mayUpdate: boolean;
}
interface CatalogTable {
  readonly columns: readonly CatalogColumn[];
  readonly mayDelete: boolean;
  /** Whether its pages keep free space for new versions of their rows. */
  readonly hasSpace: boolean;
}
interface CatalogIndex {
  readonly table: string;
  readonly name: string;
  readonly isUnique: boolean;
  readonly columns: readonly string[];
  /** The condition of a partial index. */
  readonly where: string | null;
}

/** The layouts of both stores, read without the entity's type. */
interface AnyLayout {
  readonly table: string;
  readonly columns: { readonly [field: string]: Column };
  readonly sort: { readonly [field: string]: Sort | undefined };
  readonly leads: { readonly [field: string]: readonly string[] | undefined };
  readonly parents?: { readonly [field: string]: string | undefined };
  readonly byInstitution?: readonly string[];
  readonly owned: readonly string[];
  readonly words?: object;
  readonly embeds?: { readonly [field: string]: Column };
}
interface AnyMemoryLayout {
  readonly orders: readonly (readonly string[])[];
  readonly groups: readonly { readonly fields: readonly string[]; readonly orders: readonly (readonly string[])[] }[];
}
const layoutOf = (name: TableName): AnyLayout => LAYOUTS[name];
const memoryLayoutOf = (name: TableName): AnyMemoryLayout => MEMORY_LAYOUTS[name];

const sent: string[] = [];
let tables: ReadonlyMap<string, CatalogTable>;
let indexes: readonly CatalogIndex[];
/** The definitions of the CHECK constraints, by name. */
let checks: ReadonlyMap<string, string>;

beforeAll(async () => {
  const { store, url } = await openPostgresAt(({ text }) => void sent.push(text));
  await store.transact('ALL', async (tx) => {
    await tx.lockDue(0, 1);
    await tx.lockPurgeable(0, 1);
  });
  await asAdmin(url, async (admin) => {
    const columns = await admin.query<CatalogColumn & { table: string; mayDelete: boolean; hasSpace: boolean }>(
      `select c.relname as table, a.attname as name, format_type(a.atttypid, null) as type,
         has_column_privilege($1, c.oid, a.attnum, 'update') as "mayUpdate",
         has_table_privilege($1, c.oid, 'delete') as "mayDelete",
         coalesce(c.reloptions::text, '') like '%fillfactor%' as "hasSpace"
       from pg_class c join pg_attribute a on a.attrelid = c.oid
       where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
         and a.attgenerated = ''`,
      [APP_ROLE],
    );
    const names = [...new Set(columns.rows.map(({ table }) => table))];
    tables = new Map(
      names.map((name) => {
        const rows = columns.rows.filter(({ table }) => table === name);
        const own = rows.map(({ name: column, type, mayUpdate }) => ({ name: column, type, mayUpdate }));
        const mayDelete = rows.some((row) => row.mayDelete);
        return [name, { columns: own, mayDelete, hasSpace: rows.some((row) => row.hasSpace) }];
      }),
    );
    const found = await admin.query<CatalogIndex>(
      `select c.relname as table, i.indexrelid::regclass::text as name, i.indisunique as "isUnique",
         array(select pg_get_indexdef(i.indexrelid, n, true) from generate_series(1, i.indnkeyatts) n) as columns,
         pg_get_expr(i.indpred, i.indrelid) as where
       from pg_index i join pg_class c on c.oid = i.indrelid where c.relnamespace = 'public'::regnamespace`,
    );
    indexes = found.rows;
    const constraints = await admin.query<{ name: string; definition: string }>(
      `select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
       where contype = 'c' and connamespace = 'public'::regnamespace`,
    );
    checks = new Map(constraints.rows.map(({ name, definition }) => [name, definition]));
  });
});

/** Returns the upper-case texts that the SQL lists. */
const listedIn = (sql: string | null | undefined): readonly string[] =>
  [...new Set([...(sql ?? '').matchAll(/'([A-Z][A-Z_]*)'/g)].map(([, text = '']) => text))].toSorted();

it('positions have at most 14 indexes', () => {
  const own = indexes.filter(({ table }) => table === 'positions');
  expect(own.length).toBeGreaterThan(0);
  expect(own.length).toBeLessThanOrEqual(14);
});

it('the pages of a table have free space if its updates change no indexed column, so that these can be HOT', () => {
  const canBeHot = (table: string): boolean => {
    const indexed = indexes.filter((index) => index.table === table).flatMap(({ columns }) => columns);
    const updated = (tables.get(table)?.columns ?? []).filter(({ mayUpdate }) => mayUpdate);
    return updated.length > 0 && updated.every(({ name }) => !indexed.some((column) => column.includes(name)));
  };
  const ofRows = TABLE_NAMES.map((name) => LAYOUTS[name].table);
  const hot = ofRows.filter(canBeHot);
  expect(hot.toSorted()).toEqual(['api_keys', 'parties', 'policies', 'read_marks']);
  expect(ofRows.filter((table) => tables.get(table)?.hasSpace).toSorted()).toEqual(hot.toSorted());
});

describe('the lifecycle table', () => {
  it('has the states of the constraint that says where the money of a position is', () => {
    expect(listedIn(checks.get('positions_state_holds'))).toEqual(POSITION_STATES.toSorted());
  });

  it('has the open states of every index on positions that names states', () => {
    const partial = indexes.filter(({ table, where }) => table === 'positions' && listedIn(where).length > 0);
    expect(partial.map(({ name }) => name)).toEqual(['positions_due']);
    for (const { where } of partial) expect(listedIn(where)).toEqual(OPEN_STATES.toSorted());
  });

  it('has the open states of every statement that names states', () => {
    const lists = sent.flatMap((text) => [...text.matchAll(/\bstate in \(([^)]*)\)/g)].map(([, list]) => list));
    expect(lists).toHaveLength(2);
    for (const list of lists) expect(listedIn(list)).toEqual(OPEN_STATES.toSorted());
  });
});

const TOPICS = { POSITION: true, CHAT_SESSION: true, CHAT_MESSAGE: true } satisfies Record<Change['topic'], true>;
const KINDS = { CREATED: true, UPDATED: true, DELETED: true } satisfies Record<Change['kind'], true>;

/** The values that each constraint allows. The compiler requires every value of the type, and no other. */
const CHECKED_VALUES = {
  positions_state_holds: {
    CREATED: true,
    PARTIALLY_FUNDED: true,
    FUNDED: true,
    PARTIALLY_RELEASED: true,
    RELEASED: true,
    CANCELLED: true,
    EXPIRED: true,
  } satisfies Record<PositionState, true>,
  lifecycle_events_actor_kind_check: {
    ROOT: true,
    API_KEY: true,
    SYSTEM: true,
    ANONYMOUS: true,
  } satisfies Record<AuditEvent['actorKind'], true>,
  audit_events_actor_kind_check: {
    ROOT: true,
    API_KEY: true,
    SYSTEM: true,
    ANONYMOUS: true,
  } satisfies Record<AuditEvent['actorKind'], true>,
  audit_events_outcome_check: { SUCCESS: true, FAILURE: true } satisfies Record<AuditEvent['outcome'], true>,
  lifecycle_events_move_check: {
    CREATE: true,
    FUND: true,
    RELEASE: true,
    REFUND: true,
    CANCEL: true,
    EXPIRE: true,
    AGREE: true,
    AMEND: true,
  } satisfies Record<PositionMove, true>,
  ledger_events_kind_check: {
    POSITION_CREATED: true,
    POSITION_STATE_CHANGED: true,
    POSITION_CHANGED: true,
  } satisfies Record<LedgerEventKind, true>,
  postings_account_kind_check: {
    PAYER: true,
    ESCROW: true,
    RETAINAGE: true,
    PAYEE: true,
    FEE: true,
  } satisfies Record<LedgerAccountKind, true>,
  parties_role_agrees: { PAYER: true, PAYEE: true, OBSERVER: true } satisfies Record<PartyRole, true>,
  milestones_state_holds: { OPEN: true, CLOSED: true, REPLACED: true } satisfies Record<MilestoneState, true>,
  api_keys_role_check: { ADMIN: true, READ_ONLY: true } satisfies Record<ApiKey['role'], true>,
  outbox_topic_check: TOPICS,
  outbox_kind_check: KINDS,
  webhook_endpoints_topic_check: TOPICS,
  webhook_endpoints_disabled_reason_check: {
    REQUESTED: true,
    GONE: true,
    FAILING: true,
  } satisfies Record<DisabledReason, true>,
  webhook_endpoints_state_holds: { ENABLED: true, DISABLED: true } satisfies Record<EndpointState, true>,
  webhook_deliveries_topic_check: TOPICS,
  webhook_deliveries_kind_check: KINDS,
  webhook_deliveries_state_holds: { PENDING: true, DELIVERED: true, FAILED: true } satisfies Record<
    DeliveryState,
    true
  >,
} as const;

it('a CHECK constraint that lists values lists those of the type', () => {
  // audit_events_check compares the outcome with the error code and lists no set of values.
  const listing = [...checks].filter(([name, sql]) => name !== 'audit_events_check' && listedIn(sql).length > 0);
  const allowed = Object.entries(CHECKED_VALUES).map(([name, values]) => [name, Object.keys(values).toSorted()]);
  expect(Object.fromEntries(listing.map(([name, sql]) => [name, listedIn(sql)]))).toEqual(Object.fromEntries(allowed));
});

const TYPES: { readonly [T in SqlType]: string } = {
  text: 'text',
  uuid: 'uuid',
  'text[]': 'text[]',
  numeric: 'numeric',
  int: 'integer',
  bigint: 'bigint',
  boolean: 'boolean',
  timestamptz: 'timestamp with time zone',
  json: 'json',
};

describe.each(TABLE_NAMES)('the table of %s', (name) => {
  const { table, columns, words, embeds = {}, sort, leads, parents = {}, byInstitution, owned } = layoutOf(name);
  const { orders, groups } = memoryLayoutOf(name);
  const declared = [
    ...Object.entries({ ...columns, ...embeds }).map(([field, { type, fixed }]) => ({
      name: columnName(field),
      type: TYPES[type],
      mayUpdate: !fixed,
    })),
    ...(words ? [{ name: 'words', type: 'tsvector', mayUpdate: true }] : []),
  ];
  const byName = (a: CatalogColumn, b: CatalogColumn): number => (a.name < b.name ? -1 : 1);

  it('has the columns of the layout, and the application may update those that change', () => {
    expect(tables.get(table)?.columns.toSorted(byName)).toEqual(declared.toSorted(byName));
  });

  it('allows the application to delete rows only if it removes some', () => {
    expect(tables.get(table)?.mayDelete).toBe(REMOVABLE.has(name));
  });

  it('has a version above zero, if it has one', () => {
    const isChecked = [...checks].some(([check, sql]) => check.startsWith(`${table}_version`) && sql.includes('> 0'));
    expect(isChecked).toBe('version' in columns);
  });

  /** The expression of a field in an index. */
  const sortOf = (field: string): string => sort[field]?.by.replace('t.', '') ?? columnName(field);
  const normalized = (column: string): string => column.replace('LEAST', 'least').replace(/::[a-z ]+/g, '');
  /** The times that the server sets: few rows of a list have the same one, and are sorted by id when they are read. */
  const isServerTime = (column: string | undefined): boolean => column === 'created_at' || column === 'updated_at';
  /**
   * Whether an index has the rows in this order: its columns are these, or fewer and unique, or all but the id after a
   * time that the server sets.
   */
  const isIndexed = (wanted: readonly string[]): boolean =>
    indexes.some((index) => {
      const own = index.columns.map(normalized);
      if (index.table !== table || own.some((column, at) => column !== wanted[at])) return false;
      // Rows without the value are in no list that the index serves.
      const isWhole = index.where === null || own.some((column) => index.where === `(${column} IS NOT NULL)`);
      const lacksId = own.length === wanted.length - 1 && wanted.at(-1) === 'id' && isServerTime(own.at(-1));
      return isWhole && (own.length === wanted.length || index.isUnique || lacksId);
    });
  const tenantColumn = LAYOUTS[name].tenant;
  const ofTenant = groups
    .filter(({ fields }) => fields.join() === 'institutionId')
    .flatMap((group) => group.orders.map((order) => [tenantColumn, ...order.map(sortOf), 'id']));
  const all = orders.map((order) => [...order.map(sortOf), 'id']);
  const everyOrder = [...orders, ...groups.flatMap((group) => group.orders)];
  const led = Object.entries(leads).flatMap(([first, fields = []]) => {
    const [order = [first]] = everyOrder.filter((each) => each[0] === first);
    return fields.map((field) => ({ field, order: [...order.map(sortOf), 'id'] }));
  });

  it('has an index for each order of the rows of one institution, and of all rows unless these are merged', () => {
    expect([...(byInstitution ? [] : all), ...ofTenant].filter((wanted) => !isIndexed(wanted))).toEqual([]);
  });

  it('has an index for the rows of each parent, which begins with the institution', () => {
    const missing = Object.keys(parents).filter((field) => {
      const ordered = groups.filter(({ fields }) => fields.join() === field).flatMap((group) => group.orders);
      const wanted = [tenantColumn, columnName(field)];
      return !isIndexed(ordered.length === 0 ? wanted : [...wanted, ...(ordered[0] ?? []).map(sortOf), 'id']);
    });
    expect(missing).toEqual([]);
  });

  it('has an index for each field with which the layout lets an index begin', () => {
    const missing = led.flatMap(({ field, order }) => {
      const lead = columnName(field);
      const isOwn = lead === tenantColumn || tenantColumn === 'id' || owned.includes(field);
      const inOne = isIndexed([lead, tenantColumn, ...order]) || isIndexed([tenantColumn, lead, ...order]);
      return [
        ...((byInstitution && !isOwn) || isIndexed([lead, ...order]) ? [] : [[lead, ...order]]),
        ...(isOwn || inOne ? [] : [[lead, tenantColumn, ...order]]),
      ];
    });
    expect(missing).toEqual([]);
  });
  it('has an index that begins with each field of a filter, or with the institution and the field', () => {
    const beginsWith = (...wanted: readonly string[]): boolean =>
      indexes.some(
        (index) =>
          index.table === table && wanted.every((column, at) => normalized(index.columns[at] ?? '') === column),
      );
    const fields = [...led.map(({ field }) => field), ...(byInstitution ?? [])];
    const missing = fields.filter(
      (field) =>
        !(byInstitution?.includes(field) ? beginsWith(tenantColumn, sortOf(field)) : beginsWith(columnName(field))),
    );
    expect(missing).toEqual([]);
  });
});
