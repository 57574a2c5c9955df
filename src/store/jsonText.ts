/** Takes the text of a value while a result is written; undefined where values are written as objects. */
let insert: ((text: string) => string) | undefined;

/** A JSON object as the text that the store has, so that it can be sent on without being parsed. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Called by JSON.stringify, and wherever the object itself is needed. */
  toJSON(): unknown {
    return insert ? insert(this.text) : JSON.parse(this.text);
  }
}

/** Writes a value as JSON, and each JsonText in it as it is. `mark` must not be in any text of the value. */
export function stringifyWithTexts(value: unknown, mark: string): string {
  const texts: string[] = [];
  insert = (text) => {
    texts.push(text);
    return mark;
  };
  try {
    // JSON.stringify calls toJSON in the order in which it writes.
    const [first = '', ...rest] = JSON.stringify(value).split(`"${mark}"`);
    return first + rest.map((part, index) => `${texts[index] ?? ''}${part}`).join('');
  } finally {
    insert = undefined;
  }
}
