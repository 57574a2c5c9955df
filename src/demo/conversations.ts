import { postChatMessage } from '../commands/chatMessage.ts';
import { createChatSession } from '../commands/chatSession.ts';
import { CHAT_PRIORITIES } from '../domain/chatSession.ts';
import type { Id } from '../domain/ids.ts';
import { type DemoInstitution, institutionId } from './institutions.ts';
import { positionId } from './positions.ts';
import { demoId, type Timeline } from './timeline.ts';

/** A chat session, about a position or an institution as a whole, and its messages. */
interface Conversation {
  readonly name: string;
  /** The day of the first message. One more follows each day. */
  readonly day: number;
  readonly institution: DemoInstitution['key'];
  /** The asset code and the number of the position, or null. */
  readonly about: readonly [code: string, number: number] | null;
  readonly title: string;
  readonly description: string | null;
  readonly priority: keyof typeof CHAT_PRIORITIES;
  /** The authors, who take turns; the first one owns the chat session. */
  readonly authors: readonly [string, ...string[]];
  readonly messages: readonly string[];
}

const CONVERSATIONS: readonly Conversation[] = [
  {
    name: 'north abutment',
    day: 4,
    institution: 'bank',
    about: ['SURVEY', 2],
    title: 'Survey of the north abutment',
    description: 'The bank releases the fee when the engineer has the borehole logs.',
    priority: 'MEDIUM',
    authors: ['clerk-amara', 'studio-lindqvist'],
    messages: [
      'The survey of the north abutment has not arrived yet. When can we expect it?',
      'The drilling is finished. The laboratory needs two more days for the soil samples.',
      'Please include the borehole logs; the engineer asked for them twice.',
      'The survey and the borehole logs are uploaded. The bedrock is 14 m deep.',
      'Thank you. The engineer accepts the report, and the fee is released today.',
    ],
  },
  {
    name: 'deck milestone',
    day: 11,
    institution: 'bank',
    about: ['DECK', 1],
    title: 'Deck, milestone 1: what is still missing?',
    description: 'Two parts are paid. The rest is due when the weld inspection of segment 4 is passed.',
    priority: 'HIGH',
    authors: ['clerk-amara', 'builder-ironwood', 'inspector-mbeki'],
    messages: [
      'Segments 1 to 3 are in place, and the first two parts are released. What is missing for the rest?',
      'Segment 4 is lifted on Thursday if the wind stays below 8 m/s.',
      'I found a hairline crack in the weld of segment 4. It has to be ground out and inspected again.',
      'Then the rest stays in escrow until the weld inspection is passed.',
      'The weld is repaired. We ask for a second inspection on Monday.',
      'The ultrasonic inspection is on Monday at nine. Bring the welder certificates.',
    ],
  },
  {
    name: 'crane',
    day: 5,
    institution: 'bank',
    about: ['NPYLON', 3],
    title: 'Crane for the north pylon is not needed',
    description: null,
    priority: 'LOW',
    authors: ['clerk-tobias', 'builder-ironwood'],
    messages: [
      'The subcontract for the second crane was not signed. Should we cancel the position?',
      'Yes, one crane is enough. Nothing was paid in, so nothing has to be refunded.',
    ],
  },
  {
    name: 'retainage',
    day: 14,
    institution: 'bank',
    about: ['R-STEEL', 6],
    title: 'When is the retainage for the steelwork due?',
    description: 'Ten percent of each release is retained until the coating is inspected.',
    priority: 'MEDIUM',
    authors: ['steelworks-vogel', 'clerk-amara'],
    messages: [
      'All beams are delivered. When do you release the retainage?',
      'With the final release, twelve months after the handover.',
      'Our contract says six months. Please check clause 14.',
      'You are right: clause 14 says six months. I have corrected the note.',
    ],
  },
  {
    name: 'lights',
    day: 19,
    institution: 'bank',
    about: ['LIGHTS', 13],
    title: 'Lighting: new position opened, deposit outstanding',
    description: null,
    priority: 'LOW',
    authors: ['clerk-tobias', 'electric-yamada'],
    messages: [
      'The position for the lamps is open. The county pays the deposit by the end of the month.',
      'Good. We order the lamps as soon as the money is in escrow.',
    ],
  },
  {
    name: 'bill of lading',
    day: 11,
    institution: 'fund',
    about: ['LC-88', 6],
    title: 'LC 2026/88: discrepancy in the bill of lading',
    description: 'The weight in the bill of lading differs from the invoice.',
    priority: 'URGENT',
    authors: ['desk-farah', 'mill-takeda', 'bank-gulf'],
    messages: [
      'The bill of lading says 412 t of steel plate, and the invoice says 421 t. The bank reports a discrepancy.',
      'That is a typing error in the invoice. The ship carries 412 t.',
      'We accept a corrected invoice. Without it the letter of credit is not honoured.',
      'The corrected invoice is attached to presentation 2.',
      'The discrepancy is resolved. A first part is released; the rest follows with the certificate of origin.',
    ],
  },
  {
    name: 'customs',
    day: 20,
    institution: 'fund',
    about: ['INV-4718', 9],
    title: 'Cable strand is held at customs',
    description: null,
    priority: 'HIGH',
    authors: ['desk-farah', 'broker-lim', 'wire-mori'],
    messages: [
      'The cable strand has been at customs for six days. Which document is missing?',
      'The certificate of origin. The exporter sent a copy; customs want the original.',
      'The original left Osaka by courier this morning.',
      'Customs have received it. The bill of lading is endorsed, and the truck is ordered for Friday.',
    ],
  },
  {
    name: 'limits',
    day: 26,
    institution: 'fund',
    about: null,
    title: 'Credit limits for the next shipments',
    description: 'A conversation about the institution and not about a position.',
    priority: 'MEDIUM',
    authors: ['desk-farah', 'risk-okafor'],
    messages: [
      'Two more ships are planned before the winter. Do the limits allow a letter of credit for each?',
      'One of them. For the second one the survey of the warehouse has to be renewed first.',
    ],
  },
];

/** Returns the id of the chat session with this name. */
export const chatSessionId = (name: string): Id => demoId('chat', `chat ${name}`);

/** The chat session that is written last. */
export const LAST_CHAT_SESSION = chatSessionId(CONVERSATIONS.at(-1)?.name ?? '');

/** Writes the chat sessions and their messages. */
export async function writeConversations(timeline: Timeline): Promise<void> {
  for (const conversation of CONVERSATIONS) await writeConversation(timeline, conversation);
}

async function writeConversation({ day, step }: Timeline, conversation: Conversation): Promise<void> {
  const { name, institution, about, title, description, priority, authors, messages } = conversation;
  day(conversation.day);
  const subject = about ? { positionId: positionId(...about) } : { institutionId: institutionId(institution) };
  const [ownerReference] = authors;
  const session = { ...subject, ownerReference, title, description, priority: CHAT_PRIORITIES[priority] };
  await createChatSession(...step({ key: `chat ${name}` }, session));
  for (const [index, body] of messages.entries()) {
    if (index > 0) day(conversation.day + index);
    const message = { chatSessionId: chatSessionId(name), authorReference: authorOf(authors, index), body };
    await postChatMessage(...step({ key: `chat ${name}, message ${index + 1}` }, message));
  }
}

const authorOf = (authors: Conversation['authors'], index: number): string =>
  authors[index % authors.length] ?? authors[0];
