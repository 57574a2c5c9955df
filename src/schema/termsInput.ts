import { LIMITS } from '../domain/limits.ts';
import { builder } from './builder.ts';
import { PartyRole } from './party.ts';
import { FeeBearer } from './terms.ts';

const PartyInput = builder.inputType('PartyInput', {
  description: 'A party to a position.',
  fields: (t) => ({
    role: t.field({ type: PartyRole, required: true, description: 'The role of the party.' }),
    reference: t.string({
      required: true,
      description: 'Your reference of the party, 1 to 200 characters. Do not use names or other personal data.',
    }),
  }),
});

const MilestoneInput = builder.inputType('MilestoneInput', {
  description: 'A milestone of a position.',
  fields: (t) => ({
    title: t.string({ required: true, description: 'The title of the milestone, 1 to 200 characters.' }),
    amount: t.field({
      type: 'Decimal',
      required: true,
      description: 'The amount of the milestone, in the currency of the position. Must be greater than zero.',
    }),
    payeeReference: t.string({
      description: 'The reference of the payee. Required if the terms name several payees; defaults to the only payee.',
    }),
    dueAt: t.field({ type: 'DateTime', description: 'When the milestone is due. For information only.' }),
  }),
});

const FeeTermInput = builder.inputType('FeeTermInput', {
  description: 'A fee. At least one of `percentage` and `fixed` is required.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name of the fee, 1 to 200 characters.' }),
    bearer: t.field({ type: FeeBearer, required: true, description: 'The party that bears the fee.' }),
    percentage: t.field({
      type: 'Decimal',
      description: 'The fee as a percentage of each amount funded or released: 0 to 100, at most 4 decimals.',
    }),
    fixed: t.field({
      type: 'Decimal',
      description: 'A fixed fee in the currency of the position, charged once. Must be greater than zero.',
    }),
  }),
});

export const PositionTermsInput = builder.inputType('PositionTermsInput', {
  description:
    'The complete terms of a position. Terms replace earlier terms as a whole; an omitted field means that there is no such term.',
  fields: (t) => ({
    parties: t.field({
      type: [PartyInput],
      required: true,
      description: `The parties, at most ${LIMITS.parties}: exactly one PAYER, at least one PAYEE and any number of observers. A reference cannot be both PAYER and PAYEE.`,
    }),
    milestones: t.field({
      type: [MilestoneInput],
      description: `The milestones, at most ${LIMITS.milestones}. Their amounts must add up to the amount of the position. Required with several payees. Defaults to an undivided position.`,
    }),
    fees: t.field({
      type: [FeeTermInput],
      description: `The fees, at most ${LIMITS.fees}. Several payees cannot bear fees. Defaults to none.`,
    }),
    retainagePercentage: t.field({
      type: 'Decimal',
      description:
        'The retainage percentage: 0 to 100, at most 4 decimals. Not allowed with several payees. Defaults to the percentage of the asset template, which is also its minimum, or else to none.',
    }),
    agreementRequired: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Whether every PAYER and PAYEE must agree before the position can be funded.',
    }),
  }),
});
